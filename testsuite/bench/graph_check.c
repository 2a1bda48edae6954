/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the headers of lib/graph promise, in vertices and entries looked at: the same on every
 * machine, and checked for every operation and policy. */

#include <stdio.h>
#include <string.h>

#include "testsuite/bench/graph_bench.h"
#include "testsuite/unit/graph/request_text.h"

enum { ROUNDS = 3 };
#define COUNT(a) (sizeof (a) / sizeof (a[0]))

static bool within (const char *what, const char *policy, uint32_t nodes, int percent,
                    double visits, double most)
{
    if (visits <= most)
        return true;
    printf ("%s, %s, %u nodes, %d %% full: %.0f looked at, not %.0f\n", what, policy, nodes,
            percent, visits, most);
    return false;
}

/* ---- Matching ---- */
/* How many visits grow with what. ONE leaves room for a search down an index of 100,000 and the
 * items of a node, not for more; so does EACH for each of many nodes. */
enum { ONE = 250, EACH = 160 };
typedef enum {
    FLAT,   // the same on any size
    SCORES, // a score for each of the type; slots by an index
    TYPES,  // a score for each of the type; slots: all that are not ruled out are visited
    ALL,    // all that are not ruled out
} growth_t;

static const struct {
    const char *policy;
    growth_t growth;
} policies[] = {
    {"first", FLAT},
    {"firstnodex", FLAT},
    {"high", FLAT},
    {"low", FLAT},
    {"hinode", FLAT},
    {"lonode", FLAT},
    {"hinodex", FLAT},
    {"lonodex", FLAT},
    {"locality", FLAT},
    {"policy=low node_centric=true", FLAT},
    {"bestfit", SCORES},
    {"variation", TYPES},
    {"nearest target=gpu", TYPES},
    {"nearest target=/cluster0/rack3/node300", TYPES},
    {"pack level=rack", ALL},
    {"spread level=rack", ALL},
    {"power draw=10", ALL},
};

static double most_visits (growth_t growth, bool slot, uint32_t nodes, int percent, double most)
{
    enum { VERTICES = 40, PASSES = 10 }; // of a node; to see what it has, and no more
    double left = nodes * (100 - percent) / 100.;
    if (growth == FLAT || (growth == SCORES && slot))
        return most;
    return most + (slot && growth != SCORES ? left * VERTICES : left * PASSES) + nodes * 2;
}

static bool check_flat (struct matcher *m, size_t p, const struct policy *policy, uint32_t nodes,
                        int percent)
{
    bool good = true;
    for (size_t r = 0; r < BENCH_REQUESTS; r++) {
        const char *text = bench_requests[r].text;
        double most = strncmp (text, "node=64", 7) ? ONE : 64 * EACH;
        if (!strncmp (text, "node=64", 7) && nodes * (100 - percent) / 100 < 64)
            continue; // there are not that many
        struct cost c = bench_measure (m, text, policy, ROUNDS);
        most = most_visits (policies[p].growth, !strncmp (text, "slot", 4), nodes, percent, most);
        good =
            within (bench_requests[r].name, policies[p].policy, nodes, percent, c.visits, most) &&
            good;
    }
    return good;
}

/* Of several levels: racks of 100 nodes are passed over by their aggregates, and so are nodes. */
static bool check_nested (struct matcher *m, const char *name, const struct policy *policy,
                          uint32_t nodes, int percent)
{
    static const struct {
        const char *text;
        double most;
    } list[] = {
        {"rack=1/node=2/slot=1/core=4", 500},   {"cluster=1/rack=2/node=4/slot=1/core=1", 800},
        {"slot=1/socket=2/core=16", 300},       {"slot=4/[core=4;gpu=1]", 300},
        {"node=4/socket=1/slot=1/core=8", 500}, {"node=2/slot=1/[socket=1;gpu=2]", 300},
    };
    bool run = !strcmp (name, "locality"), scores = !strcmp (name, "bestfit"), good = true;
    for (size_t r = 0; r < COUNT (list); r++) {
        bool top_nodes = !strncmp (list[r].text, "node", 4);
        if (run && (top_nodes || r == 2))
            continue; // all that may be in a run are visited
        struct cost c = bench_measure (m, list[r].text, policy, ROUNDS);
        double most = list[r].most + (run && r == 0 ? nodes : 0) + (scores ? nodes / 100 : 0);
        most += scores && top_nodes ? nodes : 0;
        good = within (list[r].text, name, nodes, percent, c.visits, most) && good;
    }
    return good;
}

