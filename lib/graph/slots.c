/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Slots: bundles of what lies right below one vertex. Vertices are given out whole, best first, so
 * a slot may hold more units than asked; only divisible pools are cut. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/walk_priv.h"

static bool divisible (const struct matcher *m, const struct group *grp)
{
    return m->g->v[m->edge[grp->edge].vertex].flags & V_DIVISIBLE;
}

uint32_t slot_fit (const struct want *w, uint64_t qualified)
{
    return request_count_fit (&w->r->count, qualified > UINT32_MAX ? UINT32_MAX : qualified);
}

/* How many bundles of `count` units the groups of one type make. */
static uint32_t count_shares (const struct matcher *m, const struct evals *ev, uint32_t count,
                              uint32_t enough)
{
    uint64_t sum = 0, shares = 0;
    for (uint32_t i = 0; i < ev->n && shares < enough; i++) {
        sum += ev->group[i].count;
        if (sum < count)
            continue;
        bool cut = divisible (m, &ev->group[i]);
        shares += cut ? sum / count : 1;
        sum = cut ? sum % count : 0;
    }
    return shares < enough ? shares : enough;
}

/* Take one type's share for a slot; edges follow each other in m->edge. */
static int take_share (struct matcher *m, struct slot_cursor *c, int64_t *score, uint32_t *nedges)
{
    for (uint32_t got = 0; got < c->count;) {
        if (c->at == c->ev->n)
            return -1;
        struct group *grp = &c->ev->group[c->at];
        struct edge e = m->edge[grp->edge];
        uint32_t units = grp->count - c->used;
        bool cut = divisible (m, grp) && units > c->count - got;
        if (cut)
            units = c->count - got;
        int at = units ? edge_add (m, e.vertex, units, e.request, true) : 0;
        if (at < 0) {
            m->error = ENOMEM;
            return -1;
        }
        *nedges += units > 0;
        *score += grp->score;
        got += units;
        if (cut)
            c->used += units;
        else {
            c->used = 0;
            c->at++;
        }
    }
    return 0;
}

int slot_take (struct matcher *m, struct slot_cursor **c, uint32_t n, struct bag *b)
{
    struct group slot = {.score = MATCH_MET, .count = 1, .edge = m->nedge};
    for (uint32_t i = 0; i < n; i++)
        if (take_share (m, c[i], &slot.score, &slot.nedges) < 0)
            return -1;
    if (bag_add (m, b, WANT_SLOT, &slot) < 0) {
        m->error = ENOMEM;
        return -1;
    }
    return 0;
}

static int sort_all (struct matcher *m, struct bag *b)
{
    for (struct evals *ev = b->first; ev; ev = ev->next)
        if (ev->qualified > 0 && evals_sort (m, ev, m->policy->slot) < 0) {
            m->error = ENOMEM;
            return -1;
        }
    return 0;
}

/* Of one place's slots no more than are wanted can be chosen, and the best come first; but where
 * others are compared with them, all count. */
static bool needs_all (const struct matcher *m, bool top)
{
    return (m->flags & MATCHER_EXACT_TIES) ||
           (top && (m->policy->top == ORDER_RUN || m->policy->ops->arrange));
}

static void make_slots (struct matcher *m, const struct want *slot, uint32_t nslots, bool all,
                        struct bag *found, struct bag *b)
{
    struct slot_cursor c[SLOT_MAX_TYPES], *list[SLOT_MAX_TYPES];
    uint32_t n = 0, enough = all ? UINT32_MAX : nslots;
    for (const struct want *w = slot->with; w; w = w->next) {
        struct evals *ev = bag_find (found, w->type);
        uint32_t count = ev ? slot_fit (w, ev->qualified) : 0;
        if (n == SLOT_MAX_TYPES || count == 0)
            return;
        c[n] = (struct slot_cursor){.ev = ev, .count = count};
        list[n] = &c[n];
        n++;
        enough = count_shares (m, ev, count, enough);
    }
    for (uint32_t i = 0; i < enough; i++)
        if (slot_take (m, list, n, b) < 0)
            return;
}

void walk_slots (struct matcher *m, uint32_t u, const struct want *slots, uint32_t nslots, bool top,
                 struct bag *b)
{
    struct bag found = {.first = NULL};
    struct want all[SLOT_MAX_TYPES];
    bool either = (m->flags & MATCHER_FLEXIBLE) && slots->next;
    const struct want *content = either ? slots_union (slots, all) : slots->with;
    bool every = needs_all (m, top);
    walk_explore (m, u, content, false, true, &found, nslots,
                  every || either ? ORDER_RUN : m->policy->slot);
    if (!m->error && sort_all (m, &found) == 0) {
        if (either)
            flexible_slots (m, slots, &found, b);
        else
            make_slots (m, slots, nslots, every, &found, b);
    }
    bag_clear (m, &found);
}
