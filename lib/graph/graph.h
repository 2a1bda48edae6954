/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The resource graph (RFC 4): typed vertices, edges in named subsystems. One subsystem is the
 * dominant one ("containment" unless said otherwise); its spanning tree from the root, in the order
 * edges were added, is what the matcher walks. Vertices are numbers below graph_limit(); numbers
 * of removed vertices are reused only by later additions. V is the number of vertices, d the
 * depth of the tree. A vertex may have several parents in it: the
 * first that reaches it, depth first, is the one in the tree; the matcher finds it from the others,
 * too, but in one match only once. The graph knows no time, no policy and no file format. */

#ifndef FLUX_GRAPH_GRAPH_H
#define FLUX_GRAPH_GRAPH_H

#include <flux/types.h>

#include "lib/graph/types.h"

struct graph;

struct graph *graph_create (void);
void graph_destroy (struct graph *g);

/* ---- Building: a transaction ----
 *
 *     graph_begin (g);
 *     graph_add_vertex (g, &spec, &v, &error) ...
 *     graph_add_edge (g, parent, v, "containment", &error) ...
 *     graph_commit (g, &error)       or graph_abort (g)
 *
 * Used for the first load and for growing alike: an edge may start at a vertex that was there
 * before. When any call fails, or on abort, the graph is as it was at begin (a failed add leaves
 * the transaction open, commit always closes it). Commit checks the whole: one root, no cycle, no
 * vertex outside the dominant tree or another subsystem, no two siblings of one name and id (but of
 * different ranks), no two equal uniq_ids, depth within GRAPH_MAX_DEPTH; errp names the vertex or
 * edge. O(V) per commit.
 */

/* What a loader says of one vertex. Zero-initialise with GRAPH_VERTEX_INIT. Strings are copied. */
struct graph_vertex {
    const char *type;     // required, any name
    const char *basename; // NULL: the type
    const char *name;     // NULL: basename with the id appended (just basename when id < 0)
    const char *unit;     // NULL: ""
    int64_t id;           // -1: none
    int64_t uniq_id;      // -1: the vertex number
    int64_t rank;         // -1: none (RFC 20: broker rank)
    int64_t size;         // units held, 0 .. GRAPH_MAX_SIZE; a countable device has 1
    graph_status_t status;
    bool divisible; // a pool from which requests take part of the size; else it is taken whole
};
#define GRAPH_VERTEX_INIT                                                                          \
    {                                                                                              \
        .id = -1, .uniq_id = -1, .rank = -1, .size = 1                                             \
    }

/* Errors: EINVAL (spec), ENOSPC (a limit), ENOMEM, EALREADY (begin twice), EEXIST, ELOOP (cycle).
 */
int graph_begin (struct graph *g, flux_error_t *errp);
int graph_add_vertex (struct graph *g, const struct graph_vertex *spec, uint32_t *vp,
                      flux_error_t *errp);
/* Same pair and subsystem twice is refused. Edges leave no trace when src or dst does not exist. */
int graph_add_edge (struct graph *g, uint32_t src, uint32_t dst, const char *subsystem,
                    flux_error_t *errp);
int graph_commit (struct graph *g, flux_error_t *errp);
void graph_abort (struct graph *g);

/* Choose the dominant subsystem; before the first commit only. Default "containment". */
int graph_set_dominant (struct graph *g, const char *subsystem, flux_error_t *errp);
const char *graph_dominant (const struct graph *g);

/* Take v and all below it out, save what has a parent elsewhere. EBUSY when a job holds any of it
 * (see matcher_remove_subgraph), EINVAL for the root. O(V). */
int graph_remove (struct graph *g, uint32_t v, flux_error_t *errp);

/* ---- Vertices: all O(1) unless said ---- */
size_t graph_count (const struct graph *g);   // vertices alive
uint32_t graph_limit (const struct graph *g); // all vertex numbers are below
bool graph_alive (const struct graph *g, uint32_t v);
uint32_t graph_root (const struct graph *g); // of the dominant subsystem, GRAPH_NONE when empty
uint32_t graph_parent (const struct graph *g, uint32_t v); // GRAPH_NONE for the root
uint32_t graph_child_count (const struct graph *g, uint32_t v);
uint32_t graph_child (const struct graph *g, uint32_t v, uint32_t i); // in edge order
/* The i-th child that the tree does not have; GRAPH_NONE past the last. */
uint32_t graph_extra_child (const struct graph *g, uint32_t v, uint32_t i);
uint32_t graph_depth (const struct graph *g, uint32_t v);    // root 0
uint32_t graph_position (const struct graph *g, uint32_t v); // in depth first order

