/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Short cuts for the requests that jobs mostly make. What they choose is what the walk would
 * choose; the unit tests compare the two. */

#include <errno.h>

#include "lib/graph/index.h"

bool fast_reach (struct matcher *m, uint32_t v, int64_t *above)
{
    *above = 0;
    for (uint32_t p = m->g->v[v].parent; p != GRAPH_NONE; p = m->g->v[p].parent) {
        const struct vertex *x = &m->g->v[p];
        if (!match_open (m, p) || (m->policy->node_exclusive && x->type == m->node && x->njobs))
            return false;
        if (m->policy->node_centric && m->g->v[p].type == m->node)
            *above += policy_node_factor (m->g, p);
    }
    return true;
}

void fast_mark (struct matcher *m, uint32_t v, uint32_t needs, bool exclusive, uint32_t request)
{
    mark_set (m, v, needs, exclusive, request);
    for (uint32_t p = m->g->v[v].parent; p != GRAPH_NONE && m->mark[p].seq != m->seq;
         p = m->g->v[p].parent)
        mark_set (m, p, m->g->v[p].size, false, GRAPH_NONE);
}

void fast_pick (struct matcher *m, uint32_t v, uint32_t count, uint32_t request, bool exclusive)
{
    struct edge *list = match_room (m->pick, &m->pick_room, m->npick + 1, sizeof (*list));
    if (!list) {
        m->error = ENOMEM;
        return;
    }
    m->pick = list;
    list[m->npick++] =
        (struct edge){.vertex = v, .count = count, .request = request, .exclusive = exclusive};
}

static bool enough_in_all (const struct matcher *m, const struct want *w)
{
    const struct vertex *root = &m->g->v[m->g->root];
    for (uint32_t i = w->need; i < w->need + w->nneed; i++) {
        const struct agg *a = vertex_agg (m->g, root, m->need[i].type);
        if (!a || a->avail < m->need[i].count * w->r->count.min)
            return false;
    }
    if (w->kind == REQUEST_SLOT)
        return true;
    const struct agg *a = vertex_agg (m->g, root, w->type);
    return a && a->avail >= w->r->count.min;
}

int fast_select (struct matcher *m, const struct want *list, struct mark *root)
{
    const struct policy *p = m->policy;
    bool slot = list->kind == REQUEST_SLOT;
    if (m->satisfy || list->next || m->g->extras.n || list->type == m->g->v[m->g->root].type ||
        (!slot && (p->stop_on_1 || p->ops->arrange)))
        return 0;
    m->nedge = m->npick = m->charges.n = 0;
    m->above = 0;
    m->multiplier = 1;
    m->error = 0;
    *root = (struct mark){.seq = m->seq, .needs = 1, .request = GRAPH_NONE};
    if (!match_open (m, m->g->root) || !enough_in_all (m, list)) {
        errno = EBUSY;
        return -1;
    }
    int rc = (slot ? fast_slot : p->ops->fixed_score ? fast_type : fast_scored) (m, list);
    m->above = 0;
    if (rc < 0)
        errno = m->error ? m->error : EBUSY;
    return rc;
}
