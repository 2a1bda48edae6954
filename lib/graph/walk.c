/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The walk: depth first through what the aggregates do not rule out. Each vertex that fits goes
 * into the bag of its parent with a score; where the request names a count, the best of the
 * bag are chosen and marked. Exact for every request; its choices are those of Fluxion's
 * traverser. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/walk_priv.h"

bool match_is_exclusive_type (const struct matcher *m, uint32_t type)
{
    return m->exclusive_type[type / 64] >> (type % 64) & 1;
}

void mark_set (struct matcher *m, uint32_t v, uint32_t needs, bool exclusive, uint32_t request)
{
    m->mark[v] = (struct mark){
        .seq = m->seq, .needs = needs | (exclusive ? MARK_EXCLUSIVE : 0), .request = request};
}

bool match_open (const struct matcher *m, uint32_t v)
{
    const struct vertex *x = &m->g->v[v];
    if (m->satisfy ? x->size == 0 : vertex_blocked (x))
        return false;
    return !m->req->constraint || (x->type != m->node && x->type != m->storage_node) ||
           constraint_match (m->req->constraint, m->g, v);
}

static bool has_below (const struct matcher *m, const struct vertex *x, const struct want *w)
{
    bool exact = m->flags & MATCHER_EXACT_TIES;
    if (!exact && (x->flags & V_LOOSE))
        return true;
    for (uint32_t i = w->need; i < w->need + w->nneed; i++) {
        const struct agg *a = vertex_agg (m->g, x, m->need[i].type);
        /* exactly like Fluxion: only the types of pruning filters, which leaves don't have */
        if (exact && (x->agg == GRAPH_NONE || !prune_counts (m, x->type, m->need[i].type)))
            continue;
        if (!a || (m->satisfy ? a->total : a->avail) < m->need[i].count)
            return false;
    }
    return true;
}

/* Nobody else may be on v when it is to be held alone. */
static bool may_hold (const struct matcher *m, const struct vertex *x, const struct want *w,
                      bool exclusive)
{
    if (exclusive && w->r->exclusive == REQUEST_FALSE)
        return false;
    if (!exclusive && w->r->exclusive != REQUEST_TRUE)
        return true;
    return m->satisfy || x->njobs == 0 || (x->flags & V_DIVISIBLE);
}

/* Some of w must be found below a vertex that is not named in the request. */
static bool leads_to (const struct matcher *m, const struct vertex *x, const struct want *w)
{
    if (x->flags & V_LOOSE)
        return true;
    if (x->agg == GRAPH_NONE || w->type == GRAPH_NONE)
        return false;
    if (w->kind == REQUEST_SLOT)
        return has_below (m, x, w);
    const struct agg *a = vertex_agg (m->g, x, w->type);
    return a && (m->satisfy ? a->total : a->avail) > 0 && has_below (m, x, w);
}

static bool prune (const struct matcher *m, uint32_t u, const struct want *list, bool exclusive,
                   match_kind_t kind)
{
    const struct vertex *x = &m->g->v[u];
    if (!match_open (m, u))
        return true;
    if (!m->satisfy && x->njobs && x->type == m->node && match_is_exclusive_type (m, x->type))
        return true;
    bool any = false, slot = false;
    for (const struct want *w = list; w; w = w->next) {
        if (w->kind == REQUEST_SLOT) {
            slot = true;
            any = any || has_below (m, x, w);
        } else if (w->type == x->type) {
            if (!may_hold (m, x, w, exclusive) || !has_below (m, x, w))
                return true;
            any = any || !(m->flags & MATCHER_EXACT_TIES);
        } else if (kind == KIND_ABOVE)
            any = any || leads_to (m, x, w);
    }
    if (m->flags & MATCHER_EXACT_TIES)
        return slot && !any;
    return (slot || kind == KIND_ABOVE) && !any;
}

static bool is_exclusive (const struct want *list, uint32_t type)
{
    for (const struct want *w = list; w; w = w->next)
        if (w->type == type && w->r->exclusive == REQUEST_TRUE)
            return true;
    return false;
}

/* With MATCHER_THROUGH it will do that they are below a node, or below what has no node in it. */
static bool may_reach (const struct matcher *m, const struct vertex *x)
{
    return (m->flags & MATCHER_THROUGH) &&
           (x->type == m->node || m->node == GRAPH_NONE || !vertex_agg (m->g, x, m->node));
}

/* All types in a slot are found right below u. */
static bool slot_fits (const struct matcher *m, uint32_t u, const struct want *slot)
{
    const struct vertex *x = &m->g->v[u];
    struct children c = graph_children (m->g, u);
    for (const struct want *w = slot->with; w; w = w->next) {
        if (!(x->flags & V_MORE) && !vertex_agg (m->g, x, w->type))
            return false;
        if (may_reach (m, x))
            continue;
        uint32_t i = 0;
        while (i < c.n && m->g->v[children_at (&c, i)].type != w->type)
            i++;
        if (i == c.n)
            return false;
    }
    return true;
}

