/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the reference's files share: what is free in one window. */

#ifndef FLUX_TESTSUITE_REFERENCE_PRIV_H
#define FLUX_TESTSUITE_REFERENCE_PRIV_H

#include <string.h>

#include "testsuite/unit/graph/reference.h"

enum { PERIOD_END = 1000, MAX_KINDS = 4, MAX_CONTENT = 4 };

/* Counted from the book of jobs and nothing else. */
struct view {
    const struct reference *ref;
    const struct graph *g;
    const struct request *req;
    const char *policy;
    uint32_t *used;
    uint32_t *jobs;
    bool *seen;       // by count_all(): a vertex with several parents counts once
    bool empty;       // satisfiability: nothing used, all up
    bool whole;       // the policy gives nodes whole
    uint32_t draw;    // the policy is power: units of each node; 0: another one
    uint32_t variant; // which of exclusive-or slots is tried
};

static inline bool same_type (const char *a, const char *b)
{
    return *a == *b && !strcmp (a, b);
}

static inline bool is_node (const struct graph *g, uint32_t v)
{
    return same_type (graph_type (g, v), "node");
}

/* ---- reference_count.c ---- */
/* Free units of a vertex itself. */
uint32_t view_avail (const struct view *w, uint32_t v);
/* All above v can be entered. */
bool view_reached (const struct view *w, uint32_t v);
/* Units that v offers as r, 0 when it does not fit. */
uint32_t view_fits (const struct view *w, uint32_t v, const struct request_resource *r, bool alone);
/* How much of c is below v, and for a slot how many can be made there. */
uint64_t view_below (const struct view *w, uint32_t v, const struct request_resource *c,
                     bool alone);
/* The count of a resource at the top that can be had; 0: none. */
uint32_t view_count (struct view *w, const struct request_resource *r);
/* r and its siblings as this variant has them. */
const struct request_resource *view_first (const struct view *w, const struct request_resource *r);
static inline const struct request_resource *view_next (const struct view *w,
                                                        const struct request_resource *r)
{
    return view_first (w, r->next);
}
/* Slots side by side are alternatives. */
bool view_either (const struct view *w, const struct request_resource *r);

/* ---- reference_choice.c ---- */
/* Are the chosen ones of a resource at the top those that the policy wants? */
const char *judge_choice (struct view *w, const struct request_resource *r,
                          const struct result *res);

#endif /* !FLUX_TESTSUITE_REFERENCE_PRIV_H */
