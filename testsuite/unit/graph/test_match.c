/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher: what each policy picks, time, shrinking, constraints, refusals. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/match.h"
#include "lib/graph/recipe.h"
#include "testsuite/unit/graph/request_text.h"

#define TINY "tiny/rack/node=2/socket=2/[core=18;memory=4{ids:node,size:2};gpu=1]"

static struct result_visitor visitor;

static int add_name (void *arg, const struct graph *g, const struct result_item *item)
{
    char name[64], *buf = arg;
    if (item->exclusive && graph_child_count (g, item->vertex) == 0) {
        graph_path (g, item->vertex, NULL, name, sizeof (name));
        sprintf (buf + strlen (buf), "%s ", name + strlen ("/tiny0/rack0/"));
    }
    return 0;
}

static void test_policies (void **state)
{
    (void)state;
    static const struct {
        const char *policy, *request, *picks[3];
    } cases[] = {
        {"high", "node/slot/socket/core", {"node1/socket1/core35 ", "node1/socket0/core17 "}},
        {"low", "node/slot/socket/core", {"node0/socket0/core0 ", "node0/socket1/core18 "}},
        {"low", "slot/core", {"node0/socket0/core0 ", "node1/socket0/core0 "}},
        {"lonode", "slot/core", {"node0/socket0/core0 ", "node0/socket0/core1 "}},
        {"hinode", "slot/core", {"node1/socket1/core35 ", "node1/socket1/core34 "}},
        {"first", "slot/core", {"node1/socket1/core35 ", "node0/socket1/core35 "}},
        {"locality", "slot/core", {"node0/socket0/core17 ", "node0/socket0/core16 "}},
        {"low", "slot=2/gpu", {"node0/socket0/gpu0 node1/socket0/gpu0 "}},
    };
    visitor.vertex = add_name;
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t error = {""};
        const struct result *res;
        struct graph *g = graph_from_recipe (TINY, &error);
        struct matcher *m = matcher_create (g, cases[i].policy, 0, &error);
        struct request *req = request_from_text (cases[i].request, 10);
        for (int k = 0; cases[i].picks[k]; k++) {
            char buf[1024] = "";
            if (matcher_match (m, req, MATCH_ALLOCATE, k, 0, NULL, &res, &error) < 0)
                fail_msg ("%s %s: %s", cases[i].policy, cases[i].request, error.text);
            result_walk (res, g, &visitor, buf);
            if (strcmp (buf, cases[i].picks[k]))
                fail_msg ("%s %s job %d: %s", cases[i].policy, cases[i].request, k, buf);
            assert_int_equal (matcher_check (m, &error), 0);
        }
        request_destroy (req);
        matcher_destroy (m);
        graph_destroy (g);
    }
}

