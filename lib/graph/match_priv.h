/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher's inside: a request compiled against the graph, bags of candidates, marks on chosen
 * vertices, the book of jobs. Scratch memory lives in the matcher and is reused, so that a match
 * allocates nothing once it has run before. */

#ifndef FLUX_GRAPH_MATCH_PRIV_H
#define FLUX_GRAPH_MATCH_PRIV_H

#include "lib/graph/match.h"
#include "lib/graph/planner.h"
#include "lib/graph/policy_priv.h"
#include "lib/graph/request_priv.h"
#include "lib/util/array_room.h"

/* A resource of the request with its type looked up. Lists run over `next`. */
struct want {
    const struct request_resource *r;
    const struct want *with;
    const struct want *next;
    request_kind_t kind;
    uint32_t type; // WANT_SLOT for a slot, GRAPH_NONE when the graph has none of it
    uint32_t need; // what one of it needs below it: nneed entries in matcher.need
    uint32_t nneed;
};
enum { WANT_SLOT = GRAPH_MAX_TYPES };

struct need {
    uint32_t type;
    uint64_t count;
};

/* Candidates of one type. */
struct evals {
    uint32_t type;
    uint32_t n, room;
    struct group *group;
    uint64_t qualified; // units in groups whose score is good
    uint64_t total;
    uint32_t chosen; // the first so many groups are chosen
    struct evals *next;
};

/* All candidates found below a vertex. */
struct bag {
    struct evals *first;
    bool constrained; // a count was chosen from it
};

/* Units of a pool from a time on; less than 0 when a job ends. A discount has no time. */
struct draw {
    uint32_t vertex;
    int64_t at;
    int64_t units;
};

struct mark {
    uint32_t seq;
    uint32_t needs; // the top bit: exclusive
    uint32_t request;
};
/* Of graphs with vertices that have several parents. Numbers are those of matcher.seq. */
struct passage {
    uint32_t seen; // the match that entered the vertex
    uint32_t held; // the match that has it in its result
    uint32_t from; // the parent through which it was entered
};
#define MARK_EXCLUSIVE (UINT32_C (1) << 31)

struct job {
    uint64_t id;
    int64_t at, end;
    bool reserved;
    bool applied; // its vertices are taken in the graph's state right now
    bool pools;   // some of its units are part of a pool, or drawn in another subsystem
    struct result_item *items;
    uint32_t count, room;
    struct job *next; // of those that are free, or about to be applied
};

/* Most types that the planner follows; a row of aggregates has no more. */
enum { GRAPH_MAX_PLANNED = 256, PRUNE_MAX = 64 };

struct index;

struct matcher {
    struct graph *g;
    struct policy *own_policy;
    int flags;
    int64_t start, end;

    /* the match under way */
    const struct policy *policy;
    const struct request *req;
    bool satisfy;                // as if nothing were used and all were up
    uint32_t node, storage_node; // type numbers
    uint32_t multiplier;         // slots for which content is being looked for, else 1
    int64_t above;               // what node_centric adds at the vertex being visited
    uint64_t *exclusive_type;    // bits: types given whole with all below
    uint32_t exclusive_words, exclusive_room;
    struct want *want;
    uint32_t nwant, want_room;
    struct need *need;
    uint32_t nneed, need_room;
    uint32_t all; // needs from here to nneed: of the whole request
    int error;    // ENOMEM on the way

    struct edge *edge;
    uint32_t nedge, edge_room;
    struct edge *pick; // chosen by a short cut
    uint32_t npick, pick_room;
    struct fast_entry *heap; // fast_slot.c
    uint32_t nheap, heap_room;
    struct state *state; // flexible.c
    uint32_t state_stamp;
    struct scored *scored; // fast_scored.c
    uint32_t nscored, scored_room;
    struct evals *free_evals;
    struct group *sort_space;
    struct charges charges;
    uint32_t *word_space;
    int64_t *run_space;
    uint32_t sort_room, word_room, run_room;
    struct mark *mark;
    uint32_t mark_room, seq;
    struct passage *passage; // as many as marks; NULL: every vertex has one parent
    uint32_t *entered;       // vertices with several parents that the walk entered, in order
    uint32_t nentered, entered_room;
    struct result res;

