/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Pending jobs in order, see queue.h. */

#include <stdlib.h>
#include <string.h>

#include "lib/util/array_room.h"
#include "shell/service/job_manager/queue.h"

struct level {
    int64_t priority;
    struct job *head, *tail;
};

struct queue {
    struct level **levels; // by descending priority
    size_t nlevels, size;
    size_t count;
    struct job *cursor;
};

struct queue *queue_create (void)
{
    return calloc (1, sizeof (struct queue));
}

void queue_destroy (struct queue *q)
{
    if (q) {
        for (size_t i = 0; i < q->nlevels; i++)
            free (q->levels[i]);
        free (q->levels);
        free (q);
    }
}

/* Index of the level, or where it is to be inserted. */
static size_t find_level (const struct queue *q, int64_t priority, int *found)
{
    size_t lo = 0, hi = q->nlevels;

    while (lo < hi) {
        size_t mid = (lo + hi) / 2;
        if (q->levels[mid]->priority > priority)
            lo = mid + 1;
        else
            hi = mid;
    }
    *found = lo < q->nlevels && q->levels[lo]->priority == priority;
    return lo;
}

static struct level *get_level (struct queue *q, int64_t priority)
{
    int found;
    size_t i = find_level (q, priority, &found);

    if (found)
        return q->levels[i];
    if (ARRAY_ROOM (q->levels, q->nlevels, q->size, 8) < 0)
        return NULL;
    struct level *level = calloc (1, sizeof (*level));
    if (!level)
        return NULL;
    level->priority = priority;
    memmove (q->levels + i + 1, q->levels + i, (q->nlevels - i) * sizeof (level));
    q->levels[i] = level;
    q->nlevels++;
    return level;
}

static void drop_level (struct queue *q, size_t i)
{
    free (q->levels[i]);
    q->nlevels--;
    memmove (q->levels + i, q->levels + i + 1, (q->nlevels - i) * sizeof (q->levels[0]));
}

int queue_insert (struct queue *q, struct job *job)
{
    struct level *level = get_level (q, job->priority);

    if (!level)
        return -1;
    struct job *after = level->tail;
    while (after && after->id > job->id)
        after = after->live->prev;
    struct job *before = after ? after->live->next : level->head;
    job->live->prev = after;
    job->live->next = before;
    job->live->queued_at = job->priority;
    job->live->in = q;
    if (after)
        after->live->next = job;
    else
        level->head = job;
    if (before)
        before->live->prev = job;
    else
        level->tail = job;
    q->count++;
    return 0;
}

void queue_remove (struct queue *q, struct job *job)
{
    struct job_live *live = job->live;
    int found;

    if (!live || live->in != q)
        return;
    if (q->cursor == job)
        queue_cursor_advance (q);
    size_t i = find_level (q, live->queued_at, &found);
    struct level *level = q->levels[i];
    if (live->prev)
        live->prev->live->next = live->next;
    else
        level->head = live->next;
    if (live->next)
        live->next->live->prev = live->prev;
    else
        level->tail = live->prev;
    live->prev = live->next = NULL;
    live->in = NULL;
    q->count--;
    if (!level->head)
        drop_level (q, i);
}

struct job *queue_first (struct queue *q)
{
    return q->nlevels > 0 ? q->levels[0]->head : NULL;
}

struct job *queue_next (struct queue *q, struct job *job)
{
    int found;

    if (job->live->next)
        return job->live->next;
    size_t i = find_level (q, job->live->queued_at, &found) + 1;
    return i < q->nlevels ? q->levels[i]->head : NULL;
}

void queue_cursor_reset (struct queue *q)
{
    q->cursor = queue_first (q);
}

struct job *queue_cursor (struct queue *q)
{
    return q->cursor;
}

void queue_cursor_advance (struct queue *q)
{
    q->cursor = q->cursor ? queue_next (q, q->cursor) : NULL;
}

size_t queue_count (const struct queue *q)
{
    return q->count;
}
