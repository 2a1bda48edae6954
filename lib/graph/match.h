/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher: from a graph and a request to a result, and the book of which job holds what.
 * One matcher per graph; it alone changes the scheduling state. Sees no clock (callers pass
 * `now`), no message and no format. A job keeps its vertices until it is cancelled, even past
 * its end; its end only says when others may be planned on them.
 *
 * Cost, with V vertices, T the vertices of the type requested at the top, r the items of the
 * result or of the job, d the depth and t the types below a vertex:
 *
 *   match now, common shapes (T nodes of slots, slots of cores or of sockets with cores ...), by
 *   high, low and their node policies, and for locality where the numbers of a vertex tell whether
 *   it fits: O(log T + r) visits; by first and firstnodex: children looked at until enough, each
 *   level with one look at a child that an aggregate rules out
 *
 *   by bestfit: slots O(log T + r); n of a type O(T) scores, and those that are chosen are visited
 *
 *   by variation and nearest: n of a type as bestfit; slots O(vertices not ruled out)
 *
 *   by pack, spread and power: O(vertices of the type not ruled out, with what is looked at in
 *   each), as all of them are compared
 *
 *   several levels, where children come in the order of their scores (all but locality at the
 *   top): at each level the children up to those that are enough, each with what is looked at below
 *   it, and one look at a child that an aggregate rules out; by bestfit a score for each child
 *
 *   any other shape, or a graph with vertices that have several parents: O(vertices not ruled out
 *   by an aggregate)
 *
 *   satisfiability: as match now by first, on the graph as if empty
 *
 *   match in the future: the above per point in time that the planner does not rule out, plus
 *   the items of the jobs that start or end on the way there, plus O(jobs); the first one
 *   O(jobs log jobs) to make the planner
 *
 *   cancel, update, start: O(r d), and O(r d t) where a vertex is given or freed whole
 *   partial cancel, of n vertices or ranks: O(r + n log n + n log r), and what is freed as cancel
 *   clear ranks: O(jobs n log r) to find who has something there, then as partial cancel
 *   remove a subgraph: as clear ranks, then O(V)
 *   end of a job, looking: O(log jobs + log r), and the planner's (planner.h) when there is one
 *
 * Counted, not timed: matcher_counters() and graph_steps(); testsuite/bench/graph_bench --check
 * holds every operation and policy to this. */

#ifndef FLUX_GRAPH_MATCH_H
#define FLUX_GRAPH_MATCH_H

#include "lib/graph/graph.h"
#include "lib/graph/policy.h"
#include "lib/graph/request.h"
#include "lib/graph/result.h"

struct matcher;

typedef enum {
    MATCH_ALLOCATE,                     // now or never
    MATCH_ALLOCATE_ORELSE_RESERVE,      // now, or else the earliest time
    MATCH_ALLOCATE_WITH_SATISFIABILITY, // now; ENODEV instead of EBUSY when never possible
    MATCH_SATISFIABILITY,               // possible on this graph, were it empty and all up?
    MATCH_WITHOUT_ALLOCATING,           // as ALLOCATE, but nothing is booked
    MATCH_WITHOUT_ALLOCATING_FUTURE,    // as ORELSE_RESERVE, but nothing is booked
} match_op_t;

enum {
    /* Choose exactly as Fluxion does where scores tie (the order its sort leaves them in, and
     * its `first` policy's memory of cancelled jobs). Walks all candidates: for comparisons,
     * and small graphs. Without it ties go to the first in depth first order. */
    MATCHER_EXACT_TIES = 1,
    /* Sibling slots are alternatives (Fluxion's flexible traverser). */
    MATCHER_FLEXIBLE = 2,
    /* Never take the indexed short cuts; for tests. */
    MATCHER_WALK_ONLY = 4,
    /* A level that the request does not name is passed through wherever it is (the sockets between
     * a node and its cores), not only above what the request names first. */
    MATCHER_THROUGH = 8,
};

/* The graph stays the caller's and must outlive the matcher; it may grow and shrink between
 * calls. start and end bound all times (0 and GRAPH_FOREVER by default when both are 0). */
struct matcher *matcher_create (struct graph *g, const char *policy, int flags, flux_error_t *errp);
void matcher_destroy (struct matcher *m);
int matcher_set_policy (struct matcher *m, const char *policy, flux_error_t *errp);
const struct policy *matcher_policy (const struct matcher *m);
/* Pruning filters as Fluxion names them: "ALL:core,cluster:node ...", the types whose free units
 * a vertex keeps count of. Here all types are counted always; what is left of the option is that
 * `first` orders children by the last of their types, and what `find` shows as agfilter. Default
 * "ALL:core,ALL:node". EINVAL: errp names the pair. */