    /* `first` remembers how much each child had when it was last used */
    uint32_t *weight;
    uint32_t *by_weight; // as graph.child, ordered
    uint64_t weight_generation;
    uint32_t weight_count;
    uint32_t *weight_type; // by type: whose units order its vertices; GRAPH_NONE: none
    char *prune_text;
    uint64_t *prune_bits; // [type][prune_words]: types counted at its vertices; exact ties only
    uint32_t prune_words;
    uint64_t prune_generation;

    struct index *index; // list
    uint64_t index_generation;
    struct job **job; // ascending by id
    size_t njobs, job_room;
    struct job *free_job;
    struct job_block *job_block; // all jobs, so that they lie side by side
    size_t nreserved;
    bool shifted;      // the graph's state is not that of now (match_time.c)
    struct draw *draw; // of pools in the window, and then what was discounted
    uint32_t ndraws, draw_room, ndiscounts;
    struct planner *planner; // NULL: nobody has looked into the future yet
    bool overbooked; // a job may run into what is reserved: what is planned adds up to too much
    uint64_t planner_generation;

    struct match_counters count;
};

/* Make room for marks and begin a new set of them (match.c). ENOMEM. */
int match_prepare (struct matcher *m);

/* ---- compile.c ---- */
/* The variant-th way to resolve xor slots: 0, 1 past the last, -1 with errno. */
int match_compile (struct matcher *m, const struct request *req, uint32_t variant,
                   const struct want **listp, flux_error_t *errp);

/* ---- groups.c ---- */
struct evals *bag_find (const struct bag *b, uint32_t type);
int bag_add (struct matcher *m, struct bag *b, uint32_t type, const struct group *grp);
void bag_merge (struct matcher *m, struct bag *to, struct bag *from); // empties from
void bag_clear (struct matcher *m, struct bag *b);
int edge_add (struct matcher *m, uint32_t vertex, uint32_t count, uint32_t request, bool exclusive);
/* Sort by key, ascending or descending, equal ones as the matcher's flags say. */
int groups_sort (struct matcher *m, struct group *grp, uint32_t n, bool descending);
int evals_sort (struct matcher *m, struct evals *ev, order_t order);
/* Sort, and choose groups until the count that can be had is had. -1: none, or ENOMEM. */
int evals_choose (struct matcher *m, struct bag *b, uint32_t type, const struct request_count *c,
                  order_t order, bool top);
void *match_room (void *list, uint32_t *room, uint32_t n, size_t size); // NULL: ENOMEM

/* ---- walk.c ---- */
/* Choose for the whole request: marks and root are set on success. 0, or -1 with errno EBUSY,
 * ENOMEM. */
int walk_select (struct matcher *m, const struct want *list, struct mark *root);
/* What u offers of want r, exactly as the walk would find it: 0 when it fits. */
int walk_visit (struct matcher *m, uint32_t u, const struct want *list, bool pristine, bool *excl,
                struct bag *to_parent, int64_t *score, uint32_t *avail);
void mark_set (struct matcher *m, uint32_t v, uint32_t needs, bool exclusive, uint32_t request);
bool match_is_exclusive_type (const struct matcher *m, uint32_t type);
/* The vertex through which v was reached. */
static inline uint32_t walk_parent (const struct matcher *m, uint32_t v)
{
    return m->g->v[v].flags & V_MULTI ? m->passage[v].from : m->g->v[v].parent;
}
/* May v be entered at all, whatever is wanted of it? */
bool match_open (const struct matcher *m, uint32_t v);