/* Of slots that stand alone or are alternatives one can be made at u. */
static bool any_slot_fits (const struct matcher *m, uint32_t u, const struct want *slots)
{
    bool flexible = m->flags & MATCHER_FLEXIBLE;
    for (const struct want *s = slots; s; s = flexible ? s->next : NULL)
        if (s->kind == REQUEST_SLOT && slot_fits (m, u, s))
            return true;
    return false;
}

/* What of the list u is. Two wishes that u could be at once are none, unless slots are
 * alternatives; like Fluxion, with exact ties a slot is one that any vertex could be. */
static match_kind_t classify (const struct matcher *m, uint32_t u, const struct want *list,
                              bool pristine, struct found *f)
{
    const struct want *slots = NULL, *within = NULL;
    uint32_t type = m->g->v[u].type, nwithin = 0;
    *f = (struct found){.next = list};
    bool flexible = m->flags & MATCHER_FLEXIBLE, exact = m->flags & MATCHER_EXACT_TIES;
    for (const struct want *w = list; w; w = w->next) {
        if (w->type == type) {
            if (f->resource || (slots && exact && !flexible))
                return KIND_NONE;
            f->resource = w;
            for (const struct want *c = w->with; c; c = c->next)
                if (c->kind == REQUEST_SLOT) {
                    within = flexible ? w->with : c;
                    nwithin = walk_wanted (m, c);
                }
        } else if (w->kind == REQUEST_SLOT) {
            if ((f->resource && exact) || (slots && !flexible))
                return KIND_NONE;
            slots = flexible ? list : w;
            f->nslots = walk_wanted (m, w);
        }
    }
    if (f->resource && slots && (exact || any_slot_fits (m, u, slots)))
        return KIND_NONE;
    if (f->resource) {
        slots = within;
        f->nslots = nwithin;
    }
    if (any_slot_fits (m, u, slots)) {
        f->slots = slots;
        return KIND_SLOT;
    }
    if (f->resource) {
        f->next = f->resource->with;
        return KIND_RESOURCE;
    }
    return pristine || (m->flags & MATCHER_THROUGH) ? KIND_ABOVE : KIND_NONE;
}

int walk_add_found (struct matcher *m, struct bag *b, uint32_t v, const struct want *list,
                    int64_t score, uint32_t avail, bool exclusive)
{
    uint32_t request = GRAPH_NONE;
    for (const struct want *w = list; w; w = w->next)
        if (w->type == m->g->v[v].type)
            request = w->r->index;
    int e = edge_add (m, v, avail, request, exclusive);
    struct group grp = {.score = score, .count = avail, .edge = e, .nedges = 1};
    if (e < 0 || bag_add (m, b, m->g->v[v].type, &grp) < 0) {
        m->error = ENOMEM;
        return -1;
    }
    return 0;
}

/* Choose what the request wants right below u, from what was found there. */
static int finish (struct matcher *m, const struct want *resource, struct bag *b)
{
    for (const struct want *c = resource ? resource->with : NULL; c; c = c->next)
        if (evals_choose (m, b, c->type, &c->r->count, m->policy->nested, false) < 0)
            return -1;
    return 0;
}

/* Slots of one place draw from the same pool. */
static uint32_t drawn_before (const struct matcher *m, uint32_t v)
{
    const struct mark *mark = &m->mark[v];
    return mark->seq == m->seq ? mark->needs & ~MARK_EXCLUSIVE : 0;
}

/* Mark what was chosen, and the vertices between it and u, through which it is reached. */
static void enforce (struct matcher *m, uint32_t u, const struct bag *b)
{
    for (const struct evals *ev = b->first; ev; ev = ev->next)
        for (uint32_t i = 0; i < ev->chosen; i++)
            for (uint32_t e = 0; e < ev->group[i].nedges; e++) {
                const struct edge *edge = &m->edge[ev->group[i].edge + e];
                if (edge->vertex == u)
                    continue;
                uint32_t needs = edge->count;
                if (m->g->v[edge->vertex].flags & V_DIVISIBLE)
                    needs = ev->type == WANT_SLOT ? needs + drawn_before (m, edge->vertex)
                                                  : ev->group[i].needs;
                mark_set (m, edge->vertex, needs, edge->exclusive, edge->request);
                for (uint32_t p = walk_parent (m, edge->vertex);
                     p != u && p != GRAPH_NONE && m->mark[p].seq != m->seq; p = walk_parent (m, p))
                    mark_set (m, p, m->g->v[p].size, false, GRAPH_NONE);
            }
}

