/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What each policy picks, one job after the other, on twelve nodes in three racks; and policies
 * that the graph cannot serve. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/match.h"
#include "lib/graph/recipe.h"
#include "testsuite/unit/graph/request_text.h"

/* "node3 " for a node held alone, "node3.core1 " for a core of one that is not. */
static int add_name (void *arg, const struct graph *g, const struct result_item *item)
{
    char name[64], *buf = arg;
    bool node = !strcmp (graph_type (g, item->vertex), "node");
    bool core = !strcmp (graph_type (g, item->vertex), "core");
    if (!item->exclusive || (!node && !(core && !item->excl_above)))
        return 0;
    for (uint32_t v = item->vertex; core && v != GRAPH_NONE; v = graph_parent (g, v))
        if (!strcmp (graph_type (g, v), "node")) {
            graph_name (g, v, name, sizeof (name));
            sprintf (buf + strlen (buf), "%s.", name);
        }
    graph_name (g, item->vertex, name, sizeof (name));
    sprintf (buf + strlen (buf), "%s ", name);
    return 0;
}

static void set (struct graph *g, int node, const char *key, const char *value)
{
    char path[64];
    snprintf (path, sizeof (path), "/cluster0/rack%d/node%d", node / 4, node);
    assert_int_equal (graph_set_property (g, graph_find_path (g, path), key, value), 0);
}

static void set_down (struct graph *g, int node)
{
    char path[64];
    snprintf (path, sizeof (path), "/cluster0/rack%d/node%d", node / 4, node);
    assert_int_equal (graph_set_status (g, graph_find_path (g, path), GRAPH_DOWN), 0);
}

static uint32_t add_feeder (struct graph *g, const char *type, int id, int64_t watts)
{
    flux_error_t error;
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    uint32_t v;
    spec.type = type;
    spec.id = id;
    spec.size = watts;
    assert_int_equal (graph_add_vertex (g, &spec, &v, &error), 0);
    return v;
}

/* PDUs of 700 W feed four nodes each, of the first two racks; a panel of 1,200 W feeds them. */
static void add_power (struct graph *g)
{
    flux_error_t error;
    const uint32_t *node;
    uint32_t nodes[12], pdu = 0;
    size_t n = graph_find_type (g, "node", &node);
    assert_int_equal (n, 12);
    memcpy (nodes, node, sizeof (nodes));
    assert_int_equal (graph_begin (g, &error), 0);
    uint32_t panel = add_feeder (g, "panel", 0, 1200);
    for (int i = 0; i < 8; i++) {
        if (i % 4 == 0) {
            pdu = add_feeder (g, "pdu", i / 4, 700);
            assert_int_equal (graph_add_edge (g, panel, pdu, "power", &error), 0);
        }
        assert_int_equal (graph_add_edge (g, pdu, nodes[i], "power", &error), 0);
    }
    if (graph_commit (g, &error) < 0)
        fail_msg ("%s", error.text);
}

static void with_classes (struct graph *g)
{
    set (g, 7, "perf_class", "0");
    set (g, 3, "perf_class", "1");
    set (g, 2, "perf_class", "5");
    set (g, 0, "perf_class", "-5"); // none of these is a class: they come last
    set (g, 1, "perf_class", "fast");
    set (g, 4, "perf_class", "10000");
}

static void with_gaps (struct graph *g)
{
    set_down (g, 5);
    set_down (g, 9);
}

static void with_watts (struct graph *g)
{
    set (g, 0, "watts", "600");
    set (g, 1, "watts", "350");
    set (g, 2, "watts", "350");
    set (g, 3, "watts", "much"); // no number: what `draw` says
}