static void test_time (void **state)
{
    (void)state;
    flux_error_t error;
    const struct result *res;
    struct graph *g = graph_from_recipe ("cluster/node=4/core=2", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *all = request_from_text ("node=4!", 100);
    struct request *one = request_from_text ("node=1!", 50);
    struct request *longer = request_from_text ("node=1!", 150);
    struct request *never = request_from_text ("node=5!", 1);
    match_op_t op = MATCH_ALLOCATE_ORELSE_RESERVE;
    assert_int_equal (matcher_match (m, all, op, 1, 10, NULL, &res, &error), 0);
    assert_int_equal (res->at, 10);
    assert_false (res->reserved);
    assert_int_equal (matcher_match (m, all, op, 2, 10, NULL, &res, &error), 0);
    assert_int_equal (res->at, 110);
    assert_true (res->reserved);
    assert_int_equal (matcher_match (m, one, op, 3, 20, NULL, &res, &error), 0);
    assert_int_equal (res->at, 210);
    assert_int_equal (matcher_match (m, never, op, 4, 20, NULL, &res, &error), -1);
    assert_int_equal (errno, ENODEV);
    assert_int_equal (matcher_cancel (m, 1, &error), 0);
    assert_int_equal (matcher_match (m, longer, MATCH_ALLOCATE, 5, 20, NULL, &res, &error), -1);
    assert_int_equal (errno, EBUSY);
    assert_int_equal (matcher_match (m, one, MATCH_ALLOCATE, 6, 20, NULL, &res, &error), 0);
    assert_int_equal (matcher_match (m, one, MATCH_ALLOCATE, 6, 20, NULL, &res, &error), -1);
    assert_int_equal (errno, EEXIST);
    assert_int_equal (matcher_start (m, 2, &error), -1);
    assert_int_equal (errno, EBUSY);
    assert_int_equal (matcher_cancel (m, 6, &error), 0);
    assert_int_equal (matcher_start (m, 2, &error), 0);
    assert_int_equal (matcher_check (m, &error), 0);
    assert_int_equal (matcher_cancel (m, 2, &error), 0);
    assert_int_equal (matcher_cancel (m, 3, &error), 0);
    assert_int_equal (matcher_cancel (m, 3, &error), -1);
    assert_int_equal (matcher_check (m, &error), 0);
    request_destroy (all);
    request_destroy (one);
    request_destroy (longer);
    request_destroy (never);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_shrink (void **state)
{
    (void)state;
    flux_error_t error;
    const struct result *res;
    bool full;
    struct match_job job;
    struct graph *g = graph_from_recipe ("cluster/rack=2/node=2/core=2", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *req = request_from_text ("node=4/slot/core=2", 100);
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, &res, &error), 0);
    assert_int_equal (matcher_cancel_ranks (m, 1, (int64_t[]){2, 3}, 2, &full, &error), 0);
    assert_false (full);
    assert_int_equal (matcher_job (m, 1, &job), 0);
    assert_int_equal (job.count, 2 + 2 * 3); // cluster, rack0, two nodes with two cores
    assert_int_equal (matcher_check (m, &error), 0);
    assert_int_equal (matcher_cancel_ranks (m, 1, (int64_t[]){2}, 1, &full, &error), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (graph_remove (g, graph_find_path (g, "/cluster0/rack0"), &error), -1);
    assert_int_equal (matcher_remove_subgraph (m, graph_find_path (g, "/cluster0/rack0"), &error),
                      0);
    assert_int_equal (matcher_job (m, 1, &job), -1);
    assert_int_equal (matcher_check (m, &error), 0);
    request_destroy (req);
    req = request_from_text ("node=2/slot/core=2", 100);
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, &res, &error), 0);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_update (void **state)
{
    (void)state;
    flux_error_t error;
    const struct result *res;
    struct graph *g = graph_from_recipe ("cluster/rack=2/node=2/core=2", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    uint32_t core = graph_find_path (g, "/cluster0/rack1/node2/core1");
    struct result_item item = {.vertex = core, .needs = 1, .exclusive = 1};
    assert_int_equal (matcher_update (m, 7, 0, 100, false, &item, 1, &res, &error), 0);
    assert_int_equal (res->count, 4);
    assert_int_equal (graph_used (g, core), 1);
    assert_int_equal (graph_njobs (g, graph_root (g)), 1);
    assert_int_equal (matcher_update (m, 8, 0, 100, false, &item, 1, &res, &error), -1);
    assert_int_equal (errno, EBUSY);
    item.vertex = graph_find_path (g, "/cluster0/rack1/node2/core0");
    assert_int_equal (matcher_update (m, 7, 0, 100, false, &item, 1, &res, &error), 0);
    assert_int_equal (graph_njobs (g, graph_root (g)), 1);
    assert_int_equal (matcher_check (m, &error), 0);
    assert_true (matcher_job_holds (m, 7, core));
    item.vertex = graph_parent (g, core); // passed through already, now wanted whole
    assert_int_equal (matcher_update (m, 7, 0, 100, false, &item, 1, &res, &error), -1);
    assert_int_equal (errno, EBUSY);
    assert_non_null (strstr (error.text, "node2"));
    assert_int_equal (graph_used (g, item.vertex), 0);
    assert_int_equal (matcher_cancel (m, 7, &error), 0);
    assert_int_equal (matcher_check (m, &error), 0);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_constraint (void **state)
{
    (void)state;
    flux_error_t error;
    const struct result *res;
    size_t cursor = 0;
    struct result_rank rank;
    struct graph *g = graph_from_recipe ("cluster/node=8/core=2", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *req = request_from_text ("node=2/slot/core=2", 0);
    struct constraint *both = constraint_create (CONSTRAINT_AND);
    struct constraint *ranks = constraint_create (CONSTRAINT_RANKS);
    struct constraint *not = constraint_create (CONSTRAINT_NOT);
    struct constraint *host = constraint_create (CONSTRAINT_HOSTLIST);
    struct constraint *prop = constraint_create (CONSTRAINT_PROPERTIES);
    assert_int_equal (constraint_add_ranks (ranks, 3, 7), 0);
    assert_int_equal (constraint_add_name (host, "node4"), 0);
    assert_int_equal (constraint_add_name (prop, "^slow"), 0);
    assert_int_equal (constraint_add (not, host), 0);
    assert_int_equal (constraint_add (both, ranks), 0);
    assert_int_equal (constraint_add (both, not ), 0);
    assert_int_equal (constraint_add (both, prop), 0);
    assert_int_equal (constraint_add (ranks, prop), -1);
    graph_set_property (g, graph_find_path (g, "/cluster0/node3"), "slow", "");
    req->constraint = both;
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, &res, &error), 0);
    assert_true (result_next_rank (res, g, &cursor, &rank));
    assert_int_equal (rank.rank, 5);
    assert_int_equal (result_units (res, g, rank.first, rank.count, "core"), 2);
    assert_true (result_next_rank (res, g, &cursor, &rank));
    assert_int_equal (rank.rank, 6);
    assert_false (result_next_rank (res, g, &cursor, &rank));
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

static size_t count_items (const struct result *res, const struct graph *g, const char *type)
{
    size_t n = 0;
    for (size_t i = 0; i < res->count; i++)
        n += res->items[i].exclusive && !strcmp (graph_type (g, res->items[i].vertex), type);
    return n;
}

static void test_flexible (void **state)
{
    (void)state;
    flux_error_t error;
    const struct result *res;
    struct graph *g = graph_from_recipe ("cluster/node=2/[core=10;gpu=2]", &error);
    struct matcher *m = matcher_create (g, "low", MATCHER_FLEXIBLE, &error);
    /* most slots on a node: two of a core and a GPU, and with eight cores left four of two cores */
    struct request *either = request_from_text ("node=1/[slot=6/core=2;slot=6/[core=1;gpu=1]]", 0);
    struct request *one = request_from_text ("node=1/[xor_slot=3/gpu=1;xor_slot=5/core=1]", 0);
    assert_int_equal (matcher_match (m, either, MATCH_ALLOCATE, 1, 0, NULL, &res, &error), 0);
    assert_int_equal (count_items (res, g, "core"), 10);
    assert_int_equal (count_items (res, g, "gpu"), 2);
    assert_int_equal (matcher_match (m, one, MATCH_ALLOCATE, 2, 0, NULL, &res, &error), 0);
    assert_int_equal (count_items (res, g, "core"), 5);
    assert_int_equal (count_items (res, g, "gpu"), 0);
    assert_int_equal (matcher_check (m, &error), 0);
    request_destroy (either);
    request_destroy (one);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_divisible (void **state)
{
    (void)state;
    flux_error_t error;
    const struct result *res;
    struct graph *g =
        graph_from_recipe ("cluster/node=2/[core=4;memory=64{unit:GB,split:true}]", &error);
    struct matcher *m = matcher_create (g, "lonode", 0, &error);
    struct request *req = request_from_text ("slot=1/[core=1;memory=24]", 0);
    uint32_t memory = graph_find_path (g, "/cluster0/node0/memory0");
    for (int i = 0; i < 4; i++)
        assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, i, 0, NULL, &res, &error), 0);
    assert_int_equal (graph_used (g, memory), 48);
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 4, 0, NULL, &res, &error), -1);
    assert_int_equal (matcher_check (m, &error), 0);
    assert_int_equal (matcher_cancel (m, 0, &error), 0);
    assert_int_equal (graph_used (g, memory), 24);
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 4, 0, NULL, &res, &error), 0);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