const char *graph_type (const struct graph *g, uint32_t v);
const char *graph_basename (const struct graph *g, uint32_t v);
const char *graph_unit (const struct graph *g, uint32_t v);
int64_t graph_id (const struct graph *g, uint32_t v);
int64_t graph_uniq_id (const struct graph *g, uint32_t v);
int64_t graph_rank (const struct graph *g, uint32_t v);
uint32_t graph_size (const struct graph *g, uint32_t v);
graph_status_t graph_status (const struct graph *g, uint32_t v); // its own, not its ancestors'
/* Write the name ("core3") or the path in a subsystem ("/tiny0/rack0/...") and return its length;
 * -1 with errno ENAMETOOLONG, or ENOENT when v is not in that subsystem. subsystem NULL: the
 * dominant one. Path O(d). */
int graph_name (const struct graph *g, uint32_t v, char *buf, size_t size);
int graph_path (const struct graph *g, uint32_t v, const char *subsystem, char *buf, size_t size);

/* Subsystems in order of appearance, and the edges of v in them, the dominant one among them. */
size_t graph_subsystem_count (const struct graph *g);
const char *graph_subsystem (const struct graph *g, size_t i);
/* Edges of subsystem i in the order added: n = graph_edge_count(); edge 0..n-1. */
size_t graph_edge_count (const struct graph *g, size_t i);
void graph_edge (const struct graph *g, size_t i, size_t n, uint32_t *src, uint32_t *dst);

/* ---- Properties: key with a value ("" when it has none). O(properties of v) ---- */
const char *graph_property (const struct graph *g, uint32_t v, const char *key);
/* Iterate in key order: start with *cursor = 0; false at the end. */
bool graph_property_next (const struct graph *g, uint32_t v, size_t *cursor, const char **key,
                          const char **value);
int graph_set_property (struct graph *g, uint32_t v, const char *key, const char *value);
int graph_unset_property (struct graph *g, uint32_t v, const char *key); // ENOENT
/* Is it a pool from which requests take part of the size? What a file format can't say. */
void graph_set_divisible (struct graph *g, uint32_t v, bool divisible);
bool graph_divisible (const struct graph *g, uint32_t v);

/* ---- Status: what is down or drained is not matched, nor anything below it ---- */
int graph_set_status (struct graph *g, uint32_t v, graph_status_t status); // O(d * types)

/* ---- Finding ---- */
/* A path in the dominant subsystem, or GRAPH_NONE. The first call after a change builds a hash,
 * O(V); then O(length). */
uint32_t graph_find_path (struct graph *g, const char *path);
/* All of that path, in depth first order: nodes of one host differ by their rank only. At most room
 * are stored; returns how many there are. */
size_t graph_find_paths (struct graph *g, const char *path, uint32_t *list, size_t room);
/* By uniq_id; the same. */
uint32_t graph_find_uniq (struct graph *g, int64_t uniq_id);
/* The top-most vertices of a rank (usually one node): their number, list in *vp. O(log V). */
size_t graph_find_rank (const struct graph *g, int64_t rank, const uint32_t **vp);
/* All vertices of one type in depth first order. */
size_t graph_find_type (const struct graph *g, const char *type, const uint32_t **vp);

/* ---- Scheduling state as the matcher keeps it ---- */
uint32_t graph_used (const struct graph *g, uint32_t v);  // units held by running jobs
uint32_t graph_njobs (const struct graph *g, uint32_t v); // jobs that hold v or any of what's below
/* Units of a type below v (v itself not counted), and how many of them a job could take now; -1
 * with ENOENT when there are none of the type. O(1). */
int graph_aggregate (const struct graph *g, uint32_t v, const char *type, uint64_t *total,
                     uint64_t *avail);

struct graph_stats {
    size_t vertices, edges, types, names;
    size_t bytes;           // all memory held
    size_t nodes, nodes_up; // vertices of type "node"
    unsigned int depth;
};
void graph_stats (const struct graph *g, struct graph_stats *st);
/* Vertices (and items of jobs, and entries of tables) that everything but matching has looked at so
 * far: what the costs above and in match.h are checked with. Who goes through the graph by
 * himself adds to it. */
uint64_t graph_steps (const struct graph *g);
void graph_add_steps (struct graph *g, uint64_t n);

/* Recompute every aggregate and index the slow way and compare: 0, or -1 with the first vertex
 * that differs. For tests. O(V d types). */
int graph_check (const struct graph *g, flux_error_t *errp);

#endif /* !FLUX_GRAPH_GRAPH_H */
