/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-info.eventlog-watch: one response for each event of an eventlog as it is written. The stream
 * ends with ENODATA when nothing more can come. */

#ifndef FLUX_SERVICE_JOB_INFO_WATCH_H
#define FLUX_SERVICE_JOB_INFO_WATCH_H

#include <flux/message.h>

struct job_manager;
struct kvs;
struct router;
struct watches;

struct watches *watches_create (struct router *rt, struct kvs *kvs, struct job_manager *jm);
void watches_destroy (struct watches *w);

size_t watches_count (const struct watches *w);

void watches_request (struct watches *w, const flux_msg_t *msg);
void watches_cancel (struct watches *w, const flux_msg_t *msg);
void watches_disconnect (struct watches *w, const flux_msg_t *msg);

#endif /* !FLUX_SERVICE_JOB_INFO_WATCH_H */