static uint32_t add_vertex (struct graph *g, const char *type, int64_t id, int64_t size)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    flux_error_t error;
    uint32_t v;
    spec.type = type;
    spec.id = id;
    spec.size = size;
    if (graph_add_vertex (g, &spec, &v, &error) < 0)
        bench_die (type, error.text);
    return v;
}

static void link_to (struct graph *g, uint32_t a, uint32_t b, const char *subsystem)
{
    flux_error_t error;
    if (graph_add_edge (g, a, b, subsystem, &error) < 0)
        bench_die (subsystem, error.text);
}

/* A PDU feeds each rack, and one panel all of them. */
static void add_power (struct graph *g)
{
    enum { WATTS = 100000, MAX_NODES = 100000 };
    static uint32_t list[MAX_NODES]; // the graph's own list does not outlive the first addition
    const uint32_t *node;
    flux_error_t error;
    size_t n = graph_find_type (g, "node", &node);
    uint32_t pdu = 0;
    memcpy (list, node, n * sizeof (*list));
    if (graph_begin (g, &error) < 0)
        bench_die ("power", error.text);
    uint32_t panel = add_vertex (g, "panel", 0, GRAPH_MAX_SIZE);
    for (size_t i = 0; i < n; i++) {
        if (i % 100 == 0)
            link_to (g, panel, pdu = add_vertex (g, "pdu", i / 100, WATTS), "power");
        link_to (g, pdu, list[i], "power");
    }
    if (graph_commit (g, &error) < 0)
        bench_die ("power", error.text);
}

static bool check_matches (uint32_t nodes, int percent)
{
    double seconds;
    flux_error_t error;
    bool good = true;
    struct graph *g = bench_make (nodes, &seconds);
    add_power (g);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    bench_fill (m, percent);
    for (size_t p = 0; p < COUNT (policies); p++) {
        struct policy *policy = policy_create (policies[p].policy, &error);
        if (!policy)
            bench_die (policies[p].policy, error.text);
        if (nodes <= 10000 || policies[p].growth <= SCORES)
            good = check_flat (m, p, policy, nodes, percent) && good;
        if (policies[p].growth <= SCORES)
            good = check_nested (m, policies[p].policy, policy, nodes, percent) && good;
        policy_destroy (policy);
    }
    matcher_destroy (m);
    graph_destroy (g);
    return good;
}

/* Jobs that wait: so many points in time tried, and vertices looked at for each. */
static bool check_reserve (const char *policy)
{
    enum { NODES = 1000, JOBS = 300 };
    double seconds, visits = 0, candidates = 0;
    struct match_counters c;
    flux_error_t error;
    uint64_t rng = 7;
    struct graph *g = bench_make (NODES, &seconds);
    struct matcher *m = matcher_create (g, policy, 0, &error);
    for (int i = 0; i < NODES + JOBS; i++) {
        const char *text = i < NODES || i % 4 ? "node=1!/slot=1/core=1" : "node=16!/slot=1/core=1";
        struct request *req = request_from_text (text, 600 + bench_pick (&rng, 86400));
        if (matcher_match (m, req, MATCH_ALLOCATE_ORELSE_RESERVE, i, 0, NULL, NULL, &error) < 0)
            bench_die ("reserve", error.text);
        matcher_counters (m, &c);
        visits += i < NODES ? 0 : c.visits;
        candidates += i < NODES ? 0 : c.candidates;
        request_destroy (req);
    }
    matcher_destroy (m);
    graph_destroy (g);
    printf ("reservations, %s: %.1f points tried, %.0f visits at each\n", policy, candidates / JOBS,
            visits / candidates);
    return within ("points tried for a reservation", policy, NODES, 100, candidates / JOBS, 10) &&
           within ("a point", policy, NODES, 100, visits / candidates, 400);
}

