/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* All of a graph as text, to compare: vertices with their state and properties, and edges. */

#ifndef FLUX_TESTSUITE_GRAPH_DUMP_H
#define FLUX_TESTSUITE_GRAPH_DUMP_H

#include "lib/graph/graph.h"
#include "lib/util/buf.h"

void graph_dump (const struct graph *g, struct buf *b);

#endif /* !FLUX_TESTSUITE_GRAPH_DUMP_H */
