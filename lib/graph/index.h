/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ordered indexes, so that the best of many vertices is found without looking at the others. Over
 * a list of vertices lies a binary tree; each of its nodes has the greatest (and the least) of some
 * numbers over the vertices below it: a part of the list in which no vertex has enough is passed
 * over at once. Made when a request first profits from one, and kept up by the graph's list of
 * changes. Two kinds:
 *
 *   by type   all vertices of one type, by score: for "n nodes, each with ..."
 *   by slot   all vertices right below which a slot's types lie, depth first: for "n slots" */

#ifndef FLUX_GRAPH_INDEX_H
#define FLUX_GRAPH_INDEX_H

#include "lib/graph/match_priv.h"

typedef enum {
    INDEX_TYPE,
    INDEX_SLOT,
    INDEX_PLACES, // only how many there are for INDEX_SLOT
} index_kind_t;

enum {
    INDEX_MAX_TYPES = 12,
    INDEX_MAX_ROWS = 4 + 3 * INDEX_MAX_TYPES,
};

/* Rows of INDEX_TYPE; all 0 while the vertex cannot be entered. */
enum {
    ROW_OWN,   // free units of the vertex
    ROW_IDLE,  // 1: no job touches it
    ROW_FULL,  // 1: idle, and all below it is free and up
    ROW_BELOW, // + k: free units of type[k] below it
};

/* Rows of INDEX_SLOT. */
enum {
    ROW_OPEN,        // 1
    ROW_ABOVE,       // what node_centric adds here
    ROW_ABOVE_INV,   // UINT32_MAX - that, or - what the policy says is the least score here
    ROW_SLOT,        // + 3 k: free units of type[k] right below it
    ROW_MAX_ID = 1,  // + ROW_SLOT + 3 k: greatest free id + 1
    ROW_MIN_INV = 2, // + ROW_SLOT + 3 k: UINT32_MAX - least free id
};

struct index {
    struct index *next;
    index_kind_t kind;
    uint32_t type[INDEX_MAX_TYPES]; // of the rows
    uint32_t ntypes;
    uint32_t of;       // INDEX_TYPE: the type of its vertices
    bool node_centric; // INDEX_TYPE: scores have it in them
    int64_t (*score) (const struct policy *p, const struct graph *g, uint32_t v, int64_t above);
    uint32_t (*floor) (const struct graph *g, uint32_t u); // INDEX_SLOT: the policy's, or NULL

    uint32_t n;      // vertices
    uint32_t *order; // the list
    uint32_t *place; // of the i-th vertex depth first in the list; NULL: it is i
    uint32_t *dfs;   // vertices depth first; NULL: as order
    uint32_t size;   // leaves of the tree, a power of two
    uint32_t nrows;
    uint32_t *max; // [2 * size][nrows]
    uint32_t *min; // NULL when not kept

    /* INDEX_TYPE */
    int64_t *key;               // scores in order
    uint32_t *run;              // where the run of consecutive scores begins
    bool unique;                // no two scores are equal
    bool monotone;              // the list is in depth first order
    bool uniform;               // all vertices have the same below them
    bool leaf[INDEX_MAX_TYPES]; // all vertices of type[k] are leaves of size 1
    bool divisible;             // some of its vertices are pools that are given in parts
    uint32_t max_depth;         // of the tree below its vertices
    uint32_t nidle, nfull;      // vertices with these rows

    /* INDEX_SLOT with one type */
    uint64_t *mask; // free ids right below each vertex, from base up
    int32_t *base;
    uint32_t *id_count; // vertices that have an id free
    uint32_t nids;
    bool has_ids;  // the three above are kept
    bool plain;    // all of the slot's types there have size 1
    bool inner;    // some of its vertices lie below a node
    bool distinct; // ids of one type right below a vertex differ
};

/* What a query asks for: row[r] at least need[r], for those that are not 0. */
struct index_need {
    uint32_t n;
    uint32_t row[INDEX_MAX_ROWS];
    uint32_t least[INDEX_MAX_ROWS];
};

/* The index for a request, made when there is none; NULL: it is not worth one, or ENOMEM (then
 * the walk does it). */
struct index *index_for_type (struct matcher *m, uint32_t type);
struct index *index_for_slot (struct matcher *m, const uint32_t *types, uint32_t n);
/* Vertices right below which a slot's types lie; GRAPH_NONE with ENOMEM. The first call after
 * a change of the graph's shape looks through it, O(V). */
uint32_t index_count_places (struct matcher *m, const uint32_t *types, uint32_t n);
/* Bring all up to date with the graph. */
void index_refresh (struct matcher *m);
void index_fill (struct matcher *m, struct index *ix); // all rows anew
void index_destroy (struct index *ix);

static inline void index_ask (struct index_need *need, uint32_t row, uint32_t least)
{
    if (least) {
        need->row[need->n] = row;
        need->least[need->n++] = least;
    }
}

static inline bool index_can (const struct index *ix, const uint32_t *tree, uint32_t node,
                              const struct index_need *need)
{
    const uint32_t *row = tree + (size_t)node * ix->nrows;
    for (uint32_t i = 0; i < need->n; i++)
        if (row[need->row[i]] < need->least[i])
            return false;
    return true;
}

/* The first place >= from, or the last one <= from, that has enough; GRAPH_NONE: none. */
uint32_t index_next (struct matcher *m, const struct index *ix, const struct index_need *need,
                     uint32_t from);
uint32_t index_prev (struct matcher *m, const struct index *ix, const struct index_need *need,
                     uint32_t from);
/* The last place <= from that has not enough. */
uint32_t index_prev_lack (struct matcher *m, const struct index *ix, const struct index_need *need,
                          uint32_t from);

/* ---- fast_type.c, fast_slot.c: as fast_select ---- */
int fast_type (struct matcher *m, const struct want *w);
int fast_slot (struct matcher *m, const struct want *slot);
int fast_scored (struct matcher *m, const struct want *w); // fast_scored.c
/* Visit v as the walk would, and pick it when it fits: the units it has, else 0. */
uint32_t fast_visit (struct matcher *m, uint32_t v, const struct want *w);
/* Of the picks, best first, mark as many as the count allows; 1, or -1: none. */
int fast_choose (struct matcher *m, const struct want *w, uint64_t sum);
/* v and its ancestors let a walk through to it; *above gets what node_centric adds. */
bool fast_reach (struct matcher *m, uint32_t v, int64_t *above);
/* Note a vertex in matcher.pick; ENOMEM goes to matcher.error. */
void fast_pick (struct matcher *m, uint32_t v, uint32_t count, uint32_t request, bool exclusive);
void fast_mark (struct matcher *m, uint32_t v, uint32_t needs, bool exclusive, uint32_t request);

#endif /* !FLUX_GRAPH_INDEX_H */