/* Slots of one node that draw from one pool draw all of it. */
static void test_divisible_slots (void **state)
{
    (void)state;
    flux_error_t error;
    struct graph *g =
        graph_from_recipe ("cluster/node=1/[core=4;memory=64{unit:GB,split:true}]", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *req = request_from_text ("node=1/slot=2/[core=1;memory=24]", 0);
    uint32_t memory = graph_find_path (g, "/cluster0/node0/memory0");
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, NULL, &error), 0);
    assert_int_equal (graph_used (g, memory), 48);
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 2, 0, NULL, NULL, &error), -1);
    assert_int_equal (matcher_check (m, &error), 0);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

/* A pool in GB gives no MB. */
static void test_units (void **state)
{
    (void)state;
    static const struct {
        const char *unit;
        bool fits;
    } cases[] = {{NULL, true}, {"", true}, {"GB", true}, {"MB", false}, {"gb", false}};
    flux_error_t error = {""};
    struct graph *g =
        graph_from_recipe ("cluster/node=2/[core=4;memory=8{unit:GB,split:true}]", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct request *req = request_create ();
        struct request_resource *slot = request_add (req, NULL, "slot", &error);
        struct request_resource *core = request_add (req, slot, "core", &error);
        struct request_resource *memory = request_add (req, slot, "memory", &error);
        assert_int_equal (request_set_unit (core, "core"), 0); // the graph has none for it
        if (cases[i].unit)
            assert_int_equal (request_set_unit (memory, cases[i].unit), 0);
        memory->count.min = memory->count.max = 2;
        assert_int_equal (request_seal (req, &error), 0);
        int rc = matcher_match (m, req, MATCH_ALLOCATE, i, 0, NULL, NULL, &error);
        assert_int_equal (rc, cases[i].fits ? 0 : -1);
        if (rc < 0) {
            assert_int_equal (errno, EINVAL);
            assert_non_null (strstr (error.text, "memory is asked for in"));
            assert_non_null (strstr (error.text, "the graph has it in GB"));
        }
        assert_int_equal (matcher_check (m, &error), 0);
        request_destroy (req);
    }
    assert_int_equal (matcher_job_count (m), 3);
    matcher_destroy (m);
    graph_destroy (g);
}

