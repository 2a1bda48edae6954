/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * A job's part of the graph as R: properties, and its share of what feeds its nodes; several
 * subsystems that constrain; pruning filters. */

#include "testsuite/unit/cmocka.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "select_graph/site_priv.h"
#include "select_graph/site_write.h"

/* Two nodes of two cores at a PDU of 500 W, below a breaker that is no limit, and at 3 TB. */
static const char jgf[] =
    "{'graph':{'nodes':["
    "{'id':'0','metadata':{'type':'cluster','name':'c0'}},"
    "{'id':'1','metadata':{'type':'breaker','name':'b0'}},"
    "{'id':'2','metadata':{'type':'pdu','name':'p0','size':500,'unit':'W'}},"
    "{'id':'3','metadata':{'type':'storage','name':'t0','size':3,'unit':'TB'}},"
    "{'id':'4','metadata':{'type':'node','name':'n1','properties':{'watts':'200','tb':'2'}}},"
    "{'id':'5','metadata':{'type':'node','name':'n2','properties':{'watts':'250','tb':'2'}}},"
    "{'id':'6','metadata':{'type':'core','name':'core0','id':0}},"
    "{'id':'7','metadata':{'type':'core','name':'core0','id':0}}],"
    "'edges':["
    "{'source':'0','target':'1'},{'source':'0','target':'2'},{'source':'0','target':'3'},"
    "{'source':'0','target':'4'},{'source':'0','target':'5'},"
    "{'source':'4','target':'6'},{'source':'5','target':'7'},"
    "{'source':'1','target':'2','metadata':{'subsystem':'power'}},"
    "{'source':'2','target':'4','metadata':{'subsystem':'power'}},"
    "{'source':'2','target':'5','metadata':{'subsystem':'power'}},"
    "{'source':'3','target':'4','metadata':{'subsystem':'bb'}},"
    "{'source':'3','target':'5','metadata':{'subsystem':'bb'}}]}}";

static void complain (const char *sentence)
{
    fail_msg ("%s", sentence);
}

static struct site *make_site (const char *prune, int nconstrain)
{
    static const struct conf_constrain constrain[] = {{"power", "watts"}, {"bb", "tb"}};
    char path[] = "/tmp/test_write.XXXXXX";
    struct graph_conf conf = {
        .policy = "low", .graph = path, .prune = (char *)prune, .horizon = 1000};
    int fd = mkstemp (path);
    flux_error_t error;
    struct site *site = site_create (&error);

    for (const char *s = jgf; *s; s++)
        assert_int_equal (write (fd, *s == '\'' ? "\"" : s, 1), 1);
    close (fd);
    memcpy (conf.constrain, constrain, sizeof (constrain));
    conf.nconstrain = nconstrain;
    for (uint32_t i = 0; i < 2; i++) {
        struct site_facts f = {.name = i ? "n2" : "n1", .sockets = 1, .cores = 1, .memory = 10};
        assert_int_equal (site_add_node (site, i, &f, &error), 0);
    }
    if (site_ready (site, &conf, complain, &error) < 0)
        fail_msg ("%s", error.text);
    unlink (path);
    return site;
}

static const json_t *find (const json_t *R, const char *name)
{
    size_t i;
    json_t *o;
    json_t *graph = json_object_get (json_object_get (R, "scheduling"), "graph");

    json_array_foreach (json_object_get (graph, "nodes"), i, o)
    {
        const json_t *m = json_object_get (o, "metadata");
        if (strcmp (json_string_value (json_object_get (m, "name")), name) == 0)
            return m;
    }
    return NULL;
}

static int edges (const json_t *R, const char *subsystem)
{
    json_t *graph = json_object_get (json_object_get (R, "scheduling"), "graph"), *o;
    size_t i;
    int n = 0;

    json_array_foreach (json_object_get (graph, "edges"), i, o) n +=
        strcmp (json_string_value (json_object_get (json_object_get (o, "metadata"), "subsystem")),
                subsystem) == 0;
    return n;
}

static json_t *write_R (struct site *site, uint32_t nodes, const struct site_extra *extra, size_t n)
{
    struct site_hold holds[] = {{.node = 0, .kind = SITE_CORE, .count = 1},
                                {.node = 1, .kind = SITE_CORE, .count = 1}};
    struct site_alloc alloc = {.holds = holds,
                               .nholds = nodes,
                               .extra = extra,
                               .nextra = n,
                               .start = 100,
                               .end = 200,
                               .nodelist = nodes > 1 ? "n[1-2]" : "n1"};
    char *text = site_write_R (site, &alloc, 65536);
    json_t *R = text ? json_loads (text, 0, NULL) : NULL;

    assert_non_null (R);
    free (text);
    return R;
}

static json_int_t size_of (const json_t *m)
{
    return json_integer_value (json_object_get (m, "size"));
}

static void test_shares (void **state)
{
    struct site *site = make_site (NULL, 1);
    uint32_t storage = graph_find_path (site_graph (site), "/c0/t0");
    struct site_extra extra = {.vertex = storage, .amount = 2};
    json_t *R = write_R (site, 2, NULL, 0);
    const json_t *n1 = find (R, "n1");

    assert_string_equal (
        json_string_value (json_object_get (json_object_get (n1, "properties"), "watts")), "200");
    assert_int_equal (size_of (find (R, "p0")), 450); // what the two draw
    assert_int_equal (size_of (find (R, "b0")), 1);
    assert_int_equal (edges (R, "power"), 3);
    assert_null (find (R, "t0")); // not asked for, and no constraint
    assert_int_equal (edges (R, "bb"), 0);
    json_decref (R);

    R = write_R (site, 1, &extra, 1);
    assert_int_equal (size_of (find (R, "p0")), 200);
    assert_int_equal (size_of (find (R, "t0")), 2);
    assert_int_equal (edges (R, "bb"), 1);
    assert_null (find (R, "n2"));
    json_decref (R);
    site_destroy (site);
}

static void test_two_constrain (void **state)
{
    struct site *site = make_site (NULL, 2);
    flux_error_t error;
    json_t *R = write_R (site, 1, NULL, 0);

    // 450 of 500 W would do; 4 of 3 TB do not
    assert_int_equal (site_may_draw (site, (uint32_t[]){0}, 1, &error), 0);
    assert_int_equal (site_may_draw (site, (uint32_t[]){0, 1}, 2, &error), -1);
    assert_string_equal (error.text, "bb of t0: 0 of 3 are drawn already");
    assert_int_equal (size_of (find (R, "t0")), 2);
    assert_int_equal (edges (R, "bb"), 1);
    json_decref (R);
    site_destroy (site);
    site = make_site (NULL, 1);
    assert_int_equal (site_may_draw (site, (uint32_t[]){0, 1}, 2, &error), 0);
    site_destroy (site);
}

static bool counts (struct site *site, const char *anchor, const char *type)
{
    const char *types[16];
    size_t n = matcher_prune_types (site->matcher, anchor, types, 16);

    for (size_t i = 0; i < n && i < 16; i++)
        if (strcmp (types[i], type) == 0)
            return true;
    return false;
}

static void test_prune (void **state)
{
    struct site *site = make_site (NULL, 0);

    assert_true (counts (site, "cluster", "core"));
    assert_true (counts (site, "cluster", "node"));
    site_destroy (site);
    site = make_site ("cluster:storage,node:core", 0);
    assert_true (counts (site, "cluster", "storage"));
    assert_false (counts (site, "cluster", "core"));
    assert_true (counts (site, "node", "core"));
    site_destroy (site);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_shares),
        cmocka_unit_test (test_two_constrain),
        cmocka_unit_test (test_prune),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
