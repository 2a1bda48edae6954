/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Use as few vertices of a level (a rack, a switch) as can be: `pack level=rack`. As long as more
 * is wanted than any one of them has, the one with most; then the one with the least that is
 * enough. Candidates that lie below none come last. */

#include <string.h>

#include "lib/graph/policy_priv.h"

#define BELOW_NONE ((int64_t)UINT32_MAX) // the last

/* Candidates of one vertex of the level: from..to - 1. */
struct pile {
    int64_t key; // where it lies, BELOW_NONE: below no vertex of the level
    uint32_t from, to;
    uint64_t units;
    bool used;
};

static uint32_t next_pile (const struct arrangement *a, uint32_t from, struct pile *pile)
{
    *pile = (struct pile){.key = a->group[from].key, .from = from, .to = from};
    while (pile->to < a->n && a->group[pile->to].key == a->group[from].key)
        pile->units += a->group[pile->to++].count;
    return pile->to;
}

/* The pile to take now, as its first group; groups taken already have needs set. */
static struct pile best_pile (const struct arrangement *a, uint64_t left)
{
    struct pile best = {.from = GRAPH_NONE}, pile;
    for (uint32_t i = 0; i < a->n;) {
        i = next_pile (a, i, &pile);
        if (a->group[pile.from].needs || (best.from != GRAPH_NONE && pile.key == BELOW_NONE))
            continue;
        bool enough = pile.units >= left, was = best.units >= left;
        if (best.from == GRAPH_NONE ||
            (enough ? !was || pile.units < best.units : !was && pile.units > best.units))
            best = pile;
    }
    return best;
}

static int arrange (struct arrangement *a)
{
    uint32_t type = graph_type_find (a->g, a->policy->level), to = 0;
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t v = arrangement_ancestor (a, &a->group[i], type);
        a->group[i].key = v == GRAPH_NONE ? BELOW_NONE : a->g->v[v].pos;
        a->group[i].needs = 0;
    }
    arrangement_sort (a);
    for (uint64_t left = a->k; to < a->n;) {
        struct pile pile = best_pile (a, left);
        for (uint32_t i = pile.from; i < pile.to; i++) {
            a->group[i].needs = 1;
            a->spare[to++] = a->group[i];
        }
        if (pile.units >= left)
            break; // nobody looks at the others
        left -= pile.units;
    }
    memcpy (a->group, a->spare, to * sizeof (*a->group));
    a->n = to;
    return 0;
}

const struct policy_ops policy_pack = {
    .name = "pack",
    .description = "fewest vertices of a level (level=TYPE)",
    .set = policy_set_level,
    .check = policy_check_level,
    .lacks = policy_lacks_level,
    .arrange = arrange,
    .fixed_score = true,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
