/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Below a vertex: which of its children are visited, in which order, and when there are enough. */

#include "lib/graph/walk_priv.h"

/* A vertex with several parents is found through the first that leads to it, like Fluxion's. */
static int visit_child (struct matcher *m, uint32_t u, uint32_t c, const struct want *list,
                        bool pristine, bool exclusive, struct bag *b)
{
    int64_t score;
    uint32_t avail;
    if (m->g->v[c].flags & V_MULTI) {
        if (m->passage[c].seen == m->seq)
            return -1;
        m->passage[c].from = u;
    }
    if (m->error || walk_visit (m, c, list, pristine, &exclusive, b, &score, &avail) < 0)
        return -1;
    return walk_add_found (m, b, c, list, score, avail, exclusive);
}

static void explore_all (struct matcher *m, uint32_t u, const struct want *list, bool pristine,
                         bool exclusive, struct bag *b)
{
    struct children c = graph_children (m->g, u);
    for (uint32_t i = 0; i < c.n; i++)
        visit_child (m, u, children_at (&c, i), list, pristine, exclusive, b);
}

/* How far the search of `first` is with one wish. What one child brings counts as one bundle: it
 * completes at most one share. */
struct tally {
    const struct want *w;
    uint32_t per_share;
    uint64_t seen;
    uint64_t sum;
    uint32_t shares;
};

static bool tally (struct tally *t, uint32_t n, const struct bag *b, uint32_t multiplier)
{
    bool enough = true;
    for (uint32_t i = 0; i < n; i++) {
        const struct evals *ev = bag_find (b, t[i].w->type);
        uint64_t total = ev ? ev->total : 0;
        if (total > t[i].seen) {
            t[i].sum += total - t[i].seen;
            t[i].seen = total;
            if (t[i].per_share && t[i].sum >= t[i].per_share) {
                t[i].shares++;
                t[i].sum = 0;
            }
        }
        enough = enough && (t[i].per_share == 0 || t[i].shares >= multiplier);
    }
    return enough;
}

static bool satisfied (const struct tally *t, uint32_t n, uint32_t type, uint32_t multiplier)
{
    for (uint32_t i = 0; i < n; i++)
        if (t[i].w->type == type)
            return t[i].seen && (t[i].per_share == 0 || t[i].shares >= multiplier);
    return false;
}

/* Children in some order, or the opposite one, until there is enough: the most that is wanted, or,
 * where it matters only whether it can be had, the least. */
static void explore_until (struct matcher *m, uint32_t u, const uint32_t *order, bool back,
                           const struct want *list, bool pristine, bool exclusive, struct bag *b,
                           uint32_t multiplier)
{
    enum { MAX_WISHES = 32, MAX_SORTED = 64 };
    struct tally t[MAX_WISHES];
    uint32_t n = 0;
    struct children all = graph_children (m->g, u);
    struct extra sorted[MAX_SORTED];
    if (order != all.tree && all.n - all.ntree <= MAX_SORTED)
        weights_sort_extra (m, &all, sorted);
    all.tree = order;
    for (const struct want *w = list; w && n < MAX_WISHES; w = w->next)
        t[n++] = (struct tally){.w = w, .per_share = walk_wanted (m, w)};
    for (uint32_t i = 0; i < all.n; i++) {
        uint32_t c = children_at (&all, back ? all.n - 1 - i : i);
        if (satisfied (t, n, m->g->v[c].type, multiplier))
            continue;
        if (visit_child (m, u, c, list, pristine, exclusive, b) == 0 &&
            tally (t, n, b, multiplier) && n < MAX_WISHES)
            break;
    }
}

static bool has_child (const struct matcher *m, uint32_t u, uint32_t type)
{
    const struct vertex *x = &m->g->v[u];
    for (uint32_t i = 0; i < x->nchild; i++)
        if (m->g->v[m->g->child[x->child_off + i]].type == type)
            return true;
    return false;
}

/* Where levels may be passed through: what is wanted lies right below u and nowhere further down.
 */
static bool all_are_children (const struct matcher *m, uint32_t u, const struct want *list)
{
    if (!(m->flags & MATCHER_THROUGH))
        return true;
    while (list && has_child (m, u, list->type))
        list = list->next;
    return !list && (m->g->v[u].order & CHILDREN_LAYERED);
}

/* Where scores change with what is free they are known before a child is visited: the best first,
 * until there are enough. One wish only. */
static void explore_scored (struct matcher *m, uint32_t u, const struct want *w, bool exclusive,
                            struct bag *b, uint32_t multiplier)
{
    const struct vertex *x = &m->g->v[u];
    uint32_t base = m->nscored, c;
    struct tally t = {.w = w, .per_share = walk_wanted (m, w)};
    for (uint32_t i = 0; i < x->nchild && !m->error; i++) {
        c = m->g->child[x->child_off + i];
        if (m->g->v[c].type == w->type && scored_may_fit (m, c, w))
            scored_add (m, c, m->above);
    }
    scored_order (m, base);
    while (!m->error && (c = scored_take (m, base)) != GRAPH_NONE)
        if (visit_child (m, u, c, w, false, exclusive, b) == 0 && tally (&t, 1, b, multiplier))
            break;
    m->nscored = base;
}

static bool scores_are_known (const struct matcher *m, uint32_t u, const struct want *list,
                              order_t order)
{
    const struct policy *p = m->policy;
    return p->ops->score && !p->ops->fixed_score && order != ORDER_RUN && order == p->top &&
           !list->next && list->kind == REQUEST_RESOURCE && list->type < m->g->ntypes &&
           !(m->flags & (MATCHER_EXACT_TIES | MATCHER_WALK_ONLY)) &&
           !(m->g->v[u].flags & (V_MORE | V_LOOSE)) && all_are_children (m, u, list);
}

/* The children of u come in the order of their scores, one way or the other, and nothing but its
 * children is asked for: the first that are enough are the best. */
static bool best_first (const struct matcher *m, uint32_t u, const struct want *list, order_t order)
{
    const struct policy *p = m->policy;
    if (order == ORDER_RUN || p->ops->score || !p->ops->fixed_score ||
        !(m->g->v[u].order & CHILDREN_ASCEND) ||
        (m->flags & (MATCHER_EXACT_TIES | MATCHER_WALK_ONLY)) || (m->g->v[u].flags & V_MORE))
        return false;
    for (const struct want *w = list; w; w = w->next)
        if (w->kind != REQUEST_RESOURCE)
            return false;
    return all_are_children (m, u, list);
}

/* Below a level that is passed through it goes on as above it. */
void walk_explore (struct matcher *m, uint32_t u, const struct want *list, bool pristine,
                   bool exclusive, struct bag *b, uint32_t multiplier, order_t order)
{
    const uint32_t *child = m->g->child + m->g->v[u].child_off;
    uint32_t before = m->multiplier;
    if (!list)
        return;
    m->multiplier = multiplier;
    if (m->satisfy && !m->policy->ops->arrange && !(m->flags & MATCHER_EXACT_TIES))
        explore_until (m, u, child, false, list, pristine, exclusive, b, multiplier);
    else if (m->policy->stop_on_1)
        explore_until (m, u, weights_children (m, u), false, list, pristine, exclusive, b,
                       multiplier);
    else if (!pristine && best_first (m, u, list, order))
        explore_until (m, u, child, order == ORDER_HIGH, list, pristine, exclusive, b, multiplier);
    else if (!pristine && scores_are_known (m, u, list, order))
        explore_scored (m, u, list, exclusive, b, multiplier);
    else
        explore_all (m, u, list, pristine, exclusive, b);
    m->multiplier = before;
}
