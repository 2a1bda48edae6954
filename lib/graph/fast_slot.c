/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* "n slots": the best slots of the whole graph by best-first search down the index. A part of the
 * list goes into a heap with a bound that none of its slots can beat; what comes out on top is
 * split, or is a slot, and then it is the best one left. */

#include <errno.h>

#include "lib/graph/index.h"

enum { MAX_RUN_IDS = 4096 };

struct fast_entry {
    int64_t bound;  // no slot in it is better; the smaller the better
    uint32_t place; // first place in it
    uint32_t node;  // of the index's tree; 0: a slot
    uint32_t group; // a slot: its number in evals
    struct evals *ev;
};

struct best {
    struct matcher *m;
    const struct want *slot;
    struct index *ix;
    struct index_need need;
    uint32_t count[INDEX_MAX_TYPES]; // units of each type in a slot
    uint32_t units;                  // of all types
    bool desc;
    bool deep; // the content has a content of its own
    uint32_t target;
    uint32_t picked;
    int64_t highest;    // id of the run being picked
    struct evals *used; // to give back
};

static bool ahead (const struct fast_entry *a, const struct fast_entry *b)
{
    if (a->bound != b->bound)
        return a->bound < b->bound;
    if (a->place != b->place)
        return a->place < b->place;
    return a->group < b->group;
}

static void push (struct matcher *m, struct fast_entry e)
{
    struct fast_entry *h = match_room (m->heap, &m->heap_room, m->nheap + 1, sizeof (*h));
    if (!h) {
        m->error = ENOMEM;
        return;
    }
    m->heap = h;
    uint32_t i = m->nheap++;
    for (; i > 0 && ahead (&e, &h[(i - 1) / 2]); i = (i - 1) / 2)
        h[i] = h[(i - 1) / 2];
    h[i] = e;
}

static struct fast_entry pop (struct matcher *m)
{
    struct fast_entry *h = m->heap;
    struct fast_entry top = h[0], e = h[--m->nheap];
    uint32_t i = 0;
    for (uint32_t c; (c = 2 * i + 1) < m->nheap; i = c) {
        if (c + 1 < m->nheap && ahead (&h[c + 1], &h[c]))
            c++;
        if (!ahead (&h[c], &e))
            break;
        h[i] = h[c];
    }
    h[i] = e;
    return top;
}

/* Sum of the k best ids, each 1 worse than the one before when no two are equal. */
static int64_t bound_of (const struct best *b, uint32_t node)
{
    const uint32_t *row = b->ix->max + (size_t)node * b->ix->nrows;
    int64_t sum = MATCH_MET;
    if (b->ix->floor)
        sum += (((int64_t)UINT32_MAX - row[ROW_ABOVE_INV]) << FLOOR_SHIFT) * b->units;
    for (uint32_t t = 0; t < b->ix->ntypes; t++) {
        const uint32_t *r = row + ROW_SLOT + 3 * t;
        int64_t k = b->count[t];
        int64_t id = b->desc ? (int64_t)r[ROW_MAX_ID] - 1 : UINT32_MAX - (int64_t)r[ROW_MIN_INV];
        int64_t steps = b->ix->distinct ? k * (k - 1) / 2 : 0;
        sum += k * (id + 2) + (b->desc ? -steps : steps);
    }
    if (b->m->policy->node_centric) {
        int64_t above = b->desc ? row[ROW_ABOVE] : UINT32_MAX - row[ROW_ABOVE_INV];
        sum += above * b->units;
    }
    return b->desc ? -sum : sum;
}

static void push_node (struct best *b, uint32_t node)
{
    b->m->count.visits++;
    if (!index_can (b->ix, b->ix->max, node, &b->need))
        return;
    uint32_t first = node;
    while (first < b->ix->size)
        first *= 2;
    push (b->m, (struct fast_entry){
                    .bound = bound_of (b, node), .place = first - b->ix->size, .node = node});
}

static void push_slot (struct best *b, struct evals *ev, uint32_t group, uint32_t place)
{
    if (group < ev->n)
        push (b->m, (struct fast_entry){.bound = b->desc ? -ev->group[group].score
                                                         : ev->group[group].score,
                                        .place = place,
                                        .group = group,
                                        .ev = ev});
}

/* The slots of one place, sorted, exactly as the walk makes them; NULL: none. */
static struct evals *slots_at (struct best *b, uint32_t place)
{
    struct matcher *m = b->m;
    struct bag found = {.first = NULL};
    uint32_t v = b->ix->order[place], avail;
    int64_t score;
    bool excl = false;
    if (!fast_reach (m, v, &m->above) ||
        walk_visit (m, v, b->slot, true, &excl, &found, &score, &avail) < 0)
        return NULL;
    struct evals *ev = NULL;
    for (struct evals **link = &found.first; *link; link = &(*link)->next)
        if ((*link)->type == WANT_SLOT) {
            ev = *link;
            *link = ev->next;
            ev->next = b->used;
            b->used = ev;
            break;
        }
    bag_clear (m, &found);
    return ev;
}

static void pick_slot (struct best *b, const struct group *grp)
{
    for (uint32_t e = 0; e < grp->nedges; e++) {
        struct edge edge = b->m->edge[grp->edge + e];
        fast_pick (b->m, edge.vertex, edge.count, edge.request, true);
    }
    b->picked++;
}

