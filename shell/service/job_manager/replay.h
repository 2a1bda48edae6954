/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job from its eventlog (RFC 21): the fold that a restart is made of. Pure. */

#ifndef FLUX_SERVICE_JOB_MANAGER_REPLAY_H
#define FLUX_SERVICE_JOB_MANAGER_REPLAY_H

#include <stddef.h>
#include <flux/types.h>

#include "shell/service/job_manager/job.h"

/* Apply each event of the log to a new job (see job_create). R is the text of its allocation, or
 * NULL when it has none. Dependencies that are announced and not yet removed are left in
 * job->live->depends; job->live->has_resources is set between alloc and free. A line that is cut
 * off at the end of the log, and events that nobody knows, are passed over. *summary is the
 * resource summary of the allocation, malloc'd, or NULL; it may be NULL when not wanted. EINVAL
 * with a sentence: there is no submit event, or an event or R is not what its RFC says. */
int job_replay (struct job *job, const char *log, size_t len, const char *R, char **summary,
                flux_error_t *errp);

#endif /* !FLUX_SERVICE_JOB_MANAGER_REPLAY_H */