/* ---- Everything else: one after the other, each with how many steps it may take ---- */
struct state {
    struct graph *g;
    struct matcher *m;
    uint32_t node; // of rank 3
    uint32_t added;
    size_t items; // of the job that was booked last
};

enum { DEPTH = 5, TYPES_BELOW = 6, PER_ITEM = DEPTH * (TYPES_BELOW + 2), NODE_ITEMS = 42 };

static void book (struct state *s, const char *text)
{
    struct request *req = request_from_text (text, 3600);
    const struct result *res;
    flux_error_t error;
    if (matcher_match (s->m, req, MATCH_ALLOCATE, FIRST_JOB, 0, NULL, &res, &error) < 0)
        bench_die (text, error.text);
    s->items = res->count;
    request_destroy (req);
}

static void book_core (struct state *s)
{
    book (s, "slot=1/core=1");
}

static void book_node (struct state *s)
{
    book (s, "node=1!/slot=1/core=1");
}

static void book_many (struct state *s)
{
    book (s, "node=64!/slot=1/core=1");
}

static void cancel (struct state *s)
{
    flux_error_t error;
    if (matcher_cancel (s->m, FIRST_JOB, &error) < 0)
        bench_die ("cancel", error.text);
}

static void cancel_vertex (struct state *s)
{
    flux_error_t error;
    struct match_job job;
    bool full;
    if (matcher_job (s->m, FIRST_JOB, &job) < 0 ||
        matcher_cancel_partial (s->m, FIRST_JOB, &job.items[2].vertex, 1, &full, &error) < 0)
        bench_die ("partial cancel", error.text);
}

static void cancel_ranks (struct state *s)
{
    flux_error_t error;
    bool full;
    if (matcher_cancel_ranks (s->m, FIRST_JOB, (int64_t[]){3, 7, 5}, 3, &full, &error) < 0)
        bench_die ("cancel ranks", error.text);
}

static void clear_rank (struct state *s)
{
    flux_error_t error;
    if (matcher_clear_ranks (s->m, (int64_t[]){9}, 1, &error) < 0)
        bench_die ("clear", error.text);
}

static void update (struct state *s)
{
    struct result_item items[64];
    flux_error_t error;
    s->items = bench_items (s->g, s->node, items);
    if (matcher_update (s->m, FIRST_JOB, 0, 100, false, items, s->items, NULL, &error) < 0)
        bench_die ("update", error.text);
}

static void set_end (struct state *s)
{
    flux_error_t error;
    if (matcher_set_end (s->m, FIRST_JOB, 500, &error) < 0)
        bench_die ("end", error.text);
}

static void look (struct state *s)
{
    if (!matcher_job_holds (s->m, FIRST_JOB, s->node))
        bench_die ("look", "the job does not hold it");
}

static void set_down (struct state *s)
{
    graph_set_status (s->g, s->node, GRAPH_DOWN);
}

static void set_up (struct state *s)
{
    graph_set_status (s->g, s->node, GRAPH_UP);
}

static void find_path (struct state *s)
{
    if (graph_find_path (s->g, "/cluster0/rack0/node3") != s->node)
        bench_die ("find", "the path");
}

static void find_rank (struct state *s)
{
    const uint32_t *v;
    if (graph_find_rank (s->g, 3, &v) != 1 || *v != s->node)
        bench_die ("find", "the rank");
}

