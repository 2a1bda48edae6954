/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How the graph lies in memory: arrays indexed by vertex number, the dominant tree as child lists
 * in one pool, and per inner vertex a row of aggregates over what is below it. Only lib/graph's own
 * sources include this. */

#ifndef FLUX_GRAPH_GRAPH_PRIV_H
#define FLUX_GRAPH_GRAPH_PRIV_H

#include "lib/graph/graph.h"

enum {
    V_ALIVE = 1,
    V_DIVISIBLE = 2,
    V_WATCHED = 4,  // an index wants to hear when the aggregates below it, or it, change
    V_QUEUED = 8,   // it has been put on the list of those that changed
    V_TOGGLED = 16, // it is on that list because it was blocked or freed with all below it
    V_MULTI = 32,   // it has parents beside the one in the tree
    V_MORE = 64,    // it has children beside those in the tree
    V_LOOSE = 128,  // something below it is not in its aggregates, as it is elsewhere in the tree
};

enum {
    CHILDREN_ASCEND = 1,  // their ids, type by type
    CHILDREN_LAYERED = 2, // no type among them lies below one of them, too
};

/* What matching touches. */
struct vertex {
    uint32_t parent;
    uint32_t child_off; // into graph.child
    uint32_t nchild;
    uint32_t pos; // depth first number; its subtree is pos .. last
    uint32_t last;
    int32_t id;
    uint32_t size;
    uint32_t used;
    uint32_t njobs;
    uint32_t agg; // first row in graph.agg, GRAPH_NONE: a leaf
    uint16_t type;
    uint16_t layout; // which types the rows are for
    uint8_t status;
    uint8_t flags;
    uint8_t depth;
    uint8_t order; // of its children: CHILDREN_...
};

/* What only loaders and writers touch. */
struct vertex_info {
    int64_t uniq_id;
    uint32_t basename;
    uint32_t name; // GRAPH_NONE: made of basename and id
    uint32_t unit;
    int32_t rank;
    uint32_t prop; // first in graph.prop, GRAPH_NONE: none
};

/* Over all vertices of one type below a vertex. `avail` and `idle` leave out what lies below
 * a vertex that is down or held whole; `idle` counts vertices that no job touches. */
struct agg {
    uint64_t total;
    uint64_t avail;
    uint64_t idle;
};

/* The set of types found below a vertex; equal sets are shared. slot[type] is the row or 0xff. */
struct layout {
    uint16_t ntypes;
    uint16_t *type;
    uint8_t *slot;
};

struct property {
    uint32_t key;
    uint32_t value;
    uint32_t next;
};

struct subsystem {
    uint32_t name;
    uint32_t *src, *dst;
    uint32_t nedges, room;
    uint32_t *up; // parent in this subsystem per vertex, made when asked for; NULL: not made
};

/* An edge of the dominant subsystem that is not one of the tree: its child was reached from another
 * vertex first. */
struct extra {
    uint32_t parent;
    uint32_t child;
};

struct extras {
    struct extra *down; // by parent, then in edge order
    struct extra *up;   // by child, then in edge order
    uint32_t n;
};

struct rank_top {
    int32_t rank;
    uint32_t vertex;
};

struct graph {
    struct names *names;
    struct vertex *v;
    struct vertex_info *info;
    uint32_t nv, room, alive;
    uint32_t root;

    uint32_t *child;
    uint32_t nchild;
    struct agg *agg;
    uint32_t nagg;
    struct layout *layout;
    uint32_t nlayouts;
    struct extras extras;
    bool twins; // there are siblings of one name

    uint32_t *type_name; // type number to interned name
    uint32_t ntypes;

    struct property *prop;
    uint32_t nprop, prop_room;

    struct subsystem sub[GRAPH_MAX_SUBSYSTEMS];
    uint32_t nsub, dominant;

    struct rank_top *rank; // by rank, then position
    uint32_t *rank_vertex; // the same order
    uint32_t nrank;

    uint32_t **by_type; // made when asked for
    uint32_t *by_type_count;
    uint32_t by_type_room;
    uint32_t *path_slot, path_mask; // hash of (parent, name); NULL: not made
    uint32_t *uniq_slot, uniq_mask;

    uint32_t *changed; // watched vertices that changed since an index last looked
    uint32_t nchanged, changed_room, nwatched;
    bool changed_lost;   // there was no room for all of them
    uint64_t generation; // counts commits and removals
    uint64_t steps;      // see graph_steps()

    void (*settle) (void *arg); // bring the state to now, before somebody else looks at it
    void *settle_arg;

    bool open; // a transaction
    uint32_t saved_nv, saved_ntypes, saved_nprop, saved_nsub;
    uint32_t saved_edges[GRAPH_MAX_SUBSYSTEMS];
};

static inline void graph_settle (const struct graph *g)
{
    if (g->settle)
        g->settle (g->settle_arg);
}

