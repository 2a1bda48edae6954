/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* "n of one type, each with ...", by a policy whose scores change with what is free (best fit), or
 * follow from properties: all vertices of the type get their score from their numbers, and only the
 * best are visited, until there are enough. O(vertices of the type) scores, few visits. */

#include <errno.h>

#include "lib/graph/index.h"
#include "lib/graph/walk_priv.h"

struct scored {
    int64_t score; // the less the better
    uint32_t vertex;
    uint32_t place; // of equal ones the first
};

static bool better (const struct scored *a, const struct scored *b)
{
    return a->score != b->score ? a->score < b->score : a->place < b->place;
}

static void sift (struct scored *h, uint32_t i, uint32_t n)
{
    struct scored x = h[i];
    for (uint32_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && better (&h[c + 1], &h[c]))
            c++;
        if (!better (&h[c], &x))
            break;
        h[i] = h[c];
    }
    h[i] = x;
}

int scored_add (struct matcher *m, uint32_t v, int64_t above)
{
    struct scored *h = match_room (m->scored, &m->scored_room, m->nscored + 1, sizeof (*h));
    if (!h) {
        m->error = ENOMEM;
        return -1;
    }
    m->scored = h;
    m->count.visits++;
    int64_t score = policy_score (m->policy, m->g, v, above);
    h[m->nscored] = (struct scored){
        .score = m->policy->top == ORDER_HIGH ? -score : score, .vertex = v, .place = m->nscored};
    m->nscored++;
    return 0;
}

void scored_order (struct matcher *m, uint32_t base)
{
    uint32_t n = m->nscored - base;
    for (uint32_t i = n / 2; i-- > 0;)
        sift (m->scored + base, i, n);
}

uint32_t scored_take (struct matcher *m, uint32_t base)
{
    if (m->nscored == base)
        return GRAPH_NONE;
    struct scored *h = m->scored + base;
    uint32_t v = h[0].vertex, n = --m->nscored - base;
    h[0] = h[n];
    sift (h, 0, n);
    return v;
}

bool scored_may_fit (const struct matcher *m, uint32_t v, const struct want *w)
{
    const struct vertex *x = &m->g->v[v];
    for (uint32_t i = w->need; i < w->need + w->nneed; i++) {
        const struct agg *a = vertex_agg (m->g, x, m->need[i].type);
        if (!a || a->avail < m->need[i].count)
            return false;
    }
    return !vertex_blocked (x);
}

/* All of the type that may fit. */
static void score_all (struct matcher *m, const struct want *w)
{
    const uint32_t *list;
    uint32_t n = graph_type_list (m->g, w->type, &list);
    m->nscored = 0;
    for (uint32_t i = 0; i < n; i++) {
        int64_t above;
        if (scored_may_fit (m, list[i], w) && fast_reach (m, list[i], &above) &&
            scored_add (m, list[i], above) < 0)
            return;
    }
    scored_order (m, 0);
}

int fast_scored (struct matcher *m, const struct want *w)
{
    uint32_t target = request_count_max (&w->r->count), v;
    uint64_t sum = 0;
    if (w->type >= m->g->ntypes || m->policy->top == ORDER_RUN)
        return 0;
    score_all (m, w);
    while (!m->error && sum < target && (v = scored_take (m, 0)) != GRAPH_NONE)
        sum += fast_visit (m, v, w);
    m->nscored = 0;
    return m->error ? -1 : fast_choose (m, w, sum);
}
