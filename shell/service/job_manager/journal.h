/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-manager.events-journal (flux-core): a stream of all events of all jobs. */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOURNAL_H
#define FLUX_SERVICE_JOB_MANAGER_JOURNAL_H

#include <jansson.h>
#include <flux/message.h>

struct job_manager;
struct journal;
struct router;

struct journal *journal_create (struct job_manager *jm);
void journal_destroy (struct journal *j);
void journal_disconnect (struct journal *j, const flux_msg_t *msg);

json_t *journal_stats (const struct journal *j); // {"listeners":i, "events":i}

/* arg is the job manager */
void journal_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void journal_cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOURNAL_H */
