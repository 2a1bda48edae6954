/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Time: how much of several types is free when. One planner lies over the whole graph (totals
 * at the root) and is used only while jobs wait for the future; matching at `now` never asks it.
 * A span takes counts from [start, end). P is the number of distinct times. */

#ifndef FLUX_GRAPH_PLANNER_H
#define FLUX_GRAPH_PLANNER_H

#include <flux/types.h>

#include "lib/graph/types.h"

struct planner;

/* totals[ntypes] units from start to end (seconds, start < end). NULL: EINVAL, ENOMEM. */
struct planner *planner_create (int64_t start, int64_t end, const uint64_t *totals,
                                uint32_t ntypes);
void planner_destroy (struct planner *p);

/* Many spans at once, into a planner that has none: as if added one by one, in O(n log n). Those
 * that are empty or outside the planner's time are passed over. ENOMEM: it still has none. */
struct planner_span {
    int64_t start, end;
    const uint64_t *counts;
};
int planner_fill (struct planner *p, const struct planner_span *spans, size_t n);

/* Add or remove a span; counts[ntypes]. O(P + points touched * ntypes). Removing what was not
 * added is the caller's error. Counts may exceed what is free (a vertex drained under a running
 * job): availability is then 0. EINVAL: empty or outside the planner's time; ENOMEM. */
int planner_add (struct planner *p, int64_t start, int64_t end, const uint64_t *counts);
int planner_remove (struct planner *p, int64_t start, int64_t end, const uint64_t *counts);

/* Are counts[] free throughout [at, at + duration)? */
bool planner_fits (const struct planner *p, int64_t at, int64_t duration, const uint64_t *counts);

/* The earliest time >= from at which the plan changes and counts[] are free for the duration, or
 * `from` itself when they are free then; -1 with ENOENT when there is none. O(P * ntypes). */
int64_t planner_first_fit (const struct planner *p, int64_t from, int64_t duration,
                           const uint64_t *counts);
/* The next point in time after t, -1 at the end. */
int64_t planner_next_point (const struct planner *p, int64_t t);

#endif /* !FLUX_GRAPH_PLANNER_H */
