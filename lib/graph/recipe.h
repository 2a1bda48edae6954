/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A graph of any size from one line, in the manner of shape strings (RFC 46):
 *
 *     cluster/rack=100/node=100/[socket=2/core=32;gpu=4;memory=256{unit:GB}]
 *
 *     recipe   := vertex [ "/" below ]
 *     below    := recipe | "[" recipe { ";" recipe } "]"
 *     vertex   := type [ "=" count ] [ "{" key ":" value { "," key ":" value } "}" ]
 *
 * count is the number of vertices under each parent, except that a vertex with a `unit` is one
 * pool of that size. Keys: unit; size (of each, 1); basename; ids ("parent": counted from 0
 * under each parent, "node": on through the nearest node, "all": on through the graph); prop
 * (name or name=value, may repeat); split (true: a divisible pool); rank (true: vertices of this
 * type carry ranks 0, 1, ... which all below them share).
 * Without `ids`: "node" below a node, else "all"; without any `rank`, nodes carry the ranks.
 * Built depth first. O(vertices). */

#ifndef FLUX_GRAPH_RECIPE_H
#define FLUX_GRAPH_RECIPE_H

#include "lib/graph/graph.h"

/* A new graph, or NULL with errno EINVAL (errp names the place), ENOSPC (a limit), ENOMEM. */
struct graph *graph_from_recipe (const char *recipe, flux_error_t *errp);

#endif /* !FLUX_GRAPH_RECIPE_H */
