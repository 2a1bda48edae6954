/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the parts of the job-list service share. */

#ifndef FLUX_SERVICE_JOB_LIST_PRIVATE_H
#define FLUX_SERVICE_JOB_LIST_PRIVATE_H

#include <ev.h>
#include <stdbool.h>
#include <flux/message.h>

struct byid;
struct job;
struct job_list;
struct job_manager;
struct job_stats;
struct listing;
struct router;

struct job_list {
    struct router *rt;
    struct job_manager *jm;
    struct listing *listings; // those that are not through
    struct byid *byid;
    struct job_stats *stats;
    bool private_mode; // guests see their own jobs only
    ev_timer more;
    uint64_t nlisted; // answers so far
};

/* May the sender see this job, and figures of all of them? */
bool job_list_sees (const struct job_list *jl, const flux_msg_t *msg, const struct job *job);
bool job_list_sees_all (const struct job_list *jl, const flux_msg_t *msg);

/* byid.c: job-list.list-id, which may wait for a state. */
struct byid *byid_create (struct job_list *jl);
void byid_destroy (struct byid *b);
void byid_request (struct byid *b, const flux_msg_t *msg);
void byid_cancel (struct byid *b, const flux_msg_t *cancel);
void byid_disconnect (struct byid *b, const flux_msg_t *disconnect);
size_t byid_count (const struct byid *b);

/* stats.c: job-list.job-stats, once or each time that the figures change. */
struct job_stats *job_stats_create (struct job_list *jl);
void job_stats_destroy (struct job_stats *s);
void job_stats_request (struct job_stats *s, const flux_msg_t *msg);
void job_stats_cancel (struct job_stats *s, const flux_msg_t *cancel);
void job_stats_disconnect (struct job_stats *s, const flux_msg_t *disconnect);
size_t job_stats_watchers (const struct job_stats *s);

#endif /* !FLUX_SERVICE_JOB_LIST_PRIVATE_H */
