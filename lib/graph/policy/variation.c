/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Vertices of the best performance class first: property perf_class, 0 (best) to 9999. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/policy_priv.h"

enum { WORST_CLASS = 9999 };

static int64_t score (const struct policy *p, const struct graph *g, uint32_t v, int64_t above)
{
    (void)p;
    (void)above;
    const char *text = g->info[v].prop == GRAPH_NONE ? NULL : graph_property (g, v, "perf_class");
    char *end;
    errno = 0;
    long n = text ? strtol (text, &end, 10) : WORST_CLASS;
    if (text && (end == text || errno || n < 0 || n > WORST_CLASS))
        n = WORST_CLASS;
    return MATCH_MET + n;
}

const struct policy_ops policy_variation = {
    .name = "variation",
    .description = "best performance class (property perf_class)",
    .score = score,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_HIGH,
};