static inline bool vertex_blocked (const struct vertex *v)
{
    return v->status != GRAPH_UP || v->used >= v->size;
}

/* The row of a type below v, or NULL. */
static inline struct agg *vertex_agg (const struct graph *g, const struct vertex *v, uint32_t type)
{
    if (v->agg == GRAPH_NONE || type >= g->ntypes)
        return NULL;
    uint8_t slot = g->layout[v->layout].slot[type];
    return slot == 0xff ? NULL : &g->agg[v->agg + slot];
}

/* Type number of a name, GRAPH_NONE when no vertex has it. */
uint32_t graph_type_find (const struct graph *g, const char *type);
/* The same, made when new. */
uint32_t graph_type_intern (struct graph *g, uint32_t name);

/* Add with everything interned and checked already. */
struct vertex_spec {
    uint32_t type, basename, name, unit;
    int64_t uniq_id;
    int32_t id, rank;
    uint32_t size;
    uint8_t status, flags;
};
int graph_append (struct graph *g, const struct vertex_spec *spec, uint32_t *vp);
int graph_append_edge (struct graph *g, uint32_t sub, uint32_t src, uint32_t dst);
uint32_t graph_subsystem_intern (struct graph *g, const char *name);
int graph_append_property (struct graph *g, uint32_t v, uint32_t key, uint32_t value);

/* Children, order, layouts, aggregates, ranks from vertices and edges (graph_tree.c). On failure
 * nothing has changed. */
int graph_rebuild (struct graph *g, flux_error_t *errp);
void graph_drop_caches (struct graph *g);
/* No two equal siblings of one rank, no two equal uniq_ids among vertices alive (graph_find.c). */
int graph_check_names (const struct graph *g, const uint32_t *parent, bool *twins,
                       flux_error_t *errp);
/* Aggregates anew from used, njobs and status. O(V). */
void graph_sum_aggregates (struct graph *g);

/* ---- graph_extra.c: vertices with several parents ---- */
/* The edges that are not in the tree given by parent[] (GRAPH_NONE: not in it); ELOOP, ENOMEM, or
 * EINVAL when a vertex lies too deep along them. depth[]: in the tree. */
int extras_make (const struct graph *g, const uint32_t *parent, const uint8_t *depth, uint32_t root,
                 struct extras *x, flux_error_t *errp);
void extras_clear (struct extras *x);
void extras_set_flags (struct graph *g);
/* Children and parents of v that the tree does not have. */
uint32_t extra_children (const struct graph *g, uint32_t v, const struct extra **list);
uint32_t extra_parents (const struct graph *g, uint32_t v, const struct extra **list);
/* The i-th of all children of v, those of the tree first; n of them. */
struct children {
    const uint32_t *tree;
    const struct extra *extra;
    uint32_t ntree, n;
};
static inline struct children graph_children (const struct graph *g, uint32_t v)
{
    const struct vertex *x = &g->v[v];
    struct children c = {.tree = g->child + x->child_off, .ntree = x->nchild, .n = x->nchild};
    if (x->flags & V_MORE)
        c.n += extra_children (g, v, &c.extra);
    return c;
}
static inline uint32_t children_at (const struct children *c, uint32_t i)
{
    return i < c->ntree ? c->tree[i] : c->extra[i - c->ntree].child;
}

/* All of a type in depth first order, from a cache. */
size_t graph_type_list (const struct graph *g, uint32_t type, const uint32_t **vp);
void graph_sort_by_position (const struct graph *g, uint32_t *list, uint32_t n);
/* The vertex above v in subsystem number sub, GRAPH_NONE at its top; -1 with ENOMEM. */
int graph_up (const struct graph *g, uint32_t sub, uint32_t v, uint32_t *up);
/* The number of a subsystem, -1 with ENOENT; NULL: the dominant one. */
int graph_subsystem_find (const struct graph *g, const char *subsystem);

/* ---- Scheduling state (graph_state.c); O(d), O(d types) when v becomes or stops being blocked */
void graph_take (struct graph *g, uint32_t v, uint32_t units, bool exclusive);
void graph_give (struct graph *g, uint32_t v, uint32_t units, bool exclusive);
/* So many units more or less, by nobody in particular: for what is planned one after the other. */
void graph_adjust (struct graph *g, uint32_t v, int64_t units);
/* Ask to be told of changes at v; the list is graph.changed, cleared by graph_forget_changes().
 * While anything is watched, inner vertices that become blocked or free are listed too. */
void graph_watch (struct graph *g, uint32_t v);
void graph_forget_changes (struct graph *g);

/* "node3" for errors; the buffer is the caller's. */
const char *graph_say (const struct graph *g, uint32_t v, char *buf, size_t size);

#endif /* !FLUX_GRAPH_GRAPH_PRIV_H */
