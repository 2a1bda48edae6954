/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-info.update-lookup and update-watch: R or the jobspec of a job as it is now, and again
 * whenever an update changes it. */

#ifndef FLUX_SERVICE_JOB_INFO_UPDATE_H
#define FLUX_SERVICE_JOB_INFO_UPDATE_H

#include <jansson.h>
#include <stdint.h>
#include <flux/message.h>

struct job_manager;
struct kvs;
struct router;
struct updates;

struct updates *updates_create (struct router *rt, struct kvs *kvs, struct job_manager *jm);
void updates_destroy (struct updates *u);

size_t updates_count (const struct updates *u);
void updates_lookup (struct updates *u, const flux_msg_t *msg);
void updates_watch (struct updates *u, const flux_msg_t *msg);
void updates_cancel (struct updates *u, const flux_msg_t *msg);
void updates_disconnect (struct updates *u, const flux_msg_t *msg);

/* key is "R" or "jobspec"; NULL with errno. */
json_t *updates_current (struct updates *u, uint64_t id, const char *key);

#endif /* !FLUX_SERVICE_JOB_INFO_UPDATE_H */
