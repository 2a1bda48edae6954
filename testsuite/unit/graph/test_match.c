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

static void test_bad_policies (void **state)
{
    (void)state;
    static const char *bad[] = {"",
                                "nonsense",
                                "policy=",
                                "low high",
                                "policy=low node_centric=yes",
                                "low colour=red",
                                "low level"};
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        if (policy_create (bad[i], &error) || !*error.text)
            fail_msg ("policy '%s' was taken", bad[i]);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_policies),   cmocka_unit_test (test_time),
        cmocka_unit_test (test_shrink),     cmocka_unit_test (test_update),
        cmocka_unit_test (test_constraint), cmocka_unit_test (test_bad_policies),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
