/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* "n of one type, each with ...", by a policy whose scores change with what is free (best fit), or
 * follow from properties: all vertices of the type get their score from their numbers, and only the
 * best are visited, until there are enough. O(vertices of the type) scores, few visits. */

#include <errno.h>

#include "lib/graph/index.h"

struct scored {
    int64_t score; // the less the better
    uint32_t vertex;
    uint32_t place; // depth first: of equal ones the first
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

/* By its numbers it may fit. */
static bool may_fit (const struct matcher *m, uint32_t v, const struct want *w)
{
    const struct vertex *x = &m->g->v[v];
    for (uint32_t i = w->need; i < w->need + w->nneed; i++) {
        const struct agg *a = vertex_agg (m->g, x, m->need[i].type);
        if (!a || a->avail < m->need[i].count)
            return false;
    }
    return !vertex_blocked (x);
}

/* All that may fit, the best on top; how many, or GRAPH_NONE with ENOMEM. */
static uint32_t score_all (struct matcher *m, const struct want *w, bool desc)
{
    const uint32_t *list;
    uint32_t n = graph_type_list (m->g, w->type, &list), k = 0;
    struct scored *h = match_room (m->scored, &m->scored_room, n + 1, sizeof (*h));
    if (!h)
        return GRAPH_NONE;
    m->scored = h;
    for (uint32_t i = 0; i < n; i++) {
        int64_t above;
        if (!may_fit (m, list[i], w) || !fast_reach (m, list[i], &above))
            continue;
        int64_t score = policy_score (m->policy, m->g, list[i], above);
        h[k++] = (struct scored){desc ? -score : score, list[i], i};
    }
    for (uint32_t i = k / 2; i-- > 0;)
        sift (h, i, k);
    return k;
}

int fast_scored (struct matcher *m, const struct want *w)
{
    uint32_t target = request_count_max (&w->r->count);
    uint64_t sum = 0;
    if (w->type >= m->g->ntypes || m->policy->top == ORDER_RUN)
        return 0;
    uint32_t n = score_all (m, w, m->policy->top == ORDER_HIGH);
    if (n == GRAPH_NONE) {
        m->error = ENOMEM;
        return -1;
    }
    while (n > 0 && sum < target && !m->error) {
        uint32_t v = m->scored[0].vertex;
        m->scored[0] = m->scored[--n];
        sift (m->scored, 0, n);
        sum += fast_visit (m, v, w);
    }
    return m->error ? -1 : fast_choose (m, w, sum);
}
