/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Graphs from files. Each loader opens and closes its own transaction: on failure the graph is as
 * it was, and errp names the vertex, edge or key. Choose the dominant subsystem before. Each takes
 * O(length of the text + V). */

#ifndef FLUX_GRAPH_IO_LOAD_H
#define FLUX_GRAPH_IO_LOAD_H

#include <jansson.h>

#include "lib/graph/match.h"

/* JSON Graph Format (RFC 40): a document with "graph", or R with it under "scheduling". Vertices
 * whose path is in the graph already are taken as those: so it also grows a graph. */
int load_jgf (struct graph *g, const json_t *doc, flux_error_t *errp);
/* The same from text, in one pass when the graph is empty and the text is plain. */
int load_jgf_text (struct graph *g, const char *text, size_t len, flux_error_t *errp);
/* R version 1 (RFC 20) without JGF: cluster, nodes, and what R_lite lists; with the topology of a
 * TreePool scheduling key (RFC 49) in between. */
int load_rv1 (struct graph *g, const json_t *R, flux_error_t *errp);
/* Fluxion's graph generation recipes (GRUG), an XML text. */
int load_grug (struct graph *g, const char *text, size_t len, flux_error_t *errp);

/* What a JGF result holds, for matcher_update() and matcher_cancel_partial(): vertices are found by
 * path, then by rank. `whole`: all below an exclusive vertex belongs to it (the shorthand). The
 * caller frees *items. */
int load_jgf_items (struct graph *g, const json_t *doc, bool whole, struct result_item **items,
                    size_t *count, flux_error_t *errp);
/* The same for R version 1: nodes are exclusive when all in them is held. */
int load_rv1_items (struct graph *g, const json_t *R, struct result_item **items, size_t *count,
                    flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_LOAD_H */
