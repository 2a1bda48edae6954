/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Random graphs: what they are made of, how they change, and constraints on their nodes. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/graph/random.h"

static uint64_t rng = 1, sequence;

void pick_seed (uint64_t seed)
{
    sequence = seed;
    rng = seed * UINT64_C (0x9e3779b97f4a7c15) + 1;
}

uint32_t pick (uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (rng >> 11) % n;
}

void die (const char *what, const char *why)
{
    fprintf (stderr, "test_random: %s: %s (test_random 1 %d)\n", what, why, (int)sequence);
    exit (1);
}

static const char *recipes[] = {
    "cluster/node=9/core=4",
    "cluster/rack=2/node=5/socket=2/core=3",
    "cluster/rack=3/node=4/[socket=2/[core=2;gpu=1];memory=2{size:4}]",
    "cluster/rack=2{ids:parent}/node=6{ids:parent}/[core=4;gpu=2]",
    "cluster/node=12/[core=2{ids:all};ssd=1]",
    /* with a unit that shares the racks' appliances; with a panel of 3 PDUs that feed the nodes */
    "cluster/rack=3/[node=2/core=2;appliance=1/ssd=3]",
    "cluster/rack=2/node=6/core=2",
    "cluster/node=3/[core=4;pool=9{unit:GB,split:true}]",
    /* storage in three tiers: of the cluster, of each rack, of each node */
    "cluster/[lustre=20{unit:TB,split:true};rack=2/[rabbit=1/nvme=4;node=3/[core=3;ssd=1]]]",
};
enum { SHARED = 5, POWERED = 6 };

static const char *policies[] = {"low",
                                 "high",
                                 "lonode",
                                 "hinode",
                                 "locality",
                                 "lonodex",
                                 "hinodex",
                                 "first",
                                 "firstnodex",
                                 "bestfit",
                                 "pack level=rack",
                                 "pack level=node",
                                 "power draw=3",
                                 "power draw=3 property=watts subsystem=power",
                                 "spread level=rack",
                                 "variation",
                                 "nearest target=/cluster0/rack0/node1",
                                 "nearest target=gpu",
                                 "policy=low node_centric=true",
                                 "policy=high node_exclusive=true stop_on_1_matches=true",
                                 "low stop_on_1_matches=true"};

#define COUNT(a) (sizeof (a) / sizeof (a[0]))

static uint32_t add (struct graph *g, const char *type, int64_t id, int64_t size)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    flux_error_t error;
    uint32_t v;
    spec.type = type;
    spec.id = id;
    spec.size = size;
    if (graph_add_vertex (g, &spec, &v, &error) < 0)
        die (type, error.text);
    return v;
}

static void link_to (struct graph *g, uint32_t a, uint32_t b, const char *subsystem)
{
    flux_error_t error;
    if (graph_add_edge (g, a, b, subsystem, &error) < 0)
        die (subsystem, error.text);
}

/* Vertices of a type, also while the graph is being changed. */
static size_t list_type (const struct graph *g, const char *type, uint32_t *list, size_t room)
{
    const uint32_t *v;
    size_t n = graph_find_type (g, type, &v);
    n = n < room ? n : room;
    memcpy (list, v, n * sizeof (*list));
    return n;
}

static void add_more (struct graph *g, uint32_t recipe)
{
    uint32_t list[16], top, pdu = 0;
    flux_error_t error;
    size_t n = list_type (g, recipe == SHARED ? "appliance" : "node", list, 16);
    if (recipe < SHARED)
        return;
    if (graph_begin (g, &error) < 0)
        die ("begin", error.text);
    if (recipe == SHARED) {
        top = add (g, "unit", 0, 1);
        link_to (g, graph_root (g), top, "containment");
    } else
        top = add (g, "panel", 0, 25);
    for (size_t i = 0; i < n; i++) {
        if (recipe == SHARED)
            link_to (g, top, list[i], "containment");
        else if (i < 9) {
            if (i % 3 == 0)
                link_to (g, top, pdu = add (g, "pdu", i, 8), "power");
            link_to (g, pdu, list[i], "power");
        }
    }
    if (graph_commit (g, &error) < 0)
        die ("commit", error.text);
}

/* Of some nodes a class of performance and a name or two to ask for. */
static void add_properties (struct graph *g)
{
    static const char *const classes[] = {"0", "1", "2", "9"};
    const uint32_t *node;
    size_t n = graph_find_type (g, "node", &node);
    for (size_t i = 0; i < n; i++) {
        if (i % 3)
            graph_set_property (g, node[i], "perf_class", classes[i * 7 % 4]);
        if (i % 2)
            graph_set_property (g, node[i], "odd", "");
        if (i % 5 == 0)
            graph_set_property (g, node[i], "fifth", "yes");
    }
}

