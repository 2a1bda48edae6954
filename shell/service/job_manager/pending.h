/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* All waiting jobs in one order, over the orders of all queues. */

#ifndef FLUX_SERVICE_JOB_MANAGER_PENDING_H
#define FLUX_SERVICE_JOB_MANAGER_PENDING_H

#include <stddef.h>

struct job;
struct jobqueues;

/* Begin a walk; then get the next one, NULL at the end. Any job may leave the order meanwhile. Only
 * one walk at a time. Queues whose `passed` is set by the caller are left out from there on. */
void pending_begin (struct jobqueues *qs);
struct job *pending_next (struct jobqueues *qs);

size_t pending_count (const struct jobqueues *qs);

/* Those in queues that are started: a walk. */
size_t pending_count_started (struct jobqueues *qs);

#endif /* !FLUX_SERVICE_JOB_MANAGER_PENDING_H */