static const struct {
    const char *policy;
    void (*change) (struct graph *g);
    const char *requests[5], *picks[5]; // "": it does not fit
} cases[] = {
    /* children never used before come first, those with the greatest numbers before them */
    {"first",
     NULL,
     {"slot=1/core=1", "slot=1/core=1", "slot=1/core=1", "slot=1/core=1"},
     {"node11.core1 ", "node7.core1 ", "node3.core1 ", "node10.core1 "}},
    {"firstnodex", NULL, {"slot=1/core=1", "node=2"}, {"node11 ", "node6 node7 "}},
    {"high", NULL, {"node=2!", "slot=2/core=1"}, {"node10 node11 ", "node0.core1 node1.core1 "}},
    {"low", NULL, {"node=2!", "slot=2/core=1"}, {"node0 node1 ", "node2.core0 node3.core0 "}},
    {"hinode",
     NULL,
     {"slot=1/core=1", "slot=2/core=1", "node=1!"},
     {"node11.core1 ", "node10.core1 node11.core0 ", "node9 "}},
    {"lonode",
     NULL,
     {"slot=1/core=1", "slot=2/core=1", "node=1!"},
     {"node0.core0 ", "node0.core1 node1.core0 ", "node2 "}},
    {"hinodex", NULL, {"slot=1/core=1", "slot=1/core=1"}, {"node11 ", "node10 "}},
    {"lonodex", NULL, {"slot=1/core=1", "slot=3/core=1"}, {"node0 ", "node1 node2 "}},
    /* the run that reaches highest, then the next one, from its start */
    {"locality",
     with_gaps,
     {"node=3!", "node=2!", "node=2!"},
     {"node6 node10 node11 ", "node7 node8 ", "node0 node1 "}},
    {"variation", with_classes, {"node=3!", "node=2!"}, {"node2 node3 node7 ", "node0 node1 "}},
    {"pack level=rack",
     NULL,
     {"node=1!", "node=4!", "node=3!", "node=3!"},
     {"node0 ", "node4 node5 node6 node7 ", "node1 node2 node3 ", "node8 node9 node10 "}},
    {"pack level=rack", NULL, {"node=6!"}, {"node0 node1 node2 node3 node4 node5 "}},
    {"pack level=rack",
     with_gaps,
     {"node=4!", "node=3!"},
     {"node0 node1 node2 node3 ", "node4 node6 node7 "}},
    {"pack level=node",
     NULL,
     {"slot=1/core=1", "slot=2/core=1", "slot=1/core=1"},
     {"node0.core0 ", "node1.core0 node1.core1 ", "node0.core1 "}},
    {"pack level=cluster", NULL, {"node=2!"}, {"node0 node1 "}},
    {"spread level=rack",
     NULL,
     {"node=3!", "node=4!", "slot=3/core=1"},
     {"node0 node4 node8 ", "node1 node2 node5 node9 ", "node3.core0 node6.core0 node10.core0 "}},
    {"spread level=rack", with_gaps, {"node=2!", "node=1!"}, {"node0 node4 ", "node1 "}},
    /* what leaves least behind: a node begun, then the rack with least left */
    {"bestfit",
     NULL,
     {"slot=1/core=1", "node=1!", "slot=1/core=1", "slot=1/core=1"},
     {"node0.core0 ", "node1 ", "node0.core1 ", "node2.core0 "}},
    {"bestfit",
     NULL,
     {"rack=1/node=1!", "rack=1/node=1!", "rack=1/node=3!"},
     {"node0 ", "node1 ", "node4 node5 node6 "}},
    /* two nodes of a PDU, three of the panel; who is not fed has no limit */
    {"power draw=350",
     add_power,
     {"node=3!", "node=3!", "node=3!"},
     {"node0 node1 node4 ", "node8 node9 node10 ", ""}},
    {"power draw=800", add_power, {"node=4!", "node=1!"}, {"node8 node9 node10 node11 ", ""}},
    {"power draw=100 subsystem=power",
     add_power,
     {"node=12!", "node=8!", "node=5!"},
     {"node0 node1 node2 node3 node4 node5 node6 node7 node8 node9 node10 node11 ", "", ""}},
    {"nearest target=/cluster0/rack2/node10",
     NULL,
     {"node=2!", "node=4!"},
     {"node8 node10 ", "node0 node1 node9 node11 "}},
    {"nearest target=/cluster0/rack1", NULL, {"node=5!"}, {"node0 node4 node5 node6 node7 "}},
    {"nearest target=core", NULL, {"node=1!"}, {"node0 "}},
    {"policy=low node_centric=true",
     NULL,
     {"slot=3/core=1"},
     {"node0.core0 node0.core1 node1.core0 "}},
    {"policy=high node_exclusive=true", NULL, {"slot=1/core=1"}, {"node0 "}},
    {"node_centric=true", NULL, {"slot=1/core=1"}, {"node11.core1 "}}, // high is the default
    {"low stop_on_1_matches=true", NULL, {"slot=1/core=1"}, {"node11.core1 "}},
    {"hinode node_centric=false", NULL, {"slot=1/core=1"}, {"node0.core1 "}},
};