int matcher_set_prune (struct matcher *m, const char *spec, flux_error_t *errp);
/* The names of the types counted at a vertex of some type, in Fluxion's order; returns how many
 * there are, at most n are stored. */
size_t matcher_prune_types (const struct matcher *m, const char *anchor, const char **types,
                            size_t n);
int matcher_set_period (struct matcher *m, int64_t start, int64_t end, flux_error_t *errp);
struct graph *matcher_graph (const struct matcher *m);

/* Match req for jobid at `now`. policy NULL: the matcher's. *resp (may be NULL) points to the
 * result, valid until the next call on m.
 * 0, or -1 with errno
 *   EBUSY   not now (nor, when reserving, at any time while what is down stays down)
 *   ENODEV  never on this graph: said by SATISFIABILITY, by WITH_SATISFIABILITY, and when reserving
 *   EINVAL  duration longer than the graph's period, time outside it, request not sealed, or the
 *           graph has not what the policy names (a level, a subsystem, a target), or has what is
 *           asked for in another unit
 *   EEXIST  jobid holds resources already
 *   ENOMEM  nothing changed
 * errp says why in a sentence. */
int matcher_match (struct matcher *m, const struct request *req, match_op_t op, uint64_t jobid,
                   int64_t now, const struct policy *policy, const struct result **resp,
                   flux_error_t *errp);

/* Book vertices chosen elsewhere (R of a running job after a restart; RFC 20). Items need vertex,
 * needs, exclusive, in any order; shared ancestors are added. The jobid may hold others already.
 * EINVAL: a vertex does not exist; EBUSY: errp names a vertex that is not free (no change). */
int matcher_update (struct matcher *m, uint64_t jobid, int64_t at, int64_t duration, bool reserved,
                    const struct result_item *items, size_t count, const struct result **resp,
                    flux_error_t *errp);

/* Free all a job holds. ENOENT. The graph's state is byte for byte what it was before the job. */
int matcher_cancel (struct matcher *m, uint64_t jobid, flux_error_t *errp);
/* Free what a job holds at and below each of the vertices. *full: nothing is left of it. */
int matcher_cancel_partial (struct matcher *m, uint64_t jobid, const uint32_t *vertices, size_t n,
                            bool *full, flux_error_t *errp);
/* The same for ranks (RFC 27 free with final=false). Ranks that it does not hold: ENOENT. */
int matcher_cancel_ranks (struct matcher *m, uint64_t jobid, const int64_t *ranks, size_t n,
                          bool *full, flux_error_t *errp);
/* Whatever job holds it: clear ranks entirely. */
int matcher_clear_ranks (struct matcher *m, const int64_t *ranks, size_t n, flux_error_t *errp);
/* A reservation begins to run, maybe early; or a job's end moves. EBUSY: errp names a vertex that
 * somebody else still has. */
int matcher_start (struct matcher *m, uint64_t jobid, flux_error_t *errp);
int matcher_set_end (struct matcher *m, uint64_t jobid, int64_t end, flux_error_t *errp);

/* Remove a subgraph: jobs lose what they hold in it. */
int matcher_remove_subgraph (struct matcher *m, uint32_t v, flux_error_t *errp);

/* ---- Looking ---- */
struct match_job {
    uint64_t id;
    int64_t at;
    int64_t end;
    bool reserved;
    const struct result_item *items; // depth first, aux last; valid until the next change
    size_t count;
};
/* ENOENT. */
int matcher_job (const struct matcher *m, uint64_t jobid, struct match_job *job);
/* All jobs, ascending by id: start with *cursor = 0. */
bool matcher_next_job (struct matcher *m, size_t *cursor, struct match_job *job);
size_t matcher_job_count (const struct matcher *m);
/* What a job holds of v, valid until the next change; NULL: nothing. O(log r). */
const struct result_item *matcher_job_item (const struct matcher *m, uint64_t jobid, uint32_t v);
bool matcher_job_holds (const struct matcher *m, uint64_t jobid, uint32_t v);

struct match_counters {
    uint64_t visits;                     // vertices and index entries looked at by the last match
    uint64_t candidates;                 // points in time tried by the last match
    uint64_t indexed;                    // the last match took a short cut: 1
    uint64_t preorder, postorder;        // of the walk: vertices entered, and those that fit
    uint64_t matches, failures, cancels; // since create
};
void matcher_counters (const struct matcher *m, struct match_counters *c);

/* graph_check(), and: per vertex the units of all jobs add up to what the graph says. */
int matcher_check (struct matcher *m, flux_error_t *errp);

#endif /* !FLUX_GRAPH_MATCH_H */