static bool full (const struct best *b)
{
    return b->picked >= b->target || b->m->error;
}

static void search (struct best *b)
{
    struct matcher *m = b->m;
    m->nheap = 0;
    push_node (b, 1);
    while (m->nheap && !full (b)) {
        struct fast_entry e = pop (m);
        m->count.visits++;
        if (e.node == 0) {
            pick_slot (b, &e.ev->group[e.group]);
            push_slot (b, e.ev, e.group + 1, e.place);
        } else if (e.node >= b->ix->size) {
            struct evals *ev = slots_at (b, e.place);
            if (ev)
                push_slot (b, ev, 0, e.place);
        } else {
            push_node (b, 2 * e.node);
            push_node (b, 2 * e.node + 1);
        }
    }
}

/* One unit per slot: its score follows from its id alone, so the runs of consecutive scores are
 * the runs of ids that are free anywhere. */
static void pick_run (struct best *b, uint32_t least)
{
    struct index_need need = {.n = 0};
    index_ask (&need, ROW_SLOT, 1);
    index_ask (&need, ROW_SLOT + ROW_MAX_ID, least + 1);
    for (uint32_t i = 0; !full (b); i++) {
        if ((i = index_next (b->m, b->ix, &need, i)) == GRAPH_NONE)
            return;
        struct evals *ev = slots_at (b, i);
        for (uint32_t k = 0; ev && k < ev->n && !full (b); k++) {
            int64_t score = ev->group[k].score - 2 * MATCH_MET - 1; // the id
            if (score >= least && score <= b->highest)
                pick_slot (b, &ev->group[k]);
        }
    }
}

static void search_runs (struct best *b)
{
    const struct index *ix = b->ix;
    for (int64_t hi = (int64_t)ix->nids - 1; hi >= 0 && !full (b); hi--) {
        if (!ix->id_count[hi])
            continue;
        int64_t lo = hi;
        while (lo > 0 && ix->id_count[lo - 1])
            lo--;
        b->highest = hi;
        pick_run (b, lo);
        hi = lo;
    }
}

/* What lies below the slot's content is left to the visit of the places that may do. */
static bool set_content (struct best *b, uint32_t *types, uint32_t *n)
{
    *n = 0;
    for (const struct want *w = b->slot->with; w; w = w->next) {
        const struct request_count *c = &w->r->count;
        if (w->kind != REQUEST_RESOURCE || w->type >= b->m->g->ntypes || c->min != c->max ||
            c->nvalues || w->r->exclusive == REQUEST_FALSE || *n == INDEX_MAX_TYPES)
            return false;
        b->deep = b->deep || w->with;
        types[*n] = w->type;
        b->count[(*n)++] = c->min;
        b->units += c->min;
    }
    return true;
}

static int choose (struct best *b)
{
    struct matcher *m = b->m;
    uint32_t count = request_count_fit (&b->slot->r->count, b->picked);
    uint32_t per_slot = b->picked ? m->npick / b->picked : 0;
    if (count == 0)
        return -1;
    for (uint32_t i = 0; i < count * per_slot; i++)
        fast_mark (m, m->pick[i].vertex, m->pick[i].count, true, m->pick[i].request);
    return 1;
}

/* Where levels are passed through, slots of several units are made at the node, and so are those
 * that come in runs. */
static bool made_elsewhere (const struct best *b, bool runs)
{
    return (b->m->flags & MATCHER_THROUGH) && b->ix->inner && (runs || b->units > 1 || b->deep);
}

static bool has_order (const struct best *b, bool runs)
{
    const struct policy *p = b->m->policy;
    if ((p->ops->score && !p->ops->floor) || p->ops->arrange || p->stop_on_1)
        return false;
    if (runs)
        return p->slot == ORDER_HIGH && !p->node_centric && b->units == 1 && !b->deep &&
               !b->m->req->constraint;
    return p->slot == p->top && !(p->ops->floor && p->top != ORDER_LOW);
}

static int search_all (struct best *b, uint32_t ntypes, bool runs)
{
    struct matcher *m = b->m;
    index_refresh (m);
    b->desc = m->policy->top == ORDER_HIGH;
    for (uint32_t t = 0; t < ntypes; t++)
        index_ask (&b->need, ROW_SLOT + 3 * t, b->count[t]);
    index_ask (&b->need, ROW_OPEN, 1);
    if (runs)
        search_runs (b);
    else
        search (b);
    while (b->used) {
        struct evals *ev = b->used;
        b->used = ev->next;
        ev->next = m->free_evals;
        m->free_evals = ev;
    }
    return m->error ? -1 : choose (b);
}

int fast_slot (struct matcher *m, const struct want *slot)
{
    struct best b = {.m = m, .slot = slot, .target = request_count_max (&slot->r->count)};
    uint32_t types[INDEX_MAX_TYPES], n;
    bool runs = m->policy->top == ORDER_RUN;
    if (!set_content (&b, types, &n))
        return 0;
    if (!(m->flags & MATCHER_THROUGH) && index_count_places (m, types, n) == 0)
        return -1; // nowhere do they lie side by side
    if (!has_order (&b, runs) || !(b.ix = index_for_slot (m, types, n)) || !b.ix->plain ||
        made_elsewhere (&b, runs) || (runs && (!b.ix->has_ids || b.ix->nids > MAX_RUN_IDS)))
        return 0;
    return search_all (&b, n, runs);
}
