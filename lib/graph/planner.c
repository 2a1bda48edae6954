/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A sorted array of points; row i holds from time[i] until time[i + 1]. What is planned is kept,
 * not what is free, so that removing a span gives the old numbers back whatever happened between.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/planner.h"

struct planner {
    int64_t start, end;
    uint32_t ntypes;
    uint64_t *total;
    int64_t *time;
    uint64_t *planned; // ntypes per point
    uint32_t *nspans;  // spans that begin or end at a point
    size_t n, room;
};

struct planner *planner_create (int64_t start, int64_t end, const uint64_t *totals, uint32_t ntypes)
{
    if (start >= end) {
        errno = EINVAL;
        return NULL;
    }
    struct planner *p = calloc (1, sizeof (*p));
    if (!p)
        return NULL;
    *p = (struct planner){.start = start, .end = end, .ntypes = ntypes, .n = 1, .room = 16};
    p->total = calloc (ntypes + 1, sizeof (*p->total));
    p->time = calloc (p->room, sizeof (*p->time));
    p->nspans = calloc (p->room, sizeof (*p->nspans));
    p->planned = calloc (p->room * ntypes + 1, sizeof (*p->planned));
    if (!p->total || !p->time || !p->nspans || !p->planned) {
        planner_destroy (p);
        errno = ENOMEM;
        return NULL;
    }
    if (ntypes)
        memcpy (p->total, totals, ntypes * sizeof (*totals));
    p->time[0] = start;
    p->nspans[0] = 1; // never goes
    return p;
}

void planner_destroy (struct planner *p)
{
    if (!p)
        return;
    int saved = errno;
    free (p->total);
    free (p->time);
    free (p->nspans);
    free (p->planned);
    free (p);
    errno = saved;
}

/* The point in force at t. */
static size_t point_at (const struct planner *p, int64_t t)
{
    size_t lo = 0, hi = p->n;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (p->time[mid] <= t)
            lo = mid;
        else
            hi = mid;
    }
    return lo;
}

static int make_room (struct planner *p, size_t more)
{
    if (p->n + more <= p->room)
        return 0;
    size_t room = p->room * 2;
    while (room < p->n + more)
        room *= 2;
    int64_t *time = realloc (p->time, room * sizeof (*time));
    if (time)
        p->time = time;
    uint32_t *nspans = realloc (p->nspans, room * sizeof (*nspans));
    if (nspans)
        p->nspans = nspans;
    uint64_t *planned = realloc (p->planned, (room * p->ntypes + 1) * sizeof (*planned));
    if (planned)
        p->planned = planned;
    if (!time || !nspans || !planned)
        return -1;
    p->room = room;
    return 0;
}

/* The point at exactly t, made when there is none. There is room. */
static size_t split (struct planner *p, int64_t t)
{
    size_t i = point_at (p, t);
    if (p->time[i] == t)
        return i;
    size_t tail = p->n - i - 1;
    memmove (p->time + i + 2, p->time + i + 1, tail * sizeof (*p->time));
    memmove (p->nspans + i + 2, p->nspans + i + 1, tail * sizeof (*p->nspans));
    uint64_t *row = p->planned + i * p->ntypes;
    memmove (row + 2 * p->ntypes, row + p->ntypes, tail * p->ntypes * sizeof (*row));
    memcpy (row + p->ntypes, row, p->ntypes * sizeof (*row));
    p->time[i + 1] = t;
    p->nspans[i + 1] = 0;
    p->n++;
    return i + 1;
}

static void drop (struct planner *p, size_t i)
{
    if (--p->nspans[i] > 0)
        return;
    size_t tail = p->n - i - 1;
    memmove (p->time + i, p->time + i + 1, tail * sizeof (*p->time));
    memmove (p->nspans + i, p->nspans + i + 1, tail * sizeof (*p->nspans));
    uint64_t *row = p->planned + i * p->ntypes;
    memmove (row, row + p->ntypes, tail * p->ntypes * sizeof (*row));
    p->n--;
}

static bool clip (const struct planner *p, int64_t *start, int64_t *end)
{
    if (*start < p->start)
        *start = p->start;
    if (*end > p->end)
        *end = p->end;
    return *start < *end;
}

