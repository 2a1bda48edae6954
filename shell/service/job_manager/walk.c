/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Looking at all jobs in the order of job-list (RFC 43): at once, or in parts. */

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "lib/util/array_room.h"
#include "shell/service/job_manager/private.h"

static int walk_pending (struct job_manager *jm, int states, job_walk_f cb, void *arg)
{
    struct job *job, *next;
    int rc = 0;

    pending_begin (jm->queues);
    while (rc == 0 && (job = pending_next (jm->queues))) {
        if ((job->state & states))
            rc = cb (job, arg);
    }
    for (job = jm->unqueued; job && rc == 0; job = next) {
        next = job->list_next;
        if ((job->state & states) && !job->live->in)
            rc = cb (job, arg);
    }
    return rc;
}

static int walk_list (struct job *list, int states, job_walk_f cb, void *arg)
{
    struct job *job, *next;
    int rc = 0;

    for (job = list; job && rc == 0; job = next) {
        next = job->list_next;
        if ((job->state & states))
            rc = cb (job, arg);
    }
    return rc;
}

int job_manager_walk (struct job_manager *jm, int states, job_walk_f cb, void *arg)
{
    int rc = 0;

    if ((states & (JOB_NEW | JOB_PENDING)))
        rc = walk_pending (jm, states, cb, arg);
    if (rc == 0 && (states & JOB_RUNNING))
        rc = walk_list (jm->running, states, cb, arg);
    if (rc == 0 && (states & JOB_INACTIVE))
        rc = walk_list (jm->inactive, states, cb, arg);
    return rc;
}

/* Raising changes the lists that are walked: collect first. */
struct collected {
    struct job **jobs;
    size_t count, size;
    int failed;
};

static int collect (struct job *job, void *arg)
{
    struct collected *c = arg;

    if (ARRAY_ROOM (c->jobs, c->count, c->size, 64) < 0) {
        c->failed = 1;
        return -1;
    }
    c->jobs[c->count++] = job;
    return 0;
}

int walk_collected (struct job_manager *jm, int states, job_walk_f cb, void *arg)
{
    struct collected c = {0};
    int rc = 0;

    job_manager_walk (jm, states, collect, &c);
    for (size_t i = 0; i < c.count && rc == 0; i++)
        rc = cb (c.jobs[i], arg);
    free (c.jobs);
    return c.failed ? -1 : rc;
}

/* ---- in parts */

struct job_walk {
    struct job_manager *jm;
    int states;
    uint64_t *active; // ids of those that were not inactive when it began
    size_t count, next;
    struct job *inactive; // the next one
    struct job_walk *prev_walk, *next_walk;
};

struct job_walk *job_walk_begin (struct job_manager *jm, int states)
{
    struct job_walk *w = calloc (1, sizeof (*w));
    struct collected c = {0};

    if (!w)
        return NULL;
    w->jm = jm;
    w->states = states;
    w->inactive = (states & JOB_INACTIVE) ? jm->inactive : NULL;
    job_manager_walk (jm, states & ~JOB_INACTIVE, collect, &c);
    w->active = calloc (c.count + 1, sizeof (w->active[0]));
    for (size_t i = 0; w->active && i < c.count; i++)
        w->active[w->count++] = c.jobs[i]->id;
    free (c.jobs);
    DL_APPEND2 (jm->walks, w, prev_walk, next_walk);
    if (c.failed || !w->active) {
        job_walk_end (w);
        errno = ENOMEM;
        return NULL;
    }
    return w;
}

struct job *job_walk_next (struct job_walk *w)
{
    struct job *job = NULL;

    while (!job && w->next < w->count)
        job = job_manager_lookup (w->jm, w->active[w->next++]); // unless it was purged
    if (!job && (job = w->inactive))
        w->inactive = job->list_next;
    return job;
}

static int by_id (const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

    return x < y ? -1 : x > y;
}

void job_walk_sort (struct job_walk *w)
{
    qsort (w->active, w->count, sizeof (w->active[0]), by_id);
}

bool job_walk_is_ahead (const struct job_walk *w, uint64_t id)
{
    return bsearch (&id, w->active + w->next, w->count - w->next, sizeof (id), by_id) != NULL;
}

void job_walk_end (struct job_walk *w)
{
    if (w) {
        DL_DELETE2 (w->jm->walks, w, prev_walk, next_walk);
        free (w->active);
        free (w);
    }
}

void walks_forget (struct job_manager *jm, const struct job *job)
{
    struct job_walk *w;

    DL_FOREACH2 (jm->walks, w, next_walk)
    {
        if (w->inactive == job)
            w->inactive = job->list_next;
    }
}
