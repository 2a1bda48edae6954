/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From marks to the result: the marked vertices reached from the root through marked ones, and all
 * below a vertex whose type is given whole. A branch without anything exclusive is left out. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/match_priv.h"

/* What lies below a vertex that is given whole goes along, save what is down or excluded by a
 * constraint; the latter, too, where Fluxion is followed to the letter. */
static bool goes_along (const struct matcher *m, uint32_t c)
{
    return m->flags & MATCHER_EXACT_TIES ? m->g->v[c].status == GRAPH_UP : match_open (m, c);
}

/* Is c, a child of u, left out? A vertex with several parents goes with the
 * one it was found through. */
static bool left_out (struct matcher *m, uint32_t u, uint32_t c, bool whole)
{
    bool marked = m->mark[c].seq == m->seq;
    if (!marked && !(whole && goes_along (m, c)))
        return true;
    if (!(m->g->v[c].flags & V_MULTI))
        return false;
    return m->passage[c].held == m->seq || (!whole && m->passage[c].from != u);
}

/* `shadow`: all of it is given, because a vertex above it is. Returns the exclusive ones found. */
static int64_t collect (struct matcher *m, uint32_t u, const struct mark *mark, bool shadow,
                        bool excl_above, uint8_t depth)
{
    const struct vertex *x = &m->g->v[u];
    bool whole = shadow || match_is_exclusive_type (m, x->type);
    bool marked = mark != NULL;
    size_t at = m->res.count;
    struct result_item item = {
        .vertex = u,
        .needs = marked && !shadow ? mark->needs & ~MARK_EXCLUSIVE : x->size,
        .request = marked ? mark->request : GRAPH_NONE,
        .exclusive = whole || (marked && (mark->needs & MARK_EXCLUSIVE)),
        .excl_above = excl_above,
        .depth = depth,
    };
    m->count.visits++;
    if (m->passage)
        m->passage[u].held = m->seq;
    if (result_push (&m->res, &item) < 0)
        return -1;
    int64_t n = item.exclusive;
    struct children all = graph_children (m->g, u);
    for (uint32_t i = 0; i < all.n; i++) {
        uint32_t c = children_at (&all, i);
        if (left_out (m, u, c, whole))
            continue;
        const struct mark *below = m->mark[c].seq == m->seq ? &m->mark[c] : NULL;
        int64_t k = collect (m, c, below, whole, item.exclusive, depth + 1);
        if (k < 0)
            return -1;
        n += k;
    }
    if (n == 0) {
        for (size_t i = at; m->passage && i < m->res.count; i++)
            m->passage[m->res.items[i].vertex].held = 0;
        m->res.count = at;
    }
    return n;
}

/* What the policy draws elsewhere follows at the end. */
static int push_charges (struct matcher *m)
{
    for (uint32_t i = 0; i < m->charges.n; i++) {
        struct result_item item = {.vertex = m->charges.list[i].vertex,
                                   .needs = m->charges.list[i].units,
                                   .request = GRAPH_NONE,
                                   .exclusive = true,
                                   .aux = true};
        if (result_push (&m->res, &item) < 0)
            return -1;
    }
    return 0;
}

/* v and what is above it, as long as the result lacks it. */
static int add_above (struct matcher *m, uint32_t v)
{
    const struct extra *list;
    for (; v != GRAPH_NONE && m->passage[v].held != m->seq; v = m->g->v[v].parent) {
        struct result_item item = {.vertex = v,
                                   .needs = m->g->v[v].size,
                                   .request = GRAPH_NONE,
                                   .depth = m->g->v[v].depth,
                                   .aux = true};
        m->passage[v].held = m->seq;
        if (result_push (&m->res, &item) < 0)
            return -1;
        uint32_t n = extra_parents (m->g, v, &list);
        for (uint32_t i = 0; i < n; i++)
            if (add_above (m, list[i].parent) < 0)
                return -1;
    }
    return 0;
}

int match_add_ancestors (struct matcher *m)
{
    for (size_t i = 0, n = m->res.count; m->g->extras.n && i < n; i++) {
        uint32_t v = m->res.items[i].vertex;
        const struct extra *list;
        if (!(m->g->v[v].flags & V_MULTI))
            continue;
        uint32_t k = extra_parents (m->g, v, &list);
        if (add_above (m, m->g->v[v].parent) < 0)
            return -1;
        for (uint32_t e = 0; e < k; e++)
            if (add_above (m, list[e].parent) < 0)
                return -1;
    }
    return 0;
}

int match_collect (struct matcher *m, const struct mark *root)
{
    m->res.count = 0;
    int64_t n = collect (m, m->g->root, root, false, false, 0);
    if (n > 0 && match_add_ancestors (m) < 0)
        n = -1;
    if (n > 0 && push_charges (m) < 0)
        n = -1;
    if (n > 0)
        return 0;
    errno = n < 0 ? ENOMEM : EBUSY;
    return -1;
}