/* MATCHER_THROUGH: sockets, which the requests do not name, are passed through. */
static void test_through (void **state)
{
    (void)state;
    static const struct {
        const char *policy, *request;
        bool plain; // fits without the flag, too
        size_t cores, gpus;
    } cases[] = {
        {"low", "node=1/slot=1/[core=4;gpu=2]", false, 4, 2}, // both sockets make one slot
        {"high", "node=1/slot=1/[core=4;gpu=2]", false, 4, 2},
        {"first", "node=1/slot=3/core=1", true, 3, 0},
        {"first", "node=2/slot=4/core=1", true, 8, 0},
        {"low", "node=1/core=3!", false, 3, 0},
        {"first", "node=1/core=4!", false, 4, 0},
        {"low", "slot=1/core=4", false, 4, 0},
        {"locality", "slot=2/core=3", false, 6, 0},
        {"low", "node=1/slot=1/core=5", false, 0, 0}, // no node has so many
        {"low", "rack=1/slot=1/core=4", false, 4, 0},
        {"lonode", "rack=1/gpu=3!", false, 0, 3},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++)
        for (int flags = 0; flags <= MATCHER_THROUGH; flags += MATCHER_THROUGH) {
            flux_error_t error = {""};
            const struct result *res;
            struct graph *g =
                graph_from_recipe ("cluster/rack=2/node=2/socket=2/[core=2;gpu=1]", &error);
            struct matcher *m = matcher_create (g, cases[i].policy, flags, &error);
            struct request *req = request_from_text (cases[i].request, 10);
            bool fits = flags ? cases[i].cores + cases[i].gpus > 0 : cases[i].plain;
            int rc = matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, &res, &error);
            if ((rc == 0) != fits)
                fail_msg ("%s %s, flags %d: %s", cases[i].policy, cases[i].request, flags,
                          error.text);
            if (rc == 0 && (count_items (res, g, "core") != cases[i].cores ||
                            count_items (res, g, "gpu") != cases[i].gpus))
                fail_msg ("%s %s: %zu cores, %zu GPUs", cases[i].policy, cases[i].request,
                          count_items (res, g, "core"), count_items (res, g, "gpu"));
            rc = matcher_match (m, req, MATCH_SATISFIABILITY, 2, 0, NULL, NULL, &error);
            assert_int_equal (rc, fits ? 0 : -1);
            assert_int_equal (matcher_check (m, &error), 0);
            request_destroy (req);
            matcher_destroy (m);
            graph_destroy (g);
        }
}

