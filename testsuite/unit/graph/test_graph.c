/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The graph: recipes, the builder and what it refuses, paths, growing and shrinking. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/recipe.h"

#define SMALL "cluster/rack=2/node=3/[socket=2/core=4;gpu=2;memory=64{unit:GB}]"

static void test_recipe (void **state)
{
    (void)state;
    flux_error_t error;
    struct graph_stats st;
    char path[256];
    uint64_t total, avail;
    struct graph *g = graph_from_recipe (SMALL, &error);
    assert_non_null (g);
    graph_stats (g, &st);
    assert_int_equal (st.vertices, 1 + 2 + 6 * (1 + 2 + 8 + 2 + 1));
    assert_int_equal (st.nodes, 6);
    assert_int_equal (st.depth, 4);
    uint32_t v = graph_find_path (g, "/cluster0/rack1/node4/socket1/core6");
    assert_int_not_equal (v, GRAPH_NONE);
    assert_int_equal (graph_id (g, v), 6);
    assert_int_equal (graph_rank (g, v), 4);
    assert_true (graph_path (g, v, NULL, path, sizeof (path)) > 0);
    assert_string_equal (path, "/cluster0/rack1/node4/socket1/core6");
    assert_int_equal (graph_find_path (g, "/cluster0/rack0/node4"), GRAPH_NONE);
    assert_int_equal (graph_aggregate (g, graph_root (g), "memory", &total, &avail), 0);
    assert_int_equal (total, 6 * 64);
    assert_int_equal (avail, 6 * 64);
    v = graph_find_path (g, "/cluster0/rack0/node1");
    assert_int_equal (graph_set_status (g, v, GRAPH_DRAINED), 0);
    graph_aggregate (g, graph_root (g), "core", &total, &avail);
    assert_int_equal (total, 48);
    assert_int_equal (avail, 40);
    assert_int_equal (graph_check (g, &error), 0);
    graph_destroy (g);
}

static void test_bad_recipes (void **state)
{
    (void)state;
    static const struct {
        const char *recipe, *says;
    } bad[] = {
        {"", "a name is missing"},
        {"cluster=2", "only one root"},
        {"cluster/node=0", "from 1"},
        {"cluster/node=-1", "from 1"},
        {"cluster/node=99999999999", "2147483647"},
        {"cluster/node=2/[core=2", "']' is missing"},
        {"cluster/node=2{colour:red}", "unknown key"},
        {"cluster/node{ids:some}", "ids is"},
        {"cluster/node=2}", "left over"},
        {"cluster/rack=100000/node=100000/core=100000", "more than"},
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        assert_null (graph_from_recipe (bad[i].recipe, &error));
        if (!strstr (error.text, bad[i].says))
            fail_msg ("%s: %s", bad[i].recipe, error.text);
    }
}

static uint32_t add (struct graph *g, const char *type, int64_t id)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    flux_error_t error;
    uint32_t v;
    spec.type = type;
    spec.id = id;
    assert_int_equal (graph_add_vertex (g, &spec, &v, &error), 0);
    return v;
}

static void link_to (struct graph *g, uint32_t a, uint32_t b)
{
    flux_error_t error;
    assert_int_equal (graph_add_edge (g, a, b, "containment", &error), 0);
}

typedef void (*change_f) (struct graph *g, uint32_t node);

static void add_cycle (struct graph *g, uint32_t node)
{
    uint32_t a = add (g, "a", 0), b = add (g, "b", 0);
    link_to (g, node, a);
    link_to (g, a, b);
    link_to (g, b, a);
}

static void add_twin (struct graph *g, uint32_t node)
{
    link_to (g, node, add (g, "core", 100));
    link_to (g, node, add (g, "core", 100));
}

static void add_orphan (struct graph *g, uint32_t node)
{
    (void)node;
    add (g, "core", 100);
}

static void add_edge_twice (struct graph *g, uint32_t node)
{
    uint32_t v = add (g, "core", 100);
    link_to (g, node, v);
    link_to (g, node, v);
}

static void add_same_uniq (struct graph *g, uint32_t node)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    uint32_t v;
    spec.type = "core";
    spec.id = 77;
    spec.uniq_id = 1;
    assert_int_equal (graph_add_vertex (g, &spec, &v, NULL), 0);
    link_to (g, node, v);
}

/* Not a cycle, but a way down that is longer than the tree is deep. */
static void add_long_way (struct graph *g, uint32_t node)
{
    uint32_t first = GRAPH_NONE, last = node;
    for (int k = 0; k < 2; k++) {
        uint32_t top = node;
        for (int i = 0; i < 40; i++) {
            last = add (g, "layer", 100 * k + i);
            link_to (g, top, last);
            top = last;
            first = k == 0 && i == 0 ? last : first;
        }
    }
    link_to (g, last, first);
}

static void add_deep (struct graph *g, uint32_t node)
{
    for (int i = 0; i < 10000; i++) {
        uint32_t v = add (g, "layer", i);
        link_to (g, node, v);
        node = v;
    }
}