static void run_case (size_t i, const char *recipe, int flags)
{
    static const struct result_visitor visitor = {.vertex = add_name};
    flux_error_t error = {""};
    const struct result *res;
    struct graph *g = graph_from_recipe (recipe, &error);
    if (cases[i].change)
        cases[i].change (g);
    struct matcher *m = matcher_create (g, cases[i].policy, flags, &error);
    if (!m)
        fail_msg ("%s", error.text);
    for (int k = 0; k < 5 && cases[i].requests[k]; k++) {
        char buf[1024] = "";
        struct request *req = request_from_text (cases[i].requests[k], 10);
        int rc = matcher_match (m, req, MATCH_ALLOCATE, k, 0, NULL, &res, &error);
        if (rc == 0)
            result_walk (res, g, &visitor, buf);
        else if (errno != EBUSY)
            fail_msg ("%s: %s", cases[i].policy, error.text);
        if (strcmp (buf, cases[i].picks[k]))
            fail_msg ("%s, flags %d, job %d: '%s' (%s)", cases[i].policy, flags, k, buf,
                      rc < 0 ? error.text : "");
        assert_int_equal (matcher_check (m, &error), 0);
        request_destroy (req);
    }
    for (int k = 0; k < 5; k++)
        matcher_cancel (m, k, &error);
    assert_int_equal (matcher_check (m, &error), 0);
    for (uint32_t v = 0; v < graph_limit (g); v++) // what is fed from elsewhere, too
        assert_int_equal (graph_used (g, v), 0);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_picks (void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        run_case (i, "cluster/rack=3/node=4/core=2", 0);
        run_case (i, "cluster/rack=3/node=4/core=2", MATCHER_WALK_ONLY);
    }
}

/* No policy is without a case. */
static void test_all (void **state)
{
    (void)state;
    const char *name, *description;
    for (size_t k = 0; (name = policy_name_at (k, &description)); k++) {
        size_t i = 0, len = strlen (name);
        while (
            i < sizeof (cases) / sizeof (cases[0]) &&
            (strncmp (cases[i].policy, name, len) || isalpha ((unsigned char)cases[i].policy[len])))
            i++;
        if (i == sizeof (cases) / sizeof (cases[0]) || !*description)
            fail_msg ("%s has no test, or no description", name);
    }
}

static void expect_picks (struct graph *g, const char *policy, const char *request,
                          const char *picks)
{
    static const struct result_visitor visitor = {.vertex = add_name};
    flux_error_t error = {""};
    const struct result *res;
    char buf[1024] = "";
    struct matcher *m = matcher_create (g, policy, 0, &error);
    struct request *req = request_from_text (request, 10);
    if (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, &res, &error) < 0)
        fail_msg ("%s: %s", policy, error.text);
    result_walk (res, g, &visitor, buf);
    if (strcmp (buf, picks))
        fail_msg ("%s: '%s'", policy, buf);
    request_destroy (req);
    matcher_destroy (m);
}

/* Nodes that lie in no rack come last for those who count racks. */
static void test_outside (void **state)
{
    (void)state;
    flux_error_t error;
    struct graph *g =
        graph_from_recipe ("cluster/[rack=2/node=2/core=1;node=3{basename:big}/core=1]", &error);
    expect_picks (g, "pack level=rack", "node=3!", "node0 node1 node2 ");
    graph_destroy (g);
    g = graph_from_recipe ("cluster/[rack=2/node=2/core=1;node=3{basename:big}/core=1]", &error);
    expect_picks (g, "pack level=rack", "node=6!", "node0 node1 node2 node3 big0 big1 ");
    graph_destroy (g);
}

/* As many as can be fed, also where the first ones draw too much. */
static void test_watts (void **state)
{
    (void)state;
    flux_error_t error;
    struct graph *g = graph_from_recipe ("cluster/rack=3/node=4/core=2", &error);
    add_power (g);
    with_watts (g);
    expect_picks (g, "power property=watts draw=700", "node=1!", "node0 ");
    graph_destroy (g);
    g = graph_from_recipe ("cluster/rack=3/node=4/core=2", &error);
    add_power (g);
    with_watts (g);
    for (int i = 8; i < 12; i++)
        set_down (g, i);
    expect_picks (g, "power property=watts draw=701", "node=2!", "node1 node2 ");
    graph_destroy (g);
}