void pair_open (struct pair *p)
{
    flux_error_t error;
    p->which = pick (COUNT (recipes));
    p->policy = policies[pick (COUNT (policies))];
    if (p->which != POWERED && !strncmp (p->policy, "power", 5))
        p->which = POWERED; // only there is power
    p->recipe = recipes[p->which];
    p->flags = pick (8) ? 0 : MATCHER_EXACT_TIES;
    p->flags |= !p->flags && p->which != SHARED && !pick (4) ? MATCHER_THROUGH : 0;
    p->flags |= pick (4) ? 0 : MATCHER_FLEXIBLE;
    p->every_second = !pick (16);
    for (int i = 0; i < 2; i++) {
        p->g[i] = graph_from_recipe (p->recipe, &error);
        add_more (p->g[i], p->which);
        add_properties (p->g[i]);
        p->m[i] =
            matcher_create (p->g[i], p->policy, p->flags | (i ? MATCHER_WALK_ONLY : 0), &error);
        if (!p->m[i] || matcher_set_period (p->m[i], 0, 1000, &error) < 0)
            die (p->recipe, error.text);
    }
}

void pair_close (struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        matcher_destroy (p->m[i]);
        graph_destroy (p->g[i]);
    }
}

void step_shape (struct pair *p, uint32_t id)
{
    flux_error_t error;
    for (int i = 0; i < 2; i++) {
        const uint32_t *node;
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v, core;
        size_t n = graph_find_type (p->g[i], "node", &node);
        uint32_t one = node[id % n], parent = graph_parent (p->g[i], one);
        if (id % 3 && n > 4) {
            if (matcher_remove_subgraph (p->m[i], one, &error) < 0)
                die ("remove", error.text);
            continue;
        }
        if (graph_begin (p->g[i], &error) < 0)
            die ("grow", error.text);
        spec.type = "node";
        spec.id = spec.rank = 100 + id;
        graph_add_vertex (p->g[i], &spec, &v, &error);
        graph_add_edge (p->g[i], parent, v, "containment", &error);
        spec.type = "core";
        for (spec.id = 0; spec.id < 4; spec.id++) {
            graph_add_vertex (p->g[i], &spec, &core, &error);
            graph_add_edge (p->g[i], v, core, "containment", &error);
        }
        if (graph_commit (p->g[i], &error) < 0)
            die ("grow", error.text);
    }
}

/* ---- Constraints ---- */
struct word {
    constraint_op_t op;
    const char *name; // a property, or one of two nodes
    int64_t lo, hi;
};

static bool word_holds (const struct graph *g, uint32_t v, const struct word *w)
{
    char name[64];
    bool not = w->op == CONSTRAINT_PROPERTIES && *w->name == '^';
    switch (w->op) {
    case CONSTRAINT_RANKS:
        return graph_rank (g, v) >= w->lo && graph_rank (g, v) <= w->hi;
    case CONSTRAINT_PROPERTIES:
        return !graph_property (g, v, w->name + not ) == not ;
    default:
        graph_name (g, v, name, sizeof (name));
        return !strcmp (name, w->name) || !strcmp (name, "node4");
    }
}

static struct constraint *make_word (struct word *w)
{
    static const char *const properties[] = {"odd", "^odd", "fifth", "^fifth", "none"};
    static const char *const hosts[] = {"node0", "node1", "node2", "node3"};
    static const constraint_op_t ops[] = {CONSTRAINT_RANKS, CONSTRAINT_PROPERTIES,
                                          CONSTRAINT_HOSTLIST};
    *w = (struct word){.op = ops[pick (3)], .lo = pick (8), .name = hosts[pick (4)]};
    w->hi = w->lo + pick (6);
    struct constraint *c = constraint_create (w->op);
    if (w->op == CONSTRAINT_PROPERTIES)
        w->name = properties[pick (5)];
    if (w->op == CONSTRAINT_RANKS)
        constraint_add_ranks (c, w->lo, w->hi);
    else
        constraint_add_name (c, w->name);
    if (w->op == CONSTRAINT_HOSTLIST)
        constraint_add_name (c, "node4");
    return c;
}

bool *pick_constraint (const struct pair *p, struct request *req)
{
    static const constraint_op_t joins[] = {CONSTRAINT_AND, CONSTRAINT_OR, CONSTRAINT_NOT};
    struct word a, b;
    if (pick (5))
        return NULL;
    constraint_op_t join = joins[pick (3)];
    req->constraint = constraint_create (join);
    constraint_add (req->constraint, make_word (&a));
    constraint_add (req->constraint, make_word (&b));
    bool *allowed = calloc (graph_limit (p->g[0]), sizeof (*allowed));
    for (uint32_t v = 0; v < graph_limit (p->g[0]); v++)
        if (graph_alive (p->g[0], v) && !strcmp (graph_type (p->g[0], v), "node")) {
            bool x = word_holds (p->g[0], v, &a), y = word_holds (p->g[0], v, &b);
            allowed[v] = join == CONSTRAINT_OR ? x || y : (x && y) == (join == CONSTRAINT_AND);
        }
    return allowed;
}