static void test_refused (void **state)
{
    (void)state;
    static const struct {
        change_f change;
        int errnum;
        const char *says;
    } bad[] = {
        {add_cycle, ELOOP, "below itself"},    {add_twin, EEXIST, "core100"},
        {add_orphan, EINVAL, "has no parent"}, {add_edge_twice, EEXIST, "two edges"},
        {add_same_uniq, EEXIST, "uniq_id"},    {add_deep, EINVAL, "too deep"},
        {add_long_way, EINVAL, "too deep"},
    };
    struct graph_stats before, after;
    flux_error_t error;
    struct graph *g = graph_from_recipe (SMALL, &error);
    graph_stats (g, &before);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        error.text[0] = '\0';
        assert_int_equal (graph_begin (g, &error), 0);
        bad[i].change (g, graph_find_path (g, "/cluster0/rack0/node0"));
        errno = 0;
        assert_int_equal (graph_commit (g, &error), -1);
        if (errno != bad[i].errnum || !strstr (error.text, bad[i].says))
            fail_msg ("case %zu: %d %s", i, errno, error.text);
        graph_stats (g, &after);
        assert_int_equal (after.vertices, before.vertices);
        assert_int_equal (after.edges, before.edges);
        assert_int_equal (after.types, before.types);
        assert_int_equal (graph_check (g, &error), 0);
    }
    graph_destroy (g);
}

static void test_bad_vertices (void **state)
{
    (void)state;
    struct graph *g = graph_create ();
    static const struct graph_vertex bad[] = {
        {.type = "", .id = -1, .uniq_id = -1, .rank = -1},
        {.type = NULL, .id = -1, .uniq_id = -1, .rank = -1},
        {.type = "a/b", .id = -1, .uniq_id = -1, .rank = -1},
        {.type = "core", .id = -2, .uniq_id = -1, .rank = -1},
        {.type = "core", .id = -1, .uniq_id = -1, .rank = -1, .size = -1},
        {.type = "core", .id = -1, .uniq_id = -1, .rank = -1, .size = INT64_MAX},
        {.type = "core", .id = -1, .uniq_id = -1, .rank = -2},
        {.type = "core", .id = -1, .uniq_id = -1, .rank = -1, .status = 17},
    };
    flux_error_t error;
    uint32_t v;
    assert_int_equal (graph_add_vertex (g, &bad[0], &v, &error), -1);
    assert_int_equal (graph_begin (g, &error), 0);
    assert_int_equal (graph_begin (g, &error), -1);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        if (graph_add_vertex (g, &bad[i], &v, &error) == 0)
            fail_msg ("bad vertex %zu was taken", i);
    v = add (g, "core", 0);
    assert_int_equal (graph_add_edge (g, v, 99, "containment", &error), -1);
    assert_int_equal (graph_add_edge (g, v, v, "containment", &error), -1);
    graph_abort (g);
    assert_int_equal (graph_count (g), 0);
    graph_destroy (g);
}

static void test_grow_and_shrink (void **state)
{
    (void)state;
    flux_error_t error;
    const uint32_t *list;
    struct graph *g = graph_from_recipe (SMALL, &error);
    size_t n = graph_count (g);
    assert_int_equal (graph_begin (g, &error), 0);
    uint32_t node = add (g, "node", 17);
    link_to (g, graph_find_path (g, "/cluster0/rack1"), node);
    link_to (g, node, add (g, "fpga", 0));
    assert_int_equal (graph_commit (g, &error), 0);
    assert_int_equal (graph_count (g), n + 2);
    assert_int_equal (graph_find_path (g, "/cluster0/rack1/node17"), node);
    assert_int_equal (graph_find_type (g, "node", &list), 7);
    assert_int_equal (list[6], node);
    assert_int_equal (graph_check (g, &error), 0);
    assert_int_equal (graph_remove (g, node, &error), 0);
    assert_int_equal (graph_count (g), n);
    assert_int_equal (graph_find_path (g, "/cluster0/rack1/node17"), GRAPH_NONE);
    assert_int_equal (graph_remove (g, graph_root (g), &error), -1);
    assert_int_equal (graph_find_rank (g, 5, &list), 1);
    assert_int_equal (graph_remove (g, graph_find_path (g, "/cluster0/rack1"), &error), 0);
    assert_int_equal (graph_find_rank (g, 5, &list), 0);
    assert_int_equal (graph_find_rank (g, 2, &list), 1);
    assert_int_equal (graph_check (g, &error), 0);
    graph_destroy (g);
}