int planner_add (struct planner *p, int64_t start, int64_t end, const uint64_t *counts)
{
    if (!clip (p, &start, &end)) {
        errno = EINVAL;
        return -1;
    }
    if (make_room (p, 2) < 0)
        return -1;
    size_t first = split (p, start);
    p->nspans[first]++;
    size_t last = p->n;
    if (end < p->end) {
        last = split (p, end);
        p->nspans[last]++;
    }
    for (size_t i = first; i < last; i++)
        for (uint32_t k = 0; k < p->ntypes; k++)
            p->planned[i * p->ntypes + k] += counts[k];
    return 0;
}

/* ---- Filling ---- */
struct edge {
    int64_t at;
    const uint64_t *counts;
    bool ends;
};

static int by_time (const void *a, const void *b)
{
    const struct edge *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

static size_t list_edges (const struct planner *p, const struct planner_span *spans, size_t n,
                          struct edge *edge)
{
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        int64_t start = spans[i].start, end = spans[i].end;
        if (!clip (p, &start, &end))
            continue;
        edge[k++] = (struct edge){start, spans[i].counts, false};
        if (end < p->end)
            edge[k++] = (struct edge){end, spans[i].counts, true};
    }
    qsort (edge, k, sizeof (*edge), by_time);
    return k;
}

static void apply_edge (struct planner *p, const struct edge *e)
{
    if (p->time[p->n - 1] != e->at) {
        uint64_t *row = p->planned + p->n * p->ntypes;
        memcpy (row, row - p->ntypes, p->ntypes * sizeof (*row));
        p->time[p->n] = e->at;
        p->nspans[p->n++] = 0;
    }
    p->nspans[p->n - 1]++;
    for (uint32_t k = 0; k < p->ntypes; k++)
        p->planned[(p->n - 1) * p->ntypes + k] += e->ends ? -e->counts[k] : e->counts[k];
}

int planner_fill (struct planner *p, const struct planner_span *spans, size_t n)
{
    struct edge *edge = malloc ((2 * n + 1) * sizeof (*edge));
    if (!edge)
        return -1;
    n = list_edges (p, spans, n, edge);
    if (make_room (p, n) < 0) {
        free (edge);
        return -1;
    }
    for (size_t i = 0; i < n; i++)
        apply_edge (p, &edge[i]);
    free (edge);
    return 0;
}

int planner_remove (struct planner *p, int64_t start, int64_t end, const uint64_t *counts)
{
    if (!clip (p, &start, &end)) {
        errno = EINVAL;
        return -1;
    }
    size_t first = point_at (p, start);
    size_t last = end < p->end ? point_at (p, end) : p->n;
    for (size_t i = first; i < last; i++)
        for (uint32_t k = 0; k < p->ntypes; k++)
            p->planned[i * p->ntypes + k] -= counts[k];
    if (last < p->n)
        drop (p, last);
    drop (p, first);
    return 0;
}

static bool row_fits (const struct planner *p, size_t i, const uint64_t *counts)
{
    const uint64_t *planned = p->planned + i * p->ntypes;
    for (uint32_t k = 0; k < p->ntypes; k++)
        if (counts[k] && (planned[k] > p->total[k] || p->total[k] - planned[k] < counts[k]))
            return false;
    return true;
}

bool planner_fits (const struct planner *p, int64_t at, int64_t duration, const uint64_t *counts)
{
    for (size_t i = point_at (p, at); i < p->n && p->time[i] < at + duration; i++)
        if (!row_fits (p, i, counts))
            return false;
    return true;
}

int64_t planner_first_fit (const struct planner *p, int64_t from, int64_t duration,
                           const uint64_t *counts)
{
    int64_t t = from < p->start ? p->start : from;
    for (size_t i = point_at (p, t); i < p->n; i++) {
        if (p->time[i] >= t + duration)
            break;
        if (!row_fits (p, i, counts))
            t = i + 1 < p->n ? p->time[i + 1] : p->end;
    }
    if (t < p->end && t <= p->end - duration)
        return t;
    errno = ENOENT;
    return -1;
}

int64_t planner_next_point (const struct planner *p, int64_t t)
{
    if (t < p->start)
        return p->start;
    size_t i = point_at (p, t) + 1;
    return i < p->n ? p->time[i] : -1;
}
