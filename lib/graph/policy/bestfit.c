/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Least left over: prefer what lies on the fullest node, and there below the fullest parent, so
 * that empty nodes stay whole for those who need them. */

#include "lib/graph/policy_priv.h"

static int64_t left_below (const struct graph *g, uint32_t v)
{
    const struct vertex *x = &g->v[v];
    int64_t n = 0;
    for (uint32_t k = 0; x->agg != GRAPH_NONE && k < g->layout[x->layout].ntypes; k++)
        n += g->agg[x->agg + k].avail;
    return n < 0xfffff ? n : 0xfffff;
}

static int64_t score (const struct policy *p, const struct graph *g, uint32_t v, int64_t above)
{
    (void)p;
    (void)above;
    uint32_t node = policy_ancestor (g, v, graph_type_find (g, "node"));
    uint32_t parent = g->v[v].parent;
    int64_t on_node = node == GRAPH_NONE ? left_below (g, v) : left_below (g, node);
    int64_t near = node == v || parent == GRAPH_NONE ? 0 : left_below (g, parent) & 0xfff;
    return MATCH_MET + (on_node << (FLOOR_SHIFT + 12)) + (near << FLOOR_SHIFT) +
           ((g->v[v].id + 1) & 0xffffff);
}

/* A child may be a node: then nothing is left on it at best. */
static uint32_t least_score (const struct graph *g, uint32_t u)
{
    uint32_t node = policy_ancestor (g, u, graph_type_find (g, "node"));
    return node == GRAPH_NONE ? 0 : left_below (g, node) << 12 | (left_below (g, u) & 0xfff);
}

const struct policy_ops policy_bestfit = {
    .name = "bestfit",
    .description = "fullest nodes first, so that empty ones stay whole",
    .score = score,
    .floor = least_score,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
