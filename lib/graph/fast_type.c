/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* "n of one type, each with ...": vertices in the policy's order out of an index; those that may
 * fit by their numbers are visited as the walk would visit them. */

#include <errno.h>

#include "lib/graph/index.h"

struct pick {
    struct matcher *m;
    const struct want *w;
    const struct index *ix;
    struct index_need need;
    uint64_t sum;    // units found
    uint32_t target; // units wanted at most
    bool sure;       // who fits by its numbers fits, so one visit tells for all
};

static bool full (const struct pick *p)
{
    return p->sum >= p->target || p->m->error;
}

uint32_t fast_visit (struct matcher *m, uint32_t v, const struct want *w)
{
    struct bag found = {.first = NULL};
    uint32_t avail;
    int64_t score;
    bool excl = false;
    if (!fast_reach (m, v, &m->above))
        return 0;
    int rc = walk_visit (m, v, w, true, &excl, &found, &score, &avail);
    bag_clear (m, &found);
    if (rc < 0)
        return 0;
    m->nedge = 0; // what is below it has been marked
    fast_pick (m, v, avail, w->r->index, excl);
    return avail;
}

static void try_place (struct pick *p, uint32_t i)
{
    p->sum += fast_visit (p->m, p->ix->order[i], p->w);
}

static void pick_up (struct pick *p, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; !full (p); i++)
        if ((i = index_next (p->m, p->ix, &p->need, i)) > to)
            break;
        else
            try_place (p, i);
}

/* Greatest score first; equal ones still depth first. */
static void pick_down (struct pick *p)
{
    const struct index *ix = p->ix;
    uint32_t i = ix->n - 1;
    while (!full (p) && (i = index_prev (p->m, ix, &p->need, i)) != GRAPH_NONE) {
        uint32_t first = i;
        while (first > 0 && ix->key[first - 1] == ix->key[i])
            first--;
        pick_up (p, first, i);
        if (first == 0)
            break;
        i = first - 1;
    }
}

/* Runs of consecutive scores that fit, the highest run first, each depth first. */
static void pick_runs (struct pick *p)
{
    const struct index *ix = p->ix;
    uint32_t i = ix->n - 1;
    while (!full (p) && (i = index_prev (p->m, ix, &p->need, i)) != GRAPH_NONE) {
        uint32_t lack = index_prev_lack (p->m, ix, &p->need, i);
        uint32_t first = lack == GRAPH_NONE || lack + 1 < ix->run[i] ? ix->run[i] : lack + 1;
        pick_up (p, first, i);
        if (first == 0)
            break;
        i = first - 1;
    }
}

static bool same_need (const struct matcher *m, const struct want *w, uint32_t type)
{
    return w->nneed == 1 && m->need[w->need].type == type;
}

static bool are_leaves (const struct index *ix, uint32_t type)
{
    for (uint32_t k = 0; k < ix->ntypes; k++)
        if (ix->type[k] == type)
            return ix->leaf[k];
    return false;
}

/* Do the numbers of a vertex decide whether it fits? */
static bool is_sure (const struct pick *p, bool alone)
{
    const struct want *w = p->w, *slot = w->with;
    if (p->m->req->constraint || p->ix->divisible)
        return false;
    if (!slot)
        return true;
    if (alone)
        return p->ix->uniform && p->ix->nidle == p->ix->nfull;
    return slot->kind == REQUEST_SLOT && !slot->next && slot->with && !slot->with->next &&
           slot->with->kind == REQUEST_RESOURCE && !slot->with->with &&
           slot->with->r->count.min == 1 && slot->with->r->count.max == 1 &&
           slot->with->r->exclusive != REQUEST_FALSE && same_need (p->m, w, slot->with->type) &&
           slot->r->count.min == slot->r->count.max && p->ix->max_depth <= 2 &&
           are_leaves (p->ix, slot->with->type);
}

/* -1: some type is nowhere below the vertices. */
static int set_need (struct pick *p, bool alone)
{
    const struct want *w = p->w;
    index_ask (&p->need, ROW_OWN, 1);
    if (alone && !p->ix->divisible)
        index_ask (&p->need, ROW_IDLE, 1);
    for (uint32_t i = w->need; i < w->need + w->nneed; i++) {
        uint32_t k = 0;
        while (k < p->ix->ntypes && p->ix->type[k] != p->m->need[i].type)
            k++;
        if (k == p->ix->ntypes || p->m->need[i].count > UINT32_MAX)
            return -1;
        index_ask (&p->need, ROW_BELOW + k, p->m->need[i].count);
    }
    return 0;
}

int fast_choose (struct matcher *m, const struct want *w, uint64_t sum)
{
    uint32_t count = request_count_fit (&w->r->count, sum < UINT32_MAX ? sum : UINT32_MAX);
    int64_t left = count;
    if (count == 0)
        return -1;
    for (uint32_t i = 0; left > 0 && i < m->npick; i++) {
        struct edge e = m->pick[i];
        bool cut = (m->g->v[e.vertex].flags & V_DIVISIBLE) && left < e.count;
        fast_mark (m, e.vertex, cut ? left : e.count, e.exclusive, e.request);
        left -= e.count;
    }
    return 1;
}

int fast_type (struct matcher *m, const struct want *w)
{
    struct pick p = {.m = m, .w = w, .target = request_count_max (&w->r->count)};
    bool alone =
        w->r->exclusive == REQUEST_TRUE || (m->policy->node_exclusive && w->type == m->node);
    struct index *ix = index_for_type (m, w->type);
    if (!ix)
        return 0;
    index_refresh (m);
    p.ix = ix;
    if (set_need (&p, alone) < 0)
        return -1;
    if (m->policy->top == ORDER_LOW)
        pick_up (&p, 0, ix->n - 1);
    else if (m->policy->top == ORDER_HIGH)
        pick_down (&p);
    else if (ix->unique && ix->monotone && is_sure (&p, alone))
        pick_runs (&p);
    else
        return 0;
    return m->error ? -1 : fast_choose (m, w, p.sum);
}
