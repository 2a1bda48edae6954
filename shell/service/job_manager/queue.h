/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Pending jobs in the order in which they are looked at: highest priority first, then lowest id.
 * One list per priority; there are few different ones. Insert is O(1) for a job younger than the
 * others of its priority, remove is O(1). A job is on it by its live part. */

#ifndef FLUX_SERVICE_JOB_MANAGER_QUEUE_H
#define FLUX_SERVICE_JOB_MANAGER_QUEUE_H

#include <stddef.h>

#include "shell/service/job_manager/job.h"

struct queue;

struct queue *queue_create (void);
void queue_destroy (struct queue *q);

int queue_insert (struct queue *q, struct job *job);

/* Nothing happens for a job which is not on the queue. */
void queue_remove (struct queue *q, struct job *job);

struct job *queue_first (struct queue *q);
struct job *queue_next (struct queue *q, struct job *job);
size_t queue_count (const struct queue *q);

/* A walk during which any job may leave the queue. */
void queue_cursor_reset (struct queue *q);
struct job *queue_cursor (struct queue *q);
void queue_cursor_advance (struct queue *q);

#endif /* !FLUX_SERVICE_JOB_MANAGER_QUEUE_H */
