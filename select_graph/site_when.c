/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * When enough nodes will have what is wanted. The jobs leave in the order of their ends; each node
 * is looked at again when one has left it. O(jobs log jobs + what they hold). */

#include <stdlib.h>
#include <string.h>

#include "select_graph/site_priv.h"

struct state {
    struct site *site;
    const struct site_want *want;
    struct site_left *left; // of each node
    int64_t *gres;
    uint32_t *njobs;
    uint8_t *may;   // of each node: it is in the ranges
    uint32_t count; // of those that will do
};

struct leaving {
    int64_t end;
    const struct site_job *job;
};

static int by_end (const void *a, const void *b)
{
    const struct leaving *x = a, *y = b;
    return x->end < y->end ? -1 : x->end > y->end;
}

static void leave (struct state *s, const struct site_job *job)
{
    struct site *site = s->site;

    for (size_t i = 0; i < job->nuses; i++)
        site_take (site, &job->uses[i], false, s->left, s->gres);
    for (size_t i = 0; i < job->nnodes; i++) {
        uint32_t k = job->nodes[i];

        s->njobs[k]--;
        if (!site->good[k] && s->may[k] &&
            site_node_fits (site, s->want, k, &s->left[k], &s->gres[k * site->ngres],
                            s->njobs[k])) {
            site->good[k] = 1;
            s->count++;
        }
    }
}

static int64_t sweep (struct state *s, int64_t now)
{
    size_t n = HASH_COUNT (s->site->jobs), i = 0;
    struct leaving *list = malloc ((n + 1) * sizeof (*list));
    int64_t when = -1;

    if (!list)
        return -1;
    n = 0;
    for (struct site_job *job = s->site->jobs; job; job = job->hh.next)
        if (!job->lifted)
            list[n++] = (struct leaving){.end = job->end, .job = job};
    qsort (list, n, sizeof (*list), by_end);
    for (; i < n && (when < 0 || list[i].end <= when); i++) {
        leave (s, list[i].job);
        if (when < 0 && s->count >= s->want->nodes_min)
            when = list[i].end > now ? list[i].end : now + 1;
    }
    free (list);
    return when;
}

/* Copies of what is left now, to take from */
static int begin (struct state *s)
{
    const struct site *site = s->site;
    size_t n = site->nnodes;

    s->left = malloc ((n + 1) * sizeof (*s->left));
    s->gres = malloc ((n * site->ngres + 1) * sizeof (*s->gres));
    s->njobs = malloc ((n + 1) * sizeof (*s->njobs));
    s->may = calloc (n + 1, 1);
    if (!s->left || !s->gres || !s->njobs || !s->may)
        return -1;
    memcpy (s->left, site->left, n * sizeof (*s->left));
    memcpy (s->gres, site->left_gres, n * site->ngres * sizeof (*s->gres));
    for (size_t i = 0; i < n; i++)
        s->njobs[i] = site->nodes[i].njobs;
    for (size_t i = 0; i < s->want->nranges; i++)
        for (uint32_t k = s->want->ranges[i].first; k <= s->want->ranges[i].last && k < n; k++)
            s->may[k] = 1;
    return 0;
}

int64_t site_when (struct site *site, const struct site_want *want, int64_t now)
{
    struct state s = {.site = site, .want = want};
    int64_t when = -1;

    s.count = site_mark_good (site, want);
    if (s.count >= want->nodes_min)
        return now;
    if (begin (&s) == 0)
        when = sweep (&s, now);
    free (s.left);
    free (s.gres);
    free (s.njobs);
    free (s.may);
    return when;
}
