/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a policy is made of. The traverser asks for a score of each vertex that fits and for the
 * order in which scores are good; whatever else a policy wants it does in `arrange`, on the
 * candidates of the top level. Every hook is a function of the graph and the policy alone. */

#ifndef FLUX_GRAPH_POLICY_PRIV_H
#define FLUX_GRAPH_POLICY_PRIV_H

#include "lib/graph/graph_priv.h"
#include "lib/graph/policy.h"

typedef enum {
    ORDER_HIGH, // greatest score first
    ORDER_LOW,  // least score first
    ORDER_RUN,  // the run of consecutive scores with the greatest values first
} order_t;

enum { MATCH_UNMET = 0, MATCH_MET = 1, FLOOR_SHIFT = 24 };

/* One way to satisfy (part of) a count: a vertex, or the vertices of one slot. */
struct group {
    int64_t score;
    int64_t key;    // what is compared
    uint32_t count; // units it brings
    uint32_t needs; // units taken of it once chosen
    uint32_t edge;  // first of its vertices in the list of edges
    uint32_t nedges;
};

struct edge {
    uint32_t vertex;
    uint32_t count; // units taken
    uint32_t request;
    uint8_t exclusive;
};

struct policy;

/* Units drawn from vertices in another subsystem on the way up (power, bandwidth). */
struct charge {
    uint32_t vertex;
    uint32_t units;
};

struct charges {
    struct charge *list;
    uint32_t n, room;
};

/* The candidates of one type at the top level, as `arrange` gets them. */
struct arrangement {
    const struct graph *g;
    const struct policy *policy;
    struct group *group;
    uint32_t n;               // may be made less: the groups from there on are out
    const struct edge *edges; // all edges
    uint32_t k;               // units wanted
    bool satisfy;             // as if nothing were used
    struct charges *charges;  // what the match has drawn so far
    struct group *spare;      // n groups to work in
};

struct policy_ops {
    const char *name;
    const char *description;
    /* The least and common part of it as Fluxion's options, parsed first; NULL: none. */
    const char *options;
    /* An option of its own: 0, or -1 with errno when key or value are not known. NULL: has none. */
    int (*set) (struct policy *p, const char *key, const char *value);
    /* Check that what it needs has been set. NULL: nothing. */
    const char *(*check) (const struct policy *p);
    /* What it needs of the graph and the graph does not have: its name, and what kind of thing it
     * is. Asked before each match. NULL: nothing. */
    const char *(*lacks) (const struct policy *p, struct graph *g, const char **what);
    /* Score of a vertex that fits; `above` is what node_centric adds. NULL: MATCH_MET + id + 1. */
    int64_t (*score) (const struct policy *p, const struct graph *g, uint32_t v, int64_t above);
    /* The score depends on nothing but the vertex, its ancestors and their ids. */
    bool fixed_score;
    /* When scores are not fixed but least first: the score of any child of u is no less than
     * (floor(u) << FLOOR_SHIFT) + MATCH_MET + its id + 1. It depends on nothing but what is free
     * below u and below its node. NULL: there is no such thing. */
    uint32_t (*floor) (const struct graph *g, uint32_t u);
    /* Reorder candidates at the top, best first, and leave out those that may not be taken; they
     * come sorted. 0, or -1 with ENOMEM. NULL: leave them. */
    int (*arrange) (struct arrangement *a);
    order_t top, nested, slot;
};

struct policy {
    const struct policy_ops *ops;
    char *text;
    order_t top, nested, slot;
    bool node_centric;
    bool node_exclusive;
    bool stop_on_1;
    char *level;     // pack, spread: a type
    char *target;    // nearest: a path or a type
    char *subsystem; // power: its name
    char *draw;      // power: the property that says what a vertex draws
    uint32_t units;  // power: what it draws without the property
};

const struct policy_ops *policy_ops_find (const char *name);
const struct policy_ops *policy_ops_at (size_t i);

/* Helpers for policy files. */
int policy_set_text (char **dst, const char *value);
/* `set` and `check` of those with a level. */
int policy_set_level (struct policy *p, const char *key, const char *value);
const char *policy_check_level (const struct policy *p);
const char *policy_lacks_level (const struct policy *p, struct graph *g, const char **what);
/* Some vertex of the tree has this type. */
bool policy_has_type (const struct graph *g, const char *type);
uint32_t policy_ancestor (const struct graph *g, uint32_t v, uint32_t type); // or GRAPH_NONE
/* Sort by key, least first, equal ones as they were. */
void arrangement_sort (struct arrangement *a);
/* The ancestor of a group's first vertex, GRAPH_NONE when it has none of the type. */
uint32_t arrangement_ancestor (const struct arrangement *a, const struct group *grp, uint32_t type);

/* (id + 2) * 10000 + |uniq_id mod 10000 - 1|: what a node adds to the scores below it. */
int64_t policy_node_factor (const struct graph *g, uint32_t v);

static inline int64_t policy_score (const struct policy *p, const struct graph *g, uint32_t v,
                                    int64_t above)
{
    if (p->ops->score)
        return p->ops->score (p, g, v, above);
    return MATCH_MET + above + g->v[v].id + 1;
}

extern const struct policy_ops policy_first, policy_firstnodex, policy_high, policy_low,
    policy_hinode, policy_lonode, policy_hinodex, policy_lonodex, policy_locality, policy_variation,
    policy_pack, policy_spread, policy_bestfit, policy_power, policy_nearest;

#endif /* !FLUX_GRAPH_POLICY_PRIV_H */
