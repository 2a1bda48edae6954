/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What was chosen or found, as text: the formats of Fluxion's resource-query. Vertices and edges
 * are handed in as result_walk() visits them. */

#ifndef FLUX_GRAPH_IO_WRITE_H
#define FLUX_GRAPH_IO_WRITE_H

#include <jansson.h>

#include "lib/graph/match.h"
#include "lib/util/buf.h"

typedef enum {
    WRITE_SIMPLE,
    WRITE_PRETTY_SIMPLE,
    WRITE_JGF,
    WRITE_JGF_SHORTHAND, // leaves out what lies below an exclusive vertex
    WRITE_RLITE,
    WRITE_RV1,
    WRITE_RV1_NOSCHED,
    WRITE_RV1_SHORTHAND,
} write_format_t;

/* "simple", "jgf" ...; -1: unknown. */
int write_format_parse (const char *name);

struct writer;

struct writer *writer_create (write_format_t format);
void writer_destroy (struct writer *w);
/* JGF without the units of pools, as Fluxion writes a graph that it read from JGF. */
void writer_omit_units (struct writer *w);

struct write_vertex {
    uint32_t vertex;
    uint32_t needs;
    bool exclusive;
    bool excl_above;
    unsigned int depth;
    const char *label; // NULL: none
    json_t *agfilter;  // NULL: none; borrowed
};
/* -1 with ENOMEM, or EINVAL for what a format cannot say (R without ranks). */
int writer_vertex (struct writer *w, const struct graph *g, const struct write_vertex *v);
int writer_edge (struct writer *w, const struct graph *g, uint32_t from, uint32_t to,
                 bool excl_above);
void writer_time (struct writer *w, int64_t start, int64_t end);
int writer_queue (struct writer *w, const char *queue);
/* Append the text to out (nothing when nothing was written) and begin anew. */
int writer_finish (struct writer *w, struct buf *out);
/* The same as a JSON value; NULL when there is nothing or the format has no such form. */
json_t *writer_finish_json (struct writer *w);

/* A whole result. req gives labels and queue; it may be NULL. */
int write_result (struct writer *w, const struct graph *g, const struct result *res,
                  const struct request *req);

#endif /* !FLUX_GRAPH_IO_WRITE_H */
