/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdbool.h>
#include <utlist.h>

#include "shell/service/job_manager/jobqueue.h"
#include "shell/service/job_manager/pending.h"
#include "shell/service/job_manager/queue.h"

void pending_begin (struct jobqueues *qs)
{
    struct jobqueue *q;

    LL_FOREACH (qs->list, q)
    {
        q->passed = false;
        queue_cursor_reset (q->pending);
    }
}

static bool goes_first (const struct job *a, const struct job *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->id < b->id;
}

struct job *pending_next (struct jobqueues *qs)
{
    struct jobqueue *q, *from = NULL;
    struct job *best = NULL;

    LL_FOREACH (qs->list, q)
    {
        struct job *job = q->passed ? NULL : queue_cursor (q->pending);
        if (job && (!best || goes_first (job, best))) {
            best = job;
            from = q;
        }
    }
    if (best)
        queue_cursor_advance (from->pending);
    return best;
}

size_t pending_count (const struct jobqueues *qs)
{
    struct jobqueue *q;
    size_t n = 0;

    LL_FOREACH (qs->list, q)
    n += queue_count (q->pending);
    return n;
}

size_t pending_count_started (struct jobqueues *qs)
{
    struct job *job;
    size_t n = 0;

    pending_begin (qs);
    while ((job = pending_next (qs)))
        n += jobqueue_is_started (job->live->jq);
    return n;
}
