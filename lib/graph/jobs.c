/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The book: which job holds which vertices, from when until when. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"
#include "lib/util/array_room.h"

enum { JOBS_PER_BLOCK = 64 };

static size_t bound (const struct matcher *m, uint64_t id)
{
    if (m->njobs && m->job[m->njobs - 1]->id < id)
        return m->njobs; // ids mostly grow
    size_t lo = 0, hi = m->njobs;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        if (m->job[mid]->id < id)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

struct job *jobs_find (const struct matcher *m, uint64_t id)
{
    size_t i = bound (m, id);
    return i < m->njobs && m->job[i]->id == id ? m->job[i] : NULL;
}

struct job_block {
    struct job_block *next;
    struct job job[JOBS_PER_BLOCK];
};

static struct job *take_free (struct matcher *m)
{
    if (!m->free_job) {
        struct job_block *b = calloc (1, sizeof (*b));
        if (!b)
            return NULL;
        b->next = m->job_block;
        m->job_block = b;
        for (size_t i = JOBS_PER_BLOCK; i-- > 0; m->free_job = &b->job[i])
            b->job[i].next = m->free_job;
    }
    struct job *job = m->free_job;
    m->free_job = job->next;
    return job;
}

static void put_free (struct matcher *m, struct job *job)
{
    job->count = 0;
    job->next = m->free_job;
    m->free_job = job;
}

static int append_items (const struct graph *g, struct job *job, const struct result_item *items,
                         size_t n)
{
    if (n > UINT32_MAX - job->count) {
        errno = ENOSPC;
        return -1;
    }
    struct result_item *list = match_room (job->items, &job->room, job->count + n, sizeof (*list));
    if (!list)
        return -1;
    job->items = list;
    if (n)
        memcpy (list + job->count, items, n * sizeof (*items));
    for (size_t i = 0; i < n; i++)
        job->pools = job->pools || is_draw (g, &items[i]);
    job->count += n;
    return 0;
}

static int insert (struct matcher *m, struct job *job)
{
    if (ARRAY_ROOM (m->job, m->njobs, m->job_room, 64) < 0)
        return -1;
    size_t i = bound (m, job->id);
    memmove (m->job + i + 1, m->job + i, (m->njobs - i) * sizeof (*m->job));
    m->job[i] = job;
    m->njobs++;
    m->nreserved += job->reserved;
    return 0;
}

struct job *jobs_add (struct matcher *m, uint64_t id, int64_t at, int64_t end, bool reserved,
                      const struct result_item *items, size_t n)
{
    struct job *job = take_free (m);
    if (!job)
        return NULL;
    struct result_item *list = job->items;
    uint32_t room = job->room;
    *job = (struct job){
        .id = id, .at = at, .end = end, .reserved = reserved, .items = list, .room = room};
    if (append_items (m->g, job, items, n) < 0 || insert (m, job) < 0) {
        put_free (m, job);
        errno = ENOMEM;
        return NULL;
    }
    if (m->g->extras.n)
        items_sort (m->g, job->items, job->count);
    return job;
}

static uint64_t place (const struct graph *g, const struct result_item *item)
{
    return (uint64_t)item->aux << 32 | g->v[item->vertex].pos;
}

static void sift (const struct graph *g, struct result_item *a, size_t i, size_t n)
{
    struct result_item x = a[i];
    for (size_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && place (g, &a[c + 1]) > place (g, &a[c]))
            c++;
        if (place (g, &a[c]) <= place (g, &x))
            break;
        a[i] = a[c];
    }
    a[i] = x;
}

void items_sort (const struct graph *g, struct result_item *a, size_t n)
{
    bool sorted = true;
    for (size_t i = 1; i < n && sorted; i++)
        sorted = place (g, &a[i - 1]) <= place (g, &a[i]);
    if (sorted)
        return;
    for (size_t i = n / 2; i-- > 0;)
        sift (g, a, i, n);
    for (size_t end = n; end-- > 1;) {
        struct result_item x = a[0];
        a[0] = a[end];
        a[end] = x;
        sift (g, a, 0, end);
    }
}

/* A vertex that the job held along an edge which was not taken is now above one that came. */
static void settle_ancestors (const struct graph *g, struct job *job)
{
    for (uint32_t i = 0; i < job->count; i++) {
        struct result_item *item = &job->items[i];
        const struct vertex *v = &g->v[item->vertex];
        for (uint32_t k = 0; k < job->count && item->aux && !item->exclusive; k++) {
            uint32_t pos = g->v[job->items[k].vertex].pos;
            item->aux = job->items[k].aux || pos < v->pos || pos > v->last;
        }
    }
}

int jobs_extend (struct matcher *m, struct job *job, const struct result_item *items, size_t n)
{
    uint32_t before = job->count;
    time_plan (m, job, false);
    int rc = append_items (m->g, job, items, n);
    for (uint32_t i = before; job->applied && i < job->count; i++)
        graph_take (m->g, job->items[i].vertex, job->items[i].needs, job->items[i].exclusive);
    if (m->g->extras.n)
        settle_ancestors (m->g, job);
    items_sort (m->g, job->items, job->count);
    time_plan (m, job, true);
    return rc;
}

uint32_t job_bound (const struct matcher *m, const struct job *job, uint32_t pos)
{
    uint32_t lo = 0, hi = job->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        const struct result_item *item = &job->items[mid];
        m->g->steps++;
        if (!item->aux && m->g->v[item->vertex].pos < pos)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo < job->count && !job->items[lo].aux ? lo : job->count;
}

void jobs_drop (struct matcher *m, struct job *job)
{
    size_t i = bound (m, job->id);
    m->nreserved -= job->reserved;
    memmove (m->job + i, m->job + i + 1, (m->njobs - i - 1) * sizeof (*m->job));
    m->njobs--;
    put_free (m, job);
}

void jobs_free (struct matcher *m)
{
    while (m->job_block) {
        struct job_block *b = m->job_block;
        m->job_block = b->next;
        for (size_t i = 0; i < JOBS_PER_BLOCK; i++)
            free (b->job[i].items);
        free (b);
    }
    free (m->job);
}

void job_apply (struct matcher *m, struct job *job)
{
    if (job->applied)
        return;
    for (uint32_t i = 0; i < job->count; i++)
        graph_take (m->g, job->items[i].vertex, job->items[i].needs, job->items[i].exclusive);
    job->applied = true;
}

void job_unapply (struct matcher *m, struct job *job)
{
    if (!job->applied)
        return;
    for (uint32_t i = job->count; i-- > 0;)
        graph_give (m->g, job->items[i].vertex, job->items[i].needs, job->items[i].exclusive);
    job->applied = false;
}