/* Two nodes of one host are told apart by their ranks. */
static void test_twins (void **state)
{
    (void)state;
    flux_error_t error = {""};
    uint32_t v[3], list[4];
    struct graph *g = graph_create ();
    assert_int_equal (graph_begin (g, &error), 0);
    uint32_t root = add (g, "cluster", 0);
    for (int i = 0; i < 3; i++) {
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        spec.type = "node";
        spec.name = i == 2 ? "other" : "host";
        spec.rank = i;
        assert_int_equal (graph_add_vertex (g, &spec, &v[i], &error), 0);
        link_to (g, root, v[i]);
        link_to (g, v[i], add (g, "core", 0));
    }
    if (graph_commit (g, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (graph_find_paths (g, "/cluster0/host", list, 4), 2);
    assert_int_equal (list[0], v[0]);
    assert_int_equal (list[1], v[1]);
    assert_int_equal (graph_find_paths (g, "/cluster0/host/core0", list, 4), 2);
    assert_int_equal (graph_parent (g, list[1]), v[1]);
    assert_int_equal (graph_find_paths (g, "/cluster0/other", list, 4), 1);
    assert_int_equal (graph_find_paths (g, "/cluster0/none", list, 4), 0);
    assert_int_equal (graph_find_path (g, "/cluster0/host"), v[0]);
    graph_destroy (g);
}

/* A unit of storage that two racks share: the tree has its appliances in the racks, once each. */
static struct graph *make_shared (uint32_t *unit, uint32_t *appliance)
{
    flux_error_t error;
    struct graph *g =
        graph_from_recipe ("cluster/rack=2/[node=2/core=2;appliance=1/ssd=4]", &error);
    const uint32_t *list;
    assert_int_equal (graph_find_type (g, "appliance", &list), 2);
    memcpy (appliance, list, 2 * sizeof (*list));
    assert_int_equal (graph_begin (g, &error), 0);
    *unit = add (g, "unit", 0);
    link_to (g, graph_root (g), *unit);
    link_to (g, *unit, appliance[0]);
    link_to (g, *unit, appliance[1]);
    if (graph_commit (g, &error) < 0)
        fail_msg ("%s", error.text);
    return g;
}

static void test_several_parents (void **state)
{
    (void)state;
    flux_error_t error = {""};
    uint32_t unit, appliance[2];
    uint64_t total, avail;
    struct graph *g = make_shared (&unit, appliance);
    size_t n = graph_count (g);
    assert_int_equal (graph_check (g, &error), 0);
    assert_int_equal (graph_child_count (g, unit), 0);
    assert_int_equal (graph_extra_child (g, unit, 0), appliance[0]);
    assert_int_equal (graph_extra_child (g, unit, 1), appliance[1]);
    assert_int_equal (graph_extra_child (g, unit, 2), GRAPH_NONE);
    assert_int_equal (graph_aggregate (g, graph_root (g), "ssd", &total, &avail), 0);
    assert_int_equal (total, 8); // each once
    /* what has a parent elsewhere stays */
    assert_int_equal (graph_remove (g, graph_find_path (g, "/cluster0/rack0"), &error), 0);
    assert_int_equal (graph_count (g), n - 1 - 2 * 3);
    assert_int_equal (graph_parent (g, appliance[0]), unit);
    assert_int_equal (graph_check (g, &error), 0);
    assert_int_equal (graph_remove (g, unit, &error), 0);
    assert_int_equal (graph_count (g), 1 + 1 + 2 * 3 + 5);
    assert_int_equal (graph_check (g, &error), 0);
    graph_destroy (g);
}

static void test_subsystems_and_properties (void **state)
{
    (void)state;
    flux_error_t error;
    char path[256];
    size_t cursor = 0;
    const char *key, *value;
    struct graph *g = graph_from_recipe (SMALL, &error);
    assert_int_equal (graph_begin (g, &error), 0);
    uint32_t pdu = add (g, "pdu", 0), top = add (g, "powerpanel", 0);
    uint32_t node = graph_find_path (g, "/cluster0/rack0/node0");
    assert_int_equal (graph_add_edge (g, top, pdu, "power", &error), 0);
    assert_int_equal (graph_add_edge (g, pdu, node, "power", &error), 0);
    assert_int_equal (graph_commit (g, &error), 0);
    assert_int_equal (graph_subsystem_count (g), 2);
    assert_true (graph_path (g, node, "power", path, sizeof (path)) > 0);
    assert_string_equal (path, "/powerpanel0/pdu0/node0");
    assert_int_equal (graph_path (g, pdu, "containment", path, sizeof (path)), -1);
    assert_int_equal (graph_path (g, graph_root (g), "power", path, sizeof (path)), -1);
    assert_int_equal (graph_set_property (g, node, "zebra", NULL), 0);
    assert_int_equal (graph_set_property (g, node, "arm", "9"), 0);
    assert_int_equal (graph_set_property (g, node, "arm", "8"), 0);
    assert_true (graph_property_next (g, node, &cursor, &key, &value));
    assert_string_equal (key, "arm");
    assert_string_equal (value, "8");
    assert_int_equal (graph_unset_property (g, node, "arm"), 0);
    assert_int_equal (graph_unset_property (g, node, "arm"), -1);
    assert_null (graph_property (g, node, "arm"));
    assert_string_equal (graph_property (g, node, "zebra"), "");
    graph_destroy (g);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_recipe),          cmocka_unit_test (test_bad_recipes),
        cmocka_unit_test (test_refused),         cmocka_unit_test (test_bad_vertices),
        cmocka_unit_test (test_twins),           cmocka_unit_test (test_several_parents),
        cmocka_unit_test (test_grow_and_shrink), cmocka_unit_test (test_subsystems_and_properties),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