/* Tiers of storage: on nodes, in racks, for all; several wishes at the top. */
static void test_tiers (void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool fits;
        uint32_t lustre; // used after
    } steps[] = {
        {"[slot=2/core=1;lustre=7!]", true, 7},
        {"[node=2/slot=1/[core=1;ssd=1];lustre=6!]", true, 13},
        {"[slot=1/core=1;lustre=8!]", false, 13},
        {"rack=1/[node=2/slot=1/core=1;rabbit=1/nvme=4!]", true, 13},
        {"rack=2/rabbit=1/nvme=1!", false, 13}, // one rack's are gone
        {"rack=1/rabbit=1/slot=2/nvme=2", true, 13},
        {"slot=1/nvme=1", false, 13},
        {"lustre=7!", true, 20},
        {"lustre=1!", false, 20},
    };
    flux_error_t error = {""};
    struct graph *g = graph_from_recipe ("cluster/[lustre=20{unit:TB,split:true};"
                                         "rack=2/[rabbit=1/nvme=4;node=3/[core=3;ssd=1]]]",
                                         &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    uint32_t lustre = graph_find_path (g, "/cluster0/lustre0");
    for (size_t i = 0; i < sizeof (steps) / sizeof (steps[0]); i++) {
        struct request *req = request_from_text (steps[i].request, 10);
        int rc = matcher_match (m, req, MATCH_ALLOCATE, i, 0, NULL, NULL, &error);
        if ((rc == 0) != steps[i].fits || graph_used (g, lustre) != steps[i].lustre)
            fail_msg ("%s: %d (%s), %u used", steps[i].request, rc, error.text,
                      graph_used (g, lustre));
        assert_int_equal (matcher_check (m, &error), 0);
        request_destroy (req);
    }
    matcher_destroy (m);
    graph_destroy (g);
}

/* Two appliances that lie in racks and, both, in one unit: found from either, held against both. */
static struct graph *make_shared (void)
{
    flux_error_t error = {""};
    struct graph *g =
        graph_from_recipe ("cluster/rack=2/[node=2/core=2;appliance=1/ssd=4]", &error);
    const uint32_t *list;
    uint32_t unit, appliance[2];
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    spec.type = "unit";
    spec.id = 0;
    assert_int_equal (graph_find_type (g, "appliance", &list), 2);
    memcpy (appliance, list, sizeof (appliance));
    assert_int_equal (graph_begin (g, &error), 0);
    assert_int_equal (graph_add_vertex (g, &spec, &unit, &error), 0);
    assert_int_equal (graph_add_edge (g, graph_root (g), unit, "containment", &error), 0);
    for (int i = 0; i < 2; i++)
        assert_int_equal (graph_add_edge (g, unit, appliance[i], "containment", &error), 0);
    if (graph_commit (g, &error) < 0)
        fail_msg ("%s", error.text);
    return g;
}