/* A vertex with several parents is entered once. */
static void enter (struct matcher *m, uint32_t u)
{
    uint32_t *list = match_room (m->entered, &m->entered_room, m->nentered + 1, sizeof (*list));
    m->passage[u].seen = m->seq;
    if (!list) {
        m->error = ENOMEM;
        return;
    }
    m->entered = list;
    list[m->nentered++] = u;
}

/* Where there was nothing after all, others may be entered through another parent; Fluxion, which
 * is followed to the letter with exact ties, doesn't look again. */
static void leave (struct matcher *m, uint32_t before)
{
    while (!(m->flags & MATCHER_EXACT_TIES) && m->nentered > before)
        m->passage[m->entered[--m->nentered]].seen = 0;
}

int walk_visit (struct matcher *m, uint32_t u, const struct want *list, bool pristine, bool *excl,
                struct bag *to_parent, int64_t *score, uint32_t *avail)
{
    const struct vertex *x = &m->g->v[u];
    bool exclusive = *excl || is_exclusive (list, x->type);
    struct found f;
    m->count.visits++;
    m->count.preorder++;
    match_kind_t kind = classify (m, u, list, pristine, &f);
    if (kind == KIND_NONE || prune (m, u, list, exclusive, kind))
        return -1;
    uint32_t before = m->nentered;
    if (x->flags & V_MULTI)
        enter (m, u);
    struct bag b = {.first = NULL};
    bool below = (pristine || (m->flags & MATCHER_THROUGH)) && kind == KIND_ABOVE;
    int64_t above = m->above;
    if (m->policy->node_centric && x->type == m->node)
        m->above += policy_node_factor (m->g, u);
    if (kind == KIND_SLOT)
        walk_slots (m, u, f.slots, f.nslots, pristine && !f.resource, &b);
    else
        walk_explore (m, u, f.next, below, exclusive, &b, kind == KIND_ABOVE ? m->multiplier : 1,
                      m->policy->nested);
    m->above = above;
    *excl = exclusive;
    bool nothing = kind == KIND_ABOVE && !b.first;
    if (finish (m, f.resource, &b) < 0 || m->error) {
        bag_clear (m, &b);
        leave (m, before);
        return -1;
    }
    if (nothing)
        leave (m, before);
    if (b.constrained)
        enforce (m, u, &b);
    else
        bag_merge (m, to_parent, &b);
    bag_clear (m, &b);
    *avail = m->satisfy ? x->size : x->size - x->used;
    *score = policy_score (m->policy, m->g, u, m->above);
    m->count.postorder++;
    return 0;
}

static int finish_graph (struct matcher *m, const struct want *list, struct bag *b)
{
    for (const struct want *w = list; w; w = w->next)
        if (evals_choose (m, b, w->type, &w->r->count, m->policy->top, true) < 0)
            return -1;
    return 0;
}

/* The whole graph has what the whole request needs, wherever it lies. */
static bool enough_in_all (const struct matcher *m)
{
    const struct vertex *root = &m->g->v[m->g->root];
    if (root->flags & V_LOOSE)
        return true;
    for (uint32_t i = m->all; i < m->nneed; i++) {
        const struct agg *a = vertex_agg (m->g, root, m->need[i].type);
        uint64_t units = a ? (m->satisfy ? a->total : a->avail) : 0;
        if (m->need[i].type == root->type)
            units += root->size;
        if (units < m->need[i].count)
            return false;
    }
    return true;
}

int walk_select (struct matcher *m, const struct want *list, struct mark *root)
{
    struct graph *g = m->g;
    struct bag b = {.first = NULL};
    int64_t score;
    uint32_t avail, needs = 1;
    bool excl = false;
    int rc = -1;
    m->nedge = m->nentered = 0;
    m->above = 0;
    m->error = 0;
    m->charges.n = 0;
    m->multiplier = 1;
    m->nscored = 0;
    if (((m->flags & MATCHER_EXACT_TIES) || enough_in_all (m)) &&
        walk_visit (m, g->root, list, true, &excl, &b, &score, &avail) == 0 &&
        walk_add_found (m, &b, g->root, list, score, avail, excl) == 0 &&
        finish_graph (m, list, &b) == 0) {
        for (const struct want *w = list; w; w = w->next)
            if (w->type == g->v[g->root].type)
                needs = request_count_fit (&w->r->count, avail);
        enforce (m, g->root, &b);
        *root = (struct mark){.seq = m->seq,
                              .needs = needs | (excl ? MARK_EXCLUSIVE : 0),
                              .request =
                                  list->type == g->v[g->root].type ? list->r->index : GRAPH_NONE};
        rc = 0;
    }
    bag_clear (m, &b);
    if (m->error) {
        errno = m->error;
        return -1;
    }
    if (rc < 0)
        errno = EBUSY;
    return rc;
}
