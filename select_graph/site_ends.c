/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The jobs in the order of their ends. Nothing is sorted before somebody asks; from then on each
 * job that comes or goes is put in or taken out: a search, and a move of memory. */

#include <stdlib.h>
#include <string.h>

#include "select_graph/site_priv.h"

static int by_end (const void *a, const void *b)
{
    const struct site_job *x = *(struct site_job *const *)a, *y = *(struct site_job *const *)b;

    if (x->end != y->end)
        return x->end < y->end ? -1 : 1;
    return x->id < y->id ? -1 : x->id > y->id;
}

/* Where it is, or would be */
static size_t place_of (const struct site_ends *e, const struct site_job *job)
{
    size_t low = 0, high = e->n;

    while (low < high) {
        size_t mid = low + (high - low) / 2;

        if (by_end (&e->job[mid], &job) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

void site_ends_add (struct site *site, struct site_job *job)
{
    struct site_ends *e = &site->ends;
    size_t k;

    if (!e->sorted)
        return;
    if (site_room (&e->job, &e->room, e->n + 1, sizeof (struct site_job *)) < 0) {
        e->sorted = false; // it is tried again
        return;
    }
    k = place_of (e, job);
    memmove (e->job + k + 1, e->job + k, (e->n++ - k) * sizeof (struct site_job *));
    e->job[k] = job;
}

void site_ends_remove (struct site *site, const struct site_job *job)
{
    struct site_ends *e = &site->ends;
    size_t k;

    if (!e->sorted)
        return;
    k = place_of (e, job);
    if (k < e->n && e->job[k] == job)
        memmove (e->job + k, e->job + k + 1, (--e->n - k) * sizeof (struct site_job *));
    else
        e->sorted = false;
}

size_t site_ends (struct site *site, struct site_job ***list)
{
    struct site_ends *e = &site->ends;
    size_t n = HASH_COUNT (site->jobs);

    *list = e->job;
    if (e->sorted)
        return e->n;
    if (site_room (&e->job, &e->room, n, sizeof (struct site_job *)) < 0)
        return 0;
    e->n = 0;
    for (struct site_job *job = site->jobs; job; job = job->hh.next)
        e->job[e->n++] = job;
    if (n > 0)
        qsort (e->job, n, sizeof (struct site_job *), by_end);
    e->sorted = true;
    *list = e->job;
    return n;
}

/* ---- For callers that know no struct site_job ---- */

bool site_next_end (struct site *site, size_t *cursor, uint32_t *id, int64_t *end)
{
    struct site_job **list;
    size_t n = site_ends (site, &list);

    if (*cursor >= n)
        return false;
    *id = list[*cursor]->id;
    *end = list[*cursor]->end;
    (*cursor)++;
    return true;
}