/* ---- collect.c ---- */
/* Make shared ancestors that the items of m->res lack part of it, as aux items: those along edges
 * that were not taken. ENOMEM. */
int match_add_ancestors (struct matcher *m);
/* From marks to m->res: items in depth first order. EBUSY: nothing exclusive in it. */
int match_collect (struct matcher *m, const struct mark *root);

/* ---- weights.c: the order of `first` ---- */
int weights_ready (struct matcher *m);
const uint32_t *weights_children (const struct matcher *m, uint32_t v);
/* Bring the children that the tree lacks in that order, into space for them. */
void weights_sort_extra (const struct matcher *m, struct children *c, struct extra *space);
void weights_update (struct matcher *m, const struct result_item *items, size_t n, bool freed);
/* The same for what was only looked at, as Fluxion has it. */
void weights_look (struct matcher *m, const struct result_item *items, size_t n);

/* Is the type a pruning type anywhere? (prune.c) */
bool prune_has (const struct matcher *m, const char *type);
/* Make prune_bits for the graph as it is; ENOMEM. */
int prune_ready (struct matcher *m);
static inline bool prune_counts (const struct matcher *m, uint32_t anchor, uint32_t type)
{
    return type < m->prune_words * 64 &&
           (m->prune_bits[anchor * m->prune_words + type / 64] >> (type % 64) & 1);
}

/* ---- match_fast.c ---- */
/* Try a short cut: 1 chosen and marked, 0 no short cut for this request, -1 as walk_select. */
int fast_select (struct matcher *m, const struct want *list, struct mark *root);
void fast_clear (struct matcher *m);

/* ---- jobs.c ---- */
static inline int result_push (struct result *res, const struct result_item *item) // -1: ENOMEM
{
    if (ARRAY_ROOM (res->items, res->count, res->size, 16) < 0)
        return -1;
    res->items[res->count++] = *item;
    return 0;
}
/* Others may have other units of the same vertex at the same time. */
static inline bool is_draw (const struct graph *g, const struct result_item *item)
{
    return item->exclusive && (item->aux || g->v[item->vertex].flags & V_DIVISIBLE);
}
struct job *jobs_find (const struct matcher *m, uint64_t id);
/* A new or known job gets these items besides what it has; ENOMEM: nothing changed. */
struct job *jobs_add (struct matcher *m, uint64_t id, int64_t at, int64_t end, bool reserved,
                      const struct result_item *items, size_t n);
/* More for a job that is there; ENOMEM: as before. */
int jobs_extend (struct matcher *m, struct job *job, const struct result_item *items, size_t n);
void items_sort (const struct graph *g, struct result_item *items,
                 size_t n); // depth first, aux last
/* The first of a job's items that lies at `pos` or behind, those with aux apart; job->count: none.
 */
uint32_t job_bound (const struct matcher *m, const struct job *job, uint32_t pos);
void jobs_drop (struct matcher *m, struct job *job);
void jobs_free (struct matcher *m);
void job_apply (struct matcher *m, struct job *job);
void job_unapply (struct matcher *m, struct job *job);

/* ---- match_time.c ---- */
/* Make the graph's state that of the window [from, until), or that of now. */
void time_shift (struct matcher *m, int64_t from, int64_t until, int64_t now);
void time_home (struct matcher *m);
/* Tell the planner of a job that came or is about to go. */
void time_plan (struct matcher *m, const struct job *job, bool add);
void time_forget (struct matcher *m);
/* The next point after `after` at which the root has enough free for the duration; -1 with
 * ENOENT, ENOMEM. list NULL: no need is known. */
int64_t time_candidate (struct matcher *m, const struct want *list, int64_t after, int64_t now,
                        int64_t duration);
/* False: the planner knows that there is not enough at now. */
bool time_worth_now (struct matcher *m, const struct want *list, int64_t now, int64_t duration);

#endif /* !FLUX_GRAPH_MATCH_PRIV_H */