static void test_several_parents (void **state)
{
    (void)state;
    static const struct {
        const char *request;
        bool fits;
        size_t ssds; // given in all, when it fits
    } steps[] = {
        {"rack=1/appliance=1/slot=1/ssd=3", true, 3},
        {"unit=1/appliance=1/slot=1/ssd=4", true, 4}, // the other one has four
        {"unit=1/appliance=1/slot=1/ssd=2", false, 0},
        {"unit=1!", false, 0}, // somebody is below it, by way of a rack
        {"rack=1!", false, 0},
        {"slot=1/ssd=1", true, 1},
        {"slot=1/ssd=1", false, 0},
        {"node=4/slot=1/core=2", true, 0},
    };
    flux_error_t error = {""};
    const struct result *res;
    struct graph *g = make_shared ();
    struct matcher *m = matcher_create (g, "low", 0, &error);
    for (size_t i = 0; i < sizeof (steps) / sizeof (steps[0]); i++) {
        struct request *req = request_from_text (steps[i].request, 10);
        int rc = matcher_match (m, req, MATCH_ALLOCATE, i, 0, NULL, &res, &error);
        if ((rc == 0) != steps[i].fits)
            fail_msg ("%s: %d (%s)", steps[i].request, rc, error.text);
        if (rc == 0)
            assert_int_equal (count_items (res, g, "ssd"), steps[i].ssds);
        if (matcher_check (m, &error) < 0)
            fail_msg ("%s: %s", steps[i].request, error.text);
        request_destroy (req);
    }
    bool full;
    uint32_t ssd = graph_find_path (g, "/cluster0/rack0/appliance0/ssd0");
    assert_int_equal (matcher_cancel_partial (m, 0, &ssd, 1, &full, &error), 0);
    assert_false (full);
    assert_int_equal (matcher_check (m, &error), 0);
    assert_int_equal (matcher_remove_subgraph (m, graph_find_path (g, "/cluster0/rack0"), &error),
                      0);
    assert_int_equal (matcher_check (m, &error), 0);
    for (size_t i = 0; i < sizeof (steps) / sizeof (steps[0]); i++)
        matcher_cancel (m, i, &error);
    assert_int_equal (graph_njobs (g, graph_root (g)), 0);
    assert_int_equal (matcher_check (m, &error), 0);
    matcher_destroy (m);
    graph_destroy (g);
}

/* A type that the graph did not have comes while jobs run and wait. */
static void test_new_type (void **state)
{
    (void)state;
    flux_error_t error = {""};
    const struct result *res;
    struct graph *g = graph_from_recipe ("cluster/node=2/core=2", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *whole = request_from_text ("node=2!", 100);
    struct request *fpga = request_from_text ("slot=1/[core=1;fpga=1]", 50);
    match_op_t op = MATCH_ALLOCATE_ORELSE_RESERVE;
    assert_int_equal (matcher_match (m, whole, op, 1, 0, NULL, &res, &error), 0);
    assert_int_equal (matcher_match (m, fpga, op, 2, 0, NULL, &res, &error), -1);
    assert_int_equal (errno, ENODEV);
    assert_int_equal (matcher_match (m, whole, op, 3, 0, NULL, &res, &error), 0);
    assert_int_equal (graph_begin (g, &error), 0);
    uint32_t node, v;
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    spec.type = "node";
    spec.id = 2;
    assert_int_equal (graph_add_vertex (g, &spec, &node, &error), 0);
    assert_int_equal (graph_add_edge (g, graph_root (g), node, "containment", &error), 0);
    for (int i = 0; i < 2; i++) {
        spec.type = i ? "fpga" : "core";
        spec.id = 0;
        assert_int_equal (graph_add_vertex (g, &spec, &v, &error), 0);
        assert_int_equal (graph_add_edge (g, node, v, "containment", &error), 0);
    }
    assert_int_equal (graph_commit (g, &error), 0);
    assert_int_equal (matcher_match (m, fpga, op, 4, 0, NULL, &res, &error), 0);
    assert_int_equal (res->at, 0);
    assert_int_equal (count_items (res, g, "fpga"), 1);
    assert_int_equal (matcher_match (m, fpga, op, 5, 0, NULL, &res, &error), 0);
    assert_int_equal (res->at, 50);
    assert_int_equal (matcher_check (m, &error), 0);
    assert_int_equal (matcher_remove_subgraph (m, node, &error), 0);
    assert_int_equal (matcher_match (m, fpga, op, 6, 0, NULL, &res, &error), -1);
    assert_int_equal (errno, ENODEV);
    assert_int_equal (matcher_job_count (m), 2);
    assert_int_equal (matcher_check (m, &error), 0);
    request_destroy (whole);
    request_destroy (fpga);
    matcher_destroy (m);
    graph_destroy (g);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_policies),        cmocka_unit_test (test_time),
        cmocka_unit_test (test_shrink),          cmocka_unit_test (test_update),
        cmocka_unit_test (test_constraint),      cmocka_unit_test (test_flexible),
        cmocka_unit_test (test_divisible),       cmocka_unit_test (test_new_type),
        cmocka_unit_test (test_several_parents), cmocka_unit_test (test_units),
        cmocka_unit_test (test_divisible_slots), cmocka_unit_test (test_through),
        cmocka_unit_test (test_tiers),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
