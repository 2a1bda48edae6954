/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Nearest to something: `nearest target=/cluster0/rack3/gateway0`, or `nearest target=TYPE` for
 * whichever vertex of a type is closest. Distance is counted in edges of the tree; of equal ones
 * the least id. */

#include <errno.h>
#include <string.h>

#include "lib/graph/policy_priv.h"

static int set (struct policy *p, const char *key, const char *value)
{
    if (!strcmp (key, "target") && *value)
        return policy_set_text (&p->target, value);
    errno = EINVAL;
    return -1;
}

static const char *check (const struct policy *p)
{
    return p->target ? NULL : "needs target=PATH or target=TYPE";
}

static const char *lacks (const struct policy *p, struct graph *g, const char **what)
{
    bool path = *p->target == '/';
    *what = path ? "vertex" : "vertex of type";
    if (path ? graph_find_path (g, p->target) != GRAPH_NONE : policy_has_type (g, p->target))
        return NULL;
    return p->target;
}

static uint32_t edges_to (const struct graph *g, uint32_t v, uint32_t target)
{
    uint32_t top = target;
    while (top != GRAPH_NONE && (g->v[v].pos < g->v[top].pos || g->v[v].pos > g->v[top].last))
        top = g->v[top].parent;
    uint32_t depth = top == GRAPH_NONE ? 0 : g->v[top].depth;
    return g->v[v].depth + g->v[target].depth - 2 * depth;
}

/* How far up until something of the type lies below. */
static uint32_t edges_up (const struct graph *g, uint32_t v, uint32_t type)
{
    uint32_t n = 0;
    for (; v != GRAPH_NONE; v = g->v[v].parent, n++)
        if (g->v[v].type == type || vertex_agg (g, &g->v[v], type))
            break;
    return n;
}

static int64_t score (const struct policy *p, const struct graph *g, uint32_t v, int64_t above)
{
    (void)above;
    uint32_t far;
    if (*p->target == '/') {
        uint32_t target = graph_find_path ((struct graph *)g, p->target); // a cache may be made
        far = target == GRAPH_NONE ? GRAPH_MAX_DEPTH : edges_to (g, v, target);
    } else
        far = edges_up (g, v, graph_type_find (g, p->target));
    return MATCH_MET + ((int64_t)far << 32) + g->v[v].id + 1;
}

const struct policy_ops policy_nearest = {
    .name = "nearest",
    .description = "closest to a vertex or to any of a type (target=PATH|TYPE)",
    .set = set,
    .check = check,
    .lacks = lacks,
    .score = score,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
