/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What was chosen for a job: vertices in depth first order with the units taken, and when. Writers
 * turn it into R, JGF and so on; the scheduler asks it rank by rank. */

#ifndef FLUX_GRAPH_RESULT_H
#define FLUX_GRAPH_RESULT_H

#include "lib/graph/graph.h"

struct result_item {
    uint32_t vertex;
    uint32_t needs;     // units taken (exclusive) or passed through (shared: the vertex's size)
    uint32_t request;   // index of the request's resource that chose it, GRAPH_NONE: none
    uint8_t exclusive;  // held by this job alone; 0: an ancestor, shared with other jobs
    uint8_t excl_above; // the vertex above it in the result is exclusive
    uint8_t depth;      // root 0
    uint8_t aux;        // charged in another subsystem on the way up (power, bandwidth)
};

struct result {
    uint64_t jobid;
    int64_t at;       // start, seconds
    int64_t duration; // seconds, cut at the graph's end
    bool reserved;    // starts later than the `now` of the match
    size_t count;
    struct result_item *items;
    size_t size; // of items, private
};

/* Each of what follows is O(items it is about). */
void result_clear (struct result *res); // frees items

/* Visit in the order in which Fluxion's writers see a result: below each vertex its chosen
 * children first, each followed by the edge to it, then the vertex. Stops at the first
 * callback that returns not 0 and returns that. Items with `aux` are left out. */
struct result_visitor {
    int (*vertex) (void *arg, const struct graph *g, const struct result_item *item);
    int (*edge) (void *arg, const struct graph *g, const struct result_item *from,
                 const struct result_item *to);
};
int result_walk (const struct result *res, const struct graph *g,
                 const struct result_visitor *visitor, void *arg);

/* One call per rank held, ascending in depth first order: start with *cursor = 0. The items of
 * the rank are res->items[first .. first + count - 1] (vertices without a rank are skipped). */
struct result_rank {
    int64_t rank;
    uint32_t top; // the vertex that carries the rank (a node)
    size_t first;
    size_t count;
};
bool result_next_rank (const struct result *res, const struct graph *g, size_t *cursor,
                       struct result_rank *out);
/* How many exclusive units of a type a stretch of items holds, and their ids one by one. */
uint32_t result_units (const struct result *res, const struct graph *g, size_t first, size_t count,
                       const char *type);
bool result_next_id (const struct result *res, const struct graph *g, size_t first, size_t count,
                     const char *type, size_t *cursor, int64_t *id);

#endif /* !FLUX_GRAPH_RESULT_H */
