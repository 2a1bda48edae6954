/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Take evenly from the vertices of a level (a rack, a switch): `spread level=rack`. First the best
 * candidate of each, then the second of each ...; those with more candidates go first. */

#include <string.h>

#include "lib/graph/policy_priv.h"

/* From "which vertex of the level" to "the how-manieth of it", more candidates first. */
static void number (struct arrangement *a)
{
    for (uint32_t from = 0, to; from < a->n; from = to) {
        int64_t key = a->group[from].key;
        for (to = from; to < a->n && a->group[to].key == key; to++)
            ;
        for (uint32_t i = from; i < to; i++)
            a->group[i].key = ((int64_t)(i - from) << 32) + (UINT32_MAX - (to - from));
    }
}

static int arrange (struct arrangement *a)
{
    uint32_t type = graph_type_find (a->g, a->policy->level);
    for (uint32_t i = 0; i < a->n; i++) {
        uint32_t v = arrangement_ancestor (a, &a->group[i], type);
        a->group[i].key = v == GRAPH_NONE ? UINT32_MAX : a->g->v[v].pos;
    }
    arrangement_sort (a);
    number (a);
    arrangement_sort (a);
    return 0;
}

const struct policy_ops policy_spread = {
    .name = "spread",
    .description = "evenly over the vertices of a level (level=TYPE)",
    .set = policy_set_level,
    .check = policy_check_level,
    .lacks = policy_lacks_level,
    .arrange = arrange,
    .fixed_score = true,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
