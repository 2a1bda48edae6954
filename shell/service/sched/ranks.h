/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ranks of R as vertices of a graph. */

#ifndef FLUX_SERVICE_SCHED_RANKS_H
#define FLUX_SERVICE_SCHED_RANKS_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/graph/result.h"
#include "lib/job/rv1.h"

/* The node of a rank, or GRAPH_NONE. */
uint32_t ranks_node (const struct graph *g, uint32_t rank);

/* Do two nodes of R have the same cores and GPUs? */
bool ranks_equal (const struct rv1_node *a, const struct rv1_node *b);

/* Add the ranks that the graph does not have: cluster, node, core and gpu. EINVAL with a sentence;
 * the graph is as it was then. */
int ranks_add (struct graph *g, const struct rv1 *R, flux_error_t *errp);

/* Give a node that the graph has the cores and GPUs of `rn`. What jobs hold cannot go: EBUSY, and
 * no change. With `mark` nothing is removed or added, but what is not in rn is down. */
int ranks_adjust (struct graph *g, uint32_t node, const struct rv1_node *rn, bool mark,
                  flux_error_t *errp);

/* Has the graph a vertex for each rank? EINVAL: the sentence names the rank that has none. */
int ranks_check (const struct graph *g, const struct rv1 *R, flux_error_t *errp);

/* Nodes lose the properties that only `old` (NULL: none) gave them and get those of `new`. */
void ranks_set_properties (struct graph *g, const struct rv1 *old, const struct rv1 *new);

/* Add to `held` the cores and GPUs at and below a vertex that jobs hold. */
int ranks_held (const struct graph *g, uint32_t v, const struct rv1_node *node, struct rv1 *held);

/* The cores and GPUs of R that the graph has, as what a job holds. The caller frees *items. ENOMEM.
 */
int ranks_items (const struct graph *g, const struct rv1 *R, struct result_item **items,
                 size_t *count);

#endif /* !FLUX_SERVICE_SCHED_RANKS_H */
