/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The instance's resources as a graph: a cluster of nodes with cores and GPUs, made from R. */

#ifndef FLUX_SERVICE_SCHED_INVENTORY_H
#define FLUX_SERVICE_SCHED_INVENTORY_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/graph/graph.h"

/* Add the ranks of R that the graph does not have yet. EINVAL with a sentence. */
int inventory_add (struct graph *g, const json_t *R, flux_error_t *errp);

/* The node of a rank, or GRAPH_NONE. */
uint32_t inventory_node (const struct graph *g, uint32_t rank);

/* The core or gpu with this id below a node, or GRAPH_NONE. */
uint32_t inventory_child (const struct graph *g, uint32_t node, const char *type, int64_t id);

#endif /* !FLUX_SERVICE_SCHED_INVENTORY_H */