static void find_uniq (struct state *s)
{
    if (graph_find_uniq (s->g, graph_uniq_id (s->g, s->node)) != s->node)
        bench_die ("find", "the number");
}

static void grow (struct state *s)
{
    flux_error_t error;
    if (graph_begin (s->g, &error) < 0)
        bench_die ("grow", error.text);
    s->added = add_vertex (s->g, "node", 1000000, 1);
    link_to (s->g, graph_parent (s->g, s->node), s->added, "containment");
    if (graph_commit (s->g, &error) < 0)
        bench_die ("grow", error.text);
}

static void shrink (struct state *s)
{
    flux_error_t error;
    if (matcher_remove_subgraph (s->m, s->added, &error) < 0)
        bench_die ("shrink", error.text);
}

/* most < 0: so many for each vertex of the graph. */
static const struct {
    const char *what;
    void (*run) (struct state *s);
    double most;
} steps[] = {
    {"book a core", book_core, 5 * PER_ITEM},
    {"cancel a core", cancel, 5 * PER_ITEM},
    {"book a node", book_node, NODE_ITEMS *PER_ITEM},
    {"cancel a node", cancel, NODE_ITEMS *PER_ITEM},
    {"book 64 nodes", book_many, 64 * NODE_ITEMS *PER_ITEM},
    {"end of a job", set_end, 64},
    {"look into a job", look, 64},
    {"give back a node of 64", cancel_vertex, 65 * NODE_ITEMS + NODE_ITEMS *PER_ITEM},
    {"give back 3 ranks of 64", cancel_ranks, 65 * NODE_ITEMS + 3 * NODE_ITEMS *PER_ITEM},
    {"clear a rank", clear_rank, 65 * NODE_ITEMS + NODE_ITEMS *PER_ITEM},
    {"cancel the rest", cancel, 64 * NODE_ITEMS *PER_ITEM},
    {"update", update, NODE_ITEMS *PER_ITEM},
    {"cancel what was updated", cancel, NODE_ITEMS *PER_ITEM},
    {"status down", set_down, PER_ITEM},
    {"status up", set_up, PER_ITEM},
    {"find a path", find_path, DEPTH},
    {"find a rank", find_rank, 64},
    {"find a number", find_uniq, 2},
    {"grow", grow, -3},
    {"shrink", shrink, -3},
};

static bool check_steps (uint32_t nodes)
{
    double seconds;
    flux_error_t error;
    bool good = true;
    struct state s = {.g = bench_make (nodes, &seconds)};
    s.m = matcher_create (s.g, "low", 0, &error);
    s.node = graph_find_path (s.g, "/cluster0/rack0/node3");
    for (size_t i = 0; i < COUNT (steps); i++) {
        uint64_t before = graph_steps (s.g);
        double most = steps[i].most < 0 ? -steps[i].most * graph_count (s.g) : steps[i].most;
        steps[i].run (&s);
        good = within (steps[i].what, "", nodes, 0, graph_steps (s.g) - before, most) && good;
    }
    if (matcher_check (s.m, &error) < 0)
        bench_die ("check", error.text);
    matcher_destroy (s.m);
    graph_destroy (s.g);
    return good;
}

int bench_check (void)
{
    bool good = true;
    for (size_t f = 0; f < BENCH_FILLS; f++) {
        good = check_matches (1000, bench_fills[f]) && good;
        good = check_matches (10000, bench_fills[f]) && good;
    }
    good = check_matches (100000, 50) && good;
    for (size_t p = 0; p < COUNT (policies); p++)
        if (policies[p].growth <= SCORES)
            good = check_reserve (policies[p].policy) && good;
    good = check_steps (1000) && good;
    good = check_steps (10000) && good;
    printf ("%s\n", good ? "visits are within bounds" : "more is looked at than promised");
    return good ? 0 : 1;
}
