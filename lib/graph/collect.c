/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From marks to the result: the marked vertices reached from the root through marked ones, and all
 * below a vertex whose type is given whole. A branch without anything exclusive is left out. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/match_priv.h"

static int push (struct matcher *m, const struct result_item *item)
{
    struct result *res = &m->res;
    if (res->count == res->size) {
        uint32_t room = res->size;
        struct result_item *items = match_room (res->items, &room, room + 1, sizeof (*items));
        if (!items)
            return -1;
        res->items = items;
        res->size = room;
    }
    res->items[res->count++] = *item;
    return 0;
}

/* `shadow`: all of it is given, because a vertex above it is. Returns the exclusive ones found. */
static int64_t collect (struct matcher *m, uint32_t u, const struct mark *mark, bool shadow,
                        bool excl_above)
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
        .depth = x->depth,
    };
    m->count.visits++;
    if (push (m, &item) < 0)
        return -1;
    int64_t n = item.exclusive;
    for (uint32_t i = 0; i < x->nchild; i++) {
        uint32_t c = m->g->child[x->child_off + i];
        const struct mark *below = m->mark[c].seq == m->seq ? &m->mark[c] : NULL;
        if (!below && (!whole || m->g->v[c].status != GRAPH_UP))
            continue; // what is down is not given along with the vertex above it
        int64_t k = collect (m, c, below, whole, item.exclusive);
        if (k < 0)
            return -1;
        n += k;
    }
    if (n == 0)
        m->res.count = at;
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
        if (push (m, &item) < 0)
            return -1;
    }
    return 0;
}

int match_collect (struct matcher *m, const struct mark *root)
{
    m->res.count = 0;
    int64_t n = collect (m, m->g->root, root, false, false);
    if (n > 0 && push_charges (m) < 0)
        n = -1;
    if (n > 0)
        return 0;
    errno = n < 0 ? ENOMEM : EBUSY;
    return -1;
}