/* Any flow: GB/s of the switch of each rack, beside the tree. */
static void test_bandwidth (void **state)
{
    (void)state;
    flux_error_t error;
    const uint32_t *node;
    uint32_t nodes[12], top = 0;
    struct graph *g = graph_from_recipe ("cluster/rack=3/node=4/core=2", &error);
    assert_int_equal (graph_find_type (g, "node", &node), 12);
    memcpy (nodes, node, sizeof (nodes));
    assert_int_equal (graph_begin (g, &error), 0);
    for (int i = 0; i < 12; i++) {
        if (i % 4 == 0)
            top = add_feeder (g, "switch", i / 4, 100);
        assert_int_equal (graph_add_edge (g, top, nodes[i], "network", &error), 0);
    }
    assert_int_equal (graph_commit (g, &error), 0);
    for (int i = 0; i < 12; i++)
        set (g, i, "bandwidth", i % 4 ? "40" : "60");
    expect_picks (g, "power subsystem=network property=bandwidth", "node=5!",
                  "node0 node1 node4 node5 node8 ");
    graph_destroy (g);
}

static void test_lacks (void **state)
{
    (void)state;
    static const struct {
        const char *policy, *says;
    } bad[] = {
        {"pack level=blade", "the graph has no vertex of type blade"},
        {"spread level=blade", "the graph has no vertex of type blade"},
        {"nearest target=/cluster0/rack9", "the graph has no vertex /cluster0/rack9"},
        {"nearest target=gateway", "the graph has no vertex of type gateway"},
        {"power draw=1", "the graph has no subsystem power"},
        {"power draw=1 subsystem=water", "the graph has no subsystem water"},
    };
    static const match_op_t ops[] = {MATCH_ALLOCATE, MATCH_ALLOCATE_ORELSE_RESERVE,
                                     MATCH_SATISFIABILITY};
    flux_error_t error;
    struct graph *g = graph_from_recipe ("cluster/rack=3/node=4/core=2", &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *req = request_from_text ("node=1!", 10);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        struct policy *policy = policy_create (bad[i].policy, &error);
        assert_non_null (policy);
        for (size_t k = 0; k < sizeof (ops) / sizeof (ops[0]); k++) {
            error.text[0] = '\0';
            assert_int_equal (matcher_match (m, req, ops[k], 1, 0, policy, NULL, &error), -1);
            assert_int_equal (errno, EINVAL);
            if (!strstr (error.text, bad[i].says) || !strstr (error.text, bad[i].policy))
                fail_msg ("%s: %s", bad[i].policy, error.text);
        }
        assert_int_equal (matcher_job_count (m), 0);
        policy_destroy (policy);
    }
    assert_int_equal (matcher_check (m, &error), 0);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_bad_options (void **state)
{
    (void)state;
    static const struct {
        const char *policy, *says;
    } bad[] = {
        {"", "no policy is named"},
        {"  ", "no policy is named"},
        {"nonsense", "'nonsense'"},
        {"policy=", "''"},
        {"policy=lowest", "'lowest'"},
        {"low high", "high"},
        {"policy=low node_centric=yes", "node_centric"},
        {"policy=low stop_on_1_matches=1", "stop_on_1_matches"},
        {"low colour=red", "colour=red"},
        {"low level", "level"},
        {"low level=rack", "level=rack"},
        {"pack", "needs level=TYPE"},
        {"pack level=", "level="},
        {"spread", "needs level=TYPE"},
        {"nearest", "needs target"},
        {"nearest target=", "target="},
        {"power", "needs draw"},
        {"power draw=-1", "draw=-1"},
        {"power draw=10W", "draw=10W"},
        {"power draw=99999999999", "draw=99999999999"},
        {"power subsystem=", "subsystem="},
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        if (policy_create (bad[i].policy, &error) || errno != EINVAL ||
            !strstr (error.text, bad[i].says))
            fail_msg ("policy '%s': %s", bad[i].policy, error.text);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_picks),       cmocka_unit_test (test_all),
        cmocka_unit_test (test_outside),     cmocka_unit_test (test_watts),
        cmocka_unit_test (test_lacks),       cmocka_unit_test (test_bandwidth),
        cmocka_unit_test (test_bad_options),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
