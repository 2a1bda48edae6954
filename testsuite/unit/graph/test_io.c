/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Readers and writers: what is written is read back the same, and what is refused, is with a
 * sentence.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/io/constraint.h"
#include "lib/graph/io/find.h"
#include "lib/graph/io/jobspec.h"
#include "lib/graph/io/load.h"
#include "lib/graph/io/yaml.h"
#include "lib/graph/recipe.h"
#include "testsuite/unit/graph/dump.h"
#include "testsuite/unit/graph/request_text.h"

#define SMALL "cluster/node=4{prop:fast}/[core=4;gpu=1;memory=8{unit:GB}]"

static char *match_as (const char *format, const char *request)
{
    flux_error_t error;
    const struct result *res;
    struct buf out = {.data = NULL};
    struct graph *g = graph_from_recipe (SMALL, &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *req = request_from_text (request, 60);
    struct writer *w = writer_create (write_format_parse (format));
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, &res, &error), 0);
    assert_int_equal (write_result (w, g, res, req), 0);
    assert_int_equal (writer_finish (w, &out), 0);
    writer_destroy (w);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
    return buf_steal (&out, NULL);
}

static void test_write (void **state)
{
    (void)state;
    static const struct {
        const char *format, *request, *text;
    } cases[] = {
        {"simple", "node=1/slot=1/core=1",
         "      ---------core0[1:x]\n      ------node0[1:s]\n      ---cluster0[1:s]\n"},
        {"pretty_simple", "node=1/slot=1/core=1",
         "      ---cluster0[1:shared]\n      ------node0[1:shared]\n"
         "      ---------core0[1:exclusive]\n"},
        {"rlite", "node=2/slot=1/[core=2;gpu=1]",
         "[{\"rank\": \"0-1\", \"children\": {\"core\": \"0-1\", \"gpu\": \"0\"}}]\n"},
        {"rv1_nosched", "node=1/slot=1/core=1",
         "{\"version\": 1, \"execution\": {\"R_lite\": [{\"rank\": \"0\", \"children\": "
         "{\"core\": \"0\"}}], \"nodelist\": [\"node0\"], \"properties\": {\"fast\": \"0\"}, "
         "\"starttime\": 0, \"expiration\": 60}}\n"},
        {"jgf", "slot=1/gpu=1",
         "{\"graph\": {\"nodes\": [{\"id\": \"6\", \"metadata\": {\"type\": \"gpu\", \"id\": 0, "
         "\"rank\": 0, \"exclusive\": true, \"paths\": {\"containment\": "
         "\"/cluster0/node0/gpu0\"}}}, {\"id\": \"1\", \"metadata\": {\"type\": \"node\", "
         "\"id\": 0, \"rank\": 0, \"properties\": {\"fast\": \"\"}, \"paths\": "
         "{\"containment\": \"/cluster0/node0\"}}}, {\"id\": \"0\", \"metadata\": {\"type\": "
         "\"cluster\", \"id\": 0, \"rank\": -1, \"paths\": {\"containment\": "
         "\"/cluster0\"}}}], \"edges\": [{\"source\": \"1\", \"target\": \"6\"}, {\"source\": "
         "\"0\", \"target\": \"1\"}]}}\n"},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        char *text = match_as (cases[i].format, cases[i].request);
        assert_string_equal (text, cases[i].text);
        free (text);
    }
    assert_int_equal (write_format_parse ("nonsense"), -1);
}

/* All of a graph as JGF, and back. */
static void test_jgf_round_trip (void **state)
{
    (void)state;
    flux_error_t error = {""};
    struct graph_stats a, b;
    struct graph *g = graph_from_recipe (SMALL, &error), *copy = graph_create ();
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct writer *w = writer_create (WRITE_JGF);
    struct find *f = find_create ("status=up", &error);
    assert_int_equal (find_write (f, m, w, &error), 0);
    json_t *o = writer_finish_json (w);
    assert_non_null (o);
    if (load_jgf (copy, o, &error) < 0)
        fail_msg ("%s", error.text);
    graph_stats (g, &a);
    graph_stats (copy, &b);
    assert_int_equal (a.vertices, b.vertices);
    assert_int_equal (a.edges, b.edges);
    uint32_t v = graph_find_path (copy, "/cluster0/node2/memory0");
    assert_int_not_equal (v, GRAPH_NONE);
    assert_int_equal (graph_size (copy, v), 8);
    assert_string_equal (graph_unit (copy, v), "GB");
    assert_int_equal (graph_rank (copy, v), 2);
    assert_string_equal (graph_property (copy, graph_parent (copy, v), "fast"), "");
    assert_int_equal (load_jgf (copy, o, &error), 0); // all of it is there already
    assert_int_equal (graph_count (copy), a.vertices);
    json_decref (o);
    find_destroy (f);
    writer_destroy (w);
    matcher_destroy (m);
    graph_destroy (g);
    graph_destroy (copy);
}

#define NODES(a, b)                                                                                \
    "{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"cluster\"" a "}},"              \
    "{\"id\":\"1\",\"metadata\":{\"type\":\"node\"" b "}}],"
#define EDGES(a) "\"edges\":[{\"source\":\"0\",\"target\":\"1\"" a "}]}}"

/* Straight from text and through a JSON value: the same graph, or both refuse. */
static void test_jgf_text (void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {NODES ("", "") EDGES (""), true},
        {NODES (" , \"id\" : 7 ", ",\"name\":\"host12\"") EDGES (""), true},
        {NODES ("", ",\"name\":\"host\",\"rank\":3,\"size\":5,\"unit\":\"GB\"") EDGES (""), true},
        {NODES ("", ",\"name\":\"node-1\",\"id\":-1") EDGES (""), true},
        {NODES ("", ",\"id\":-1") EDGES (""), true},
        {NODES ("", ",\"basename\":\"n\",\"name\":\"n4\",\"id\":4") EDGES (""), true},
        {NODES ("", ",\"basename\":\"n\",\"name\":\"n04\",\"id\":4") EDGES (""), true},
        {NODES ("", ",\"uniq_id\":99,\"status\":1,\"exclusive\":true") EDGES (""), true},
        {NODES ("", ",\"properties\":{\"a\":\"1\",\"b\":\"\",\"a\":\"2\"}") EDGES (""), true},
        {NODES ("", ",\"properties\":{\"a\":1,\"b\":null}") EDGES (""), true},
        {NODES ("", ",\"name\":\"a\\u0062\\n\"") EDGES (""), true},
        {NODES ("", ",\"name\":\"h\303\266st\"") EDGES (""), true},
        {NODES ("", ",\"paths\":{\"containment\":\"/a/b\"},\"x\":[1,{\"y\":[]},null]") EDGES (""),
         true},
        {NODES ("", ",\"x\":1.5e3") EDGES (""), true},
        {NODES ("", "") EDGES (",\"metadata\":{\"subsystem\":\"containment\"}"), true},
        {NODES ("", "") EDGES (",\"metadata\":{\"name\":{\"containment\":\"contains\"}}"), true},
        {NODES ("", "") EDGES (",\"metadata\":{\"x\":1}"), true},
        {NODES ("", "") EDGES (",\"metadata\":{\"relationship\":\"contains\",\"subsystem\":"
                               "\"containment\",\"name\":{\"power\":\"x\"}}"),
         true},
        {NODES ("", "") EDGES (",\"metadata\":{\"name\":{}}"), true},
        {NODES ("", "") EDGES (",\"metadata\":{\"name\":\"x\"}"), true},
        {NODES ("", "") EDGES (",\"metadata\":{\"subsystem\":7}"), true},
        {"{\"version\":1,\"scheduling\":" NODES ("", "") EDGES ("") ",\"execution\":{}}", true},
        {"{\"graph\":{\"edges\":[],\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\"}}]}}",
         true},
        {"{\"graph\":{\"nodes\":[{\"id\":\"99999999\",\"metadata\":{\"type\":\"a\"}}],\"edges\":"
         "[]}}",
         true},
        {"{\"graph\":{\"nodes\":[{\"id\":\"007\",\"metadata\":{\"type\":\"a\"}}],\"edges\":[]}}",
         true},
        /* expected failures */
        {NODES ("", "") EDGES ("") "x", false},
        {NODES ("", "") EDGES (",\"metadata\":{\"subsystem\":\"power\"}"), false},
        {NODES ("", ",\"id\":01") EDGES (""), false},
        {NODES ("", ",\"id\":1.0") EDGES (""), false},
        {NODES ("", ",\"id\":-3") EDGES (""), false},
        {NODES ("", ",\"id\":4294967296") EDGES (""), false},
        {NODES ("", ",\"size\":-1") EDGES (""), false},
        {NODES ("", ",\"size\":99999999999") EDGES (""), false},
        {NODES ("", ",\"size\":99999999999999999999999") EDGES (""), false},
        {NODES ("", ",\"status\":9") EDGES (""), false},
        {NODES ("", ",\"rank\":-2") EDGES (""), false},
        {NODES ("", ",\"name\":\"a/b\"") EDGES (""), false},
        {NODES ("", ",\"name\":\"\"") EDGES (""), false},
        {NODES ("", ",\"name\":\"a\001\"") EDGES (""), false},
        {NODES ("", ",\"name\":\"\377\"") EDGES (""), false},
        {NODES ("", ",\"exclusive\":1") EDGES (""), false},
        {NODES ("", ",\"uniq_id\":0") EDGES (""), false},
        {NODES ("", ",\"properties\":{\"\":\"1\"}") EDGES (""), false},
        {NODES ("", ",") EDGES (""), false},
        {"{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\"}}],\"edges\":[],}}",
         false},
        {"{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\"}},{\"id\":\"0\","
         "\"metadata\":{\"type\":\"a\",\"uniq_id\":5}}],\"edges\":[]}}",
         false},
        {"{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\"}}],\"edges\":[{"
         "\"source\":\"0\",\"target\":\"0\"}]}}",
         false},
        {NODES ("", "") "\"edges\":[{\"source\":\"0\",\"target\":\"1\"\n]}}", false},
        {NODES ("", ",\"x\":[{\"y\":{}]") EDGES (""), false},
        {NODES ("", ",\"x\":{\"y\":{}") EDGES (""), false},
        {NODES ("", ",\"x\":[1 2]") EDGES (""), false},
        {NODES ("", ",\"x\":tru") EDGES (""), false},
        {"{\"graph\":", false},
        {"", false},
        {"[]", false},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        flux_error_t error[2] = {{""}, {""}};
        struct buf text[2] = {{.data = NULL}, {.data = NULL}};
        struct graph *g[2] = {graph_create (), graph_create ()};
        json_t *o = json_loads (cases[i].text, 0, NULL);
        int rc[2] = {load_jgf_text (g[0], cases[i].text, strlen (cases[i].text), &error[0]),
                     o ? load_jgf (g[1], o, &error[1]) : -1};
        for (int k = 0; k < 2; k++) {
            if ((rc[k] == 0) != cases[i].good)
                fail_msg ("case %zu: %s: %s", i, k ? "JSON" : "text", error[k].text);
            if (rc[k] == 0)
                graph_dump (g[k], &text[k]);
            else
                assert_int_equal (graph_count (g[k]), 0);
        }
        if (rc[0] == 0)
            assert_string_equal (text[0].data, text[1].data);
        else
            assert_string_not_equal (error[0].text, "");
        for (int k = 0; k < 2; k++) {
            buf_clear (&text[k]);
            graph_destroy (g[k]);
        }
        json_decref (o);
    }
}

/* The resources of a job: by path, and of the same rank. A node without a rank has rank -1. */
static void test_jgf_items (void **state)
{
    (void)state;
    static const struct {
        const char *type, *more, *path;
        bool whole;
        int n; // -1: refused
    } cases[] = {
        {"core", "\"id\":1,\"rank\":0,\"exclusive\":true", "/cluster0/node0/core1", false, 1},
        {"node", "\"id\":1,\"rank\":1,\"exclusive\":true", "/cluster0/node1", false, 1},
        {"node", "\"id\":1,\"rank\":1,\"exclusive\":true", "/cluster0/node1", true, 4},
        {"node", "\"id\":1,\"rank\":1", "/cluster0/node1", true, 1},
        {"cluster", "\"id\":0", "/cluster0", false, 1},
        {"cluster", "\"id\":0,\"rank\":-1", "/cluster0", false, 1},
        /* expected failures */
        {"core", "\"id\":1,\"rank\":1", "/cluster0/node0/core1", false, -1},
        {"core", "\"id\":1,\"rank\":-1", "/cluster0/node0/core1", false, -1},
        {"core", "\"id\":1", "/cluster0/node0/core1", false, -1},
        {"cluster", "\"id\":0,\"rank\":0", "/cluster0", false, -1},
        {"core", "\"id\":9,\"rank\":0", "/cluster0/node0/core9", false, -1},
        {"core", "\"id\":\"x\",\"rank\":0", "/cluster0/node0/core1", false, -1},
    };
    flux_error_t error;
    struct graph *g = graph_from_recipe ("cluster/node=2/[core=2;gpu=1]", &error);

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct result_item *items = NULL;
        struct buf b = {.data = NULL};
        size_t n = 0;
        buf_printf (&b,
                    "{\"graph\":{\"nodes\":[{\"id\":\"77\",\"metadata\":{\"type\":\"%s\",%s,"
                    "\"paths\":{\"containment\":\"%s\"}}}],\"edges\":[]}}",
                    cases[i].type, cases[i].more, cases[i].path);
        json_t *o = json_loads (b.data, 0, NULL);
        assert_non_null (o);
        error.text[0] = '\0';
        int rc = load_jgf_items (g, o, cases[i].whole, &items, &n, &error);
        assert_int_equal (rc, cases[i].n < 0 ? -1 : 0);
        if (rc == 0)
            assert_int_equal (n, cases[i].n);
        else
            assert_true (strncmp (error.text, "JGF: ", 5) == 0);
        free (rc == 0 ? items : NULL);
        json_decref (o);
        buf_clear (&b);
    }
    graph_destroy (g);
}

static void test_constraint (void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int matches; // of the 4 nodes; -1: refused
    } cases[] = {
        {"{\"properties\":[\"fast\"]}", 4},
        {"{\"properties\":[\"^fast\"]}", 0},
        {"{\"properties\":[\"slow@core\"]}", 0},
        {"{\"ranks\":[\"1-2\"]}", 2},
        {"{\"hostlist\":[\"node[0,3]\"]}", 2},
        {"{\"not\":[{\"ranks\":[\"1\"]}]}", 3},
        {"{\"or\":[{\"ranks\":[\"1\"]},{\"hostlist\":[\"node2\"]}]}", 2},
        /* expected failures */
        {"{\"properties\":[\"fa^st\"]}", -1},
        {"{\"properties\":[\"a|b\"]}", -1},
        {"{\"properties\":[\"^\"]}", -1},
        {"{\"properties\":[\"\"]}", -1},
        {"{\"properties\":[1]}", -1},
        {"{\"properties\":\"fast\"}", -1},
        {"{\"ranks\":[\"2-1\"]}", -1},
        {"{\"sort\":[]}", -1},
        {"[]", -1},
    };
    flux_error_t error;
    struct graph *g = graph_from_recipe (SMALL, &error);
    const uint32_t *nodes;
    size_t n = graph_find_type (g, "node", &nodes);

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        json_t *o = json_loads (cases[i].text, 0, NULL);
        struct constraint *c = constraint_from_json (o, NULL, &error);
        int matches = 0;
        assert_int_equal (c == NULL, cases[i].matches < 0);
        for (size_t k = 0; c && k < n; k++)
            matches += constraint_match (c, g, nodes[k]);
        assert_int_equal (c ? matches : -1, cases[i].matches);
        constraint_destroy (c);
        json_decref (o);
    }
    graph_destroy (g);
}

static void test_rv1 (void **state)
{
    (void)state;
    static const char *R =
        "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"3,7\",\"children\":{\"core\":"
        "\"0-3\"}},{\"rank\":\"5\",\"children\":{\"core\":\"0-1\",\"gpu\":\"1\"}}],\"nodelist\":"
        "[\"a[1-2]\",\"login\"],\"properties\":{\"big\":\"3,7\",\"new@gpu\":\"5\"},\"starttime\":0,"
        "\"expiration\":0}}";
    flux_error_t error = {""};
    struct result_item *items;
    const uint32_t *v;
    size_t n;
    struct graph *g = graph_create ();
    json_t *o = json_loads (R, 0, NULL);
    if (load_rv1 (g, o, &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (graph_count (g), 1 + 3 + 8 + 3);
    assert_int_not_equal (graph_find_path (g, "/cluster0/a2/gpu1"), GRAPH_NONE);
    assert_int_equal (graph_find_rank (g, 7, &v), 1);
    assert_non_null (graph_property (g, v[0], "big"));
    assert_null (graph_property (g, v[0], "new@gpu"));
    assert_int_equal (graph_find_rank (g, 5, &v), 1);
    assert_non_null (graph_property (g, v[0], "new@gpu"));
    assert_null (graph_property (g, v[0], "new"));
    uint32_t gpu = graph_find_path (g, "/cluster0/a2/gpu1");
    assert_non_null (graph_property (g, gpu, "new"));
    assert_null (graph_property (g, graph_find_path (g, "/cluster0/a2/core0"), "new"));
    assert_int_equal (load_rv1_items (g, o, &items, &n, &error), 0);
    assert_int_equal (n, 3 + 8 + 3);
    free (items);
    json_decref (o);
    graph_destroy (g);
}

#define TREEPOOL(topo)                                                                             \
    "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-1\",\"children\":{\"core\":\"0-7\","  \
    "\"gpu\":\"0-1\"}},{\"rank\":\"4\",\"children\":{\"core\":\"4-6,9\"}}],\"nodelist\":[\"n[1-3]" \
    "\"],"                                                                                         \
    "\"properties\":{\"big\":\"1\"},\"starttime\":0,\"expiration\":0},\"scheduling\":{\"writer\":" \
    "\"TreePool\",\"children\":[{\"ranks\":\"0,4-9\",\"topo\":" topo "}]}}"

/* Rank 0 has all of the topology, rank 1 none, and rank 4 what R gives of it. */
static void test_treepool (void **state)
{
    (void)state;
    static const char *R = TREEPOOL (
        "{\"storage\":[{\"path\":\"/mnt/a\",\"capacity\":2,\"unit\":\"TiB\"}],\"socket\":["
        "{\"numa\":[{\"cores\":\"0-1\",\"gpus\":\"0\"},{\"cores\":\"2-3\"}],\"memory\":64},"
        "{\"numa\":[{\"cores\":\"4-5\"},{\"cores\":\"6-7\",\"gpus\":\"1\"}]}]}");
    static const struct {
        const char *path, *type;
    } there[] = {
        {"/cluster0/n1/socket0/numa0/core1", "core"},
        {"/cluster0/n1/socket0/numa0/gpu0", "gpu"},
        {"/cluster0/n1/socket0/memory0", "memory"},
        {"/cluster0/n1/storage0", "storage"},
        {"/cluster0/n1/socket1/numa3/gpu1", "gpu"},
        {"/cluster0/n2/core7", "core"},
        {"/cluster0/n2/gpu1", "gpu"},
        {"/cluster0/n3/socket1/numa2/core5", "core"},
        {"/cluster0/n3/socket1/numa3/core6", "core"},
        {"/cluster0/n3/core9", "core"},
    };
    static const char *absent[] = {"/cluster0/n1/core1", "/cluster0/n2/socket0",
                                   "/cluster0/n3/socket0", "/cluster0/n3/socket1/numa3/core7",
                                   "/cluster0/n3/socket1/numa3/gpu1"};
    flux_error_t error = {""};
    struct result_item *items;
    size_t n;
    struct graph *g = graph_create ();
    json_t *o = json_loads (R, 0, NULL);
    if (!o || load_rv1 (g, o, &error) < 0)
        fail_msg ("%s", error.text);
    for (size_t i = 0; i < sizeof (there) / sizeof (there[0]); i++) {
        uint32_t v = graph_find_path (g, there[i].path);
        if (v == GRAPH_NONE)
            fail_msg ("%s is missing", there[i].path);
        assert_string_equal (graph_type (g, v), there[i].type);
    }
    for (size_t i = 0; i < sizeof (absent) / sizeof (absent[0]); i++)
        if (graph_find_path (g, absent[i]) != GRAPH_NONE)
            fail_msg ("%s is there", absent[i]);
    uint32_t v = graph_find_path (g, "/cluster0/n1/storage0");
    assert_int_equal (graph_size (g, v), 2);
    assert_string_equal (graph_unit (g, v), "TiB");
    assert_string_equal (graph_property (g, v, "path"), "/mnt/a");
    v = graph_find_path (g, "/cluster0/n1/socket0/memory0");
    assert_int_equal (graph_size (g, v), 64);
    assert_string_equal (graph_unit (g, v), "GiB");
    assert_int_equal (graph_rank (g, graph_find_path (g, "/cluster0/n3/core9")), 4);
    assert_int_equal (load_rv1_items (g, o, &items, &n, &error), 0);
    assert_int_equal (n, 10 + 10 + 1 + 4); // n2 is held whole; the others have pools
    free (items);
    json_decref (o);
    graph_destroy (g);
}

static const char *grug_text =
    "<?xml version='1.0'?><!-- two nodes --><graphml>"
    "<key id='root' for='node' attr.name='root'><default>0</default></key>"
    "<key id='type' for='node' attr.name='type'/>"
    "<key id='basename' for='node' attr.name='basename'/>"
    "<key id='size' for='node' attr.name='size'><default>1</default></key>"
    "<key id='sub' for='node' attr.name='subsystem'><default>containment</default></key>"
    "<key id='esub' for='edge' attr.name='e_subsystem'><default>containment</default></key>"
    "<key id='scope' for='edge' attr.name='id_scope'><default>0</default></key>"
    "<key id='start' for='edge' attr.name='id_start'><default>0</default></key>"
    "<key id='stride' for='edge' attr.name='id_stride'><default>1</default></key>"
    "<key id='how' for='edge' attr.name='gen_method'><default>MULTIPLY</default></key>"
    "<key id='n' for='edge' attr.name='multi_scale'><default>1</default></key>"
    "<graph id='g'>"
    "<node id='c'><data key='root'>1</data><data key='type'>cluster</data>"
    "<data key='basename'>tiny</data></node>"
    "<node id='n'><data key='type'>node</data><data key='basename'>node</data></node>"
    "<node id='k'><data key='type'>core</data><data key='basename'>core</data></node>"
    "<edge source='c' target='n'><data key='n'>2</data></edge>"
    "<edge source='n' target='k'><data key='n'>3</data><data key='scope'>1</data></edge>"
    "</graph></graphml>";

static void test_grug (void **state)
{
    (void)state;
    flux_error_t error = {""};
    struct graph *g = graph_create ();
    if (load_grug (g, grug_text, strlen (grug_text), &error) < 0)
        fail_msg ("%s", error.text);
    assert_int_equal (graph_count (g), 1 + 2 + 6);
    uint32_t v = graph_find_path (g, "/tiny0/node1/core5");
    assert_int_not_equal (v, GRAPH_NONE);
    assert_int_equal (graph_rank (g, graph_parent (g, v)), 1);
    graph_destroy (g);
}

static void test_bad_files (void **state)
{
    (void)state;
    static const struct {
        char kind;
        const char *text, *says;
    } bad[] = {
        {'j', "{}", "required key"},
        {'j', "{\"graph\":{\"nodes\":[{}],\"edges\":[]}}", "without id"},
        {'j', "{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{}}],\"edges\":[]}}", "node 0"},
        {'j',
         "{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\"}}],\"edges\":"
         "[{\"source\":\"0\",\"target\":\"9\"}]}}",
         "unknown node: 9"},
        {'j',
         "{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\",\"size\":-3}}],"
         "\"edges\":[]}}",
         "size -3"},
        {'j',
         "{\"graph\":{\"nodes\":[{\"id\":\"0\",\"metadata\":{\"type\":\"a\"}},{\"id\":\"1\","
         "\"metadata\":{\"type\":\"b\"}}],\"edges\":[{\"source\":\"0\",\"target\":\"1\"},"
         "{\"source\":\"1\",\"target\":\"0\"}]}}",
         "cycle"},
        {'r', "{\"execution\":{\"R_lite\":[],\"nodelist\":[]}}", "version"},
        {'r', "{\"version\":1,\"execution\":{}}", "R_lite"},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"x\",\"children\":{}}],\"nodelist\":"
         "[\"a\"]}}",
         "rank: "},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-1\",\"children\":{}}],"
         "\"nodelist\":[\"a\"]}}",
         "nodelist has 1 names for 2 ranks"},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0-1\",\"children\":{}}],"
         "\"nodelist\":[]}}",
         "one host for each"},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\",\"children\":{\"core\":\"x\"}}]"
         ","
         "\"nodelist\":[\"a\"]}}",
         "core: "},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\",\"children\":{\"core\":"
         "\"99999\"}}]"
         ","
         "\"nodelist\":[\"a\"]}}",
         "core '99999' holds too many or too large ids"},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":\"0\",\"children\":{}}],"
         "\"nodelist\":[\"a\"],\"properties\":{\"p\":7}}}",
         "property must be an idset"},
        {'r',
         "{\"version\":1,\"execution\":{\"R_lite\":[{\"rank\":0,\"children\":{}}],\"nodelist\":["
         "\"a\"]}}",
         "rank must be an idset"},
        {'r', TREEPOOL ("[]"), "not an object"},
        {'r', TREEPOOL ("{\"cores\":3}"), "cores"},
        {'r', TREEPOOL ("{\"gpus\":\"x\"}"), "gpus"},
        {'r', TREEPOOL ("{\"socket\":{}}"), "socket"},
        {'r', TREEPOOL ("{\"socket\":[{\"numa\":3}]}"), "numa"},
        {'r', TREEPOOL ("{\"memory\":-1}"), "memory"},
        {'r', TREEPOOL ("{\"memory\":\"1\"}"), "memory"},
        {'r', TREEPOOL ("{\"storage\":[{\"path\":\"/a\"}]}"), "storage"},
        {'r', TREEPOOL ("{\"storage\":[{\"path\":\"/a\",\"capacity\":1e30}]}"), "storage"},
        {'r', TREEPOOL ("{\"a/b\":[{\"cores\":\"0\"}]}"), "a/b"},
        {'g', "<graphml><graph>", "no nodes"},
        {'g', "<graphml", "attribute"},
        {'g', "<!-- ", "does not end"},
        {'g', "<graphml><graph><node id='a'/><edge source='a' target='b'/>", "unknown node: b"},
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        struct graph *g = graph_create ();
        json_t *o = bad[i].kind == 'g' ? NULL : json_loads (bad[i].text, 0, NULL);
        int rc = bad[i].kind == 'j'   ? load_jgf (g, o, &error)
                 : bad[i].kind == 'r' ? load_rv1 (g, o, &error)
                                      : load_grug (g, bad[i].text, strlen (bad[i].text), &error);
        if (rc == 0 || !strstr (error.text, bad[i].says))
            fail_msg ("case %zu: %s", i, error.text);
        assert_int_equal (graph_count (g), 0);
        json_decref (o);
        graph_destroy (g);
    }
}

static void test_find (void **state)
{
    (void)state;
    static const struct {
        const char *criteria;
        int lines;
    } cases[] = {
        {"status=up", 1 + 4 * 7},
        {"status=down", 1 + 7},
        {"sched-now=allocated", 3},
        {"sched-now=allocated or status=down", 1 + 7 + 2},
        {"status=down and (sched-now=allocated)", 0},
        {"names=core[0-1]", 1 + 4 * 3},
        {"property=fast", 1 + 4},
        {"jobid-alloc=1", 3},
        {"jobid-tag=1", 3},
        {"jobid-reserved=1", 0},
    };
    static const char *bad[] = {"",           "status",     "status=maybe",   "colour=red",
                                "(status=up", "status=up)", "jobid-alloc=x!", "names=core["};
    flux_error_t error;
    struct graph *g = graph_from_recipe (SMALL, &error);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct request *req = request_from_text ("node=1/slot=1/core=1", 60);
    struct writer *w = writer_create (WRITE_SIMPLE);
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, NULL, &error), 0);
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct buf out = {.data = NULL};
        int lines = 0;
        if (i == 1)
            graph_set_status (g, graph_find_path (g, "/cluster0/node3"), GRAPH_DOWN);
        struct find *f = find_create (cases[i].criteria, &error);
        assert_non_null (f);
        uint64_t before = graph_steps (g);
        assert_int_equal (find_write (f, m, w, &error), 0);
        /* every vertex once; what a job holds is looked up in its three items */
        assert_in_range (graph_steps (g) - before, graph_count (g), 4 * graph_count (g));
        assert_int_equal (writer_finish (w, &out), 0);
        for (size_t k = 0; k < out.len; k++)
            lines += out.data[k] == '\n';
        if (lines != cases[i].lines)
            fail_msg ("%s: %d lines", cases[i].criteria, lines);
        buf_clear (&out);
        find_destroy (f);
    }
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        if (find_create (bad[i], &error))
            fail_msg ("'%s' was taken", bad[i]);
    writer_destroy (w);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_yaml (void **state)
{
    (void)state;
    static const struct {
        const char *yaml, *json;
    } cases[] = {
        {"a: 1", "{\"a\":1}"},
        {"a: [1, -2, 1.5, true, null, x, \"7\"]", "{\"a\":[1,-2,1.5,true,null,\"x\",\"7\"]}"},
        {"- a: {b: c}\n- []", "[{\"a\":{\"b\":\"c\"}},[]]"},
        {"{\"a\": \"b\"}", "{\"a\":\"b\"}"},
    };
    static const char *bad[] = {"", "a: [", "a: *b", "[a]: 1", "a: &x 1\nb: *x"};
    flux_error_t error;
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        json_t *o = yaml_to_json (cases[i].yaml, strlen (cases[i].yaml), &error);
        char *text = json_dumps (o, JSON_COMPACT);
        assert_string_equal (text, cases[i].json);
        free (text);
        json_decref (o);
    }
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        if (yaml_to_json (bad[i], strlen (bad[i]), &error))
            fail_msg ("'%s' was taken", bad[i]);
}

/* What is read straight from text, and what is left to the way through a JSON value. */
static void test_jobspec_text (void **state)
{
    (void)state;
#define SLOT                                                                                       \
    "{\"type\":\"slot\",\"count\":2,\"label\":\"t\",\"with\":[{\"type\":\"core\",\"count\":1}]}"
#define TASK "{\"command\":[\"a\",\"b\"],\"slot\":\"t\",\"count\":{\"per_slot\":1}}"
#define WHOLE(resources, system)                                                                   \
    "{\"resources\":[" resources "],\"attributes\":{\"system\":{" system "}},"                     \
    "\"tasks\":[" TASK "],\"version\":1}"
#define CORE(keys) "{\"type\":\"core\"," keys "}"
    static const struct {
        const char *text;
        bool plain;
    } cases[] = {
        {WHOLE (SLOT, ""), true},
        {" { \"version\" : 1, \"resources\" : [ " SLOT " ] , \"tasks\" : [ " TASK
         " ] , \"attributes\" : { } } ",
         true},
        {WHOLE (SLOT, "\"duration\":7,\"queue\":\"q\""), true},
        {WHOLE (SLOT, "\"duration\":7.5"), false},
        {WHOLE (SLOT, "\"duration\":-1"), false},
        {WHOLE (SLOT, "\"constraints\":{}"), false},
        {WHOLE (SLOT, "") " x", false},
        {"{\"resources\":[" SLOT "],\"attributes\":7,\"tasks\":[" TASK "],\"version\":1}", false},
        {"{\"resources\":[" SLOT "],\"resources\":[" SLOT "],\"attributes\":{},\"tasks\":[" TASK
         "],\"version\":1}",
         false},
        {"{\"resources\":[" SLOT "]", false},
        // what a jobspec must have
        {"{\"resources\":[" SLOT "],\"attributes\":{},\"tasks\":[" TASK "]}", false},
        {"{\"resources\":[" SLOT "],\"attributes\":{},\"version\":1}", false},
        {"{\"resources\":[" SLOT "],\"tasks\":[" TASK "],\"version\":1}", false},
        {"{\"attributes\":{},\"tasks\":[" TASK "],\"version\":1}", false},
        {"{\"resources\":[" SLOT "],\"attributes\":{},\"tasks\":[{}],\"version\":1}", false},
        {"{\"resources\":[" SLOT "],\"attributes\":{},\"tasks\":[],\"version\":1}", false},
        {"{\"resources\":[" SLOT "],\"attributes\":{},\"tasks\":[" TASK "],\"version\":0}", false},
        {WHOLE ("", ""), false},
        {WHOLE (CORE ("\"count\":0"), ""), false},
        {WHOLE (CORE ("\"count\":\"2-4\""), ""), false},
        {WHOLE (CORE ("\"count\":{\"min\":1}"), ""), false},
        {WHOLE (CORE ("\"count\":4294967295"), ""), false},
        {WHOLE (CORE ("\"count\":1,\"type\":\"gpu\""), ""), false},
        {WHOLE (CORE ("\"count\":1,\"exclusive\":1"), ""), false},
        {WHOLE (CORE ("\"count\":1,\"colour\":1"), ""), false},
        {WHOLE (CORE ("\"unit\":\"GB\""), ""), false},
        {WHOLE ("{\"type\":\"c\\u006fre\",\"count\":1}", ""), false},
        {WHOLE ("{\"count\":1}", ""), false},
        {WHOLE ("{\"type\":\"slot\",\"count\":1}", ""), false},
        {"", false},
    };
    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        const char *text = cases[i].text;
        struct request *req = request_from_json_text (text, strlen (text));
        if (!req != !cases[i].plain)
            fail_msg ("%s", text);
        if (req) {
            const struct request_resource *r = request_resource_at (req, 0);
            assert_string_equal (r->label, "t");
            assert_int_equal (r->count.min, 2);
            assert_string_equal (r->with->type, "core");
            assert_true (req->duration == (i == 2 ? 7 : 0));
            assert_true (i == 2 ? !strcmp (req->queue, "q") : !req->queue);
        }
        request_destroy (req);
    }
#undef SLOT
#undef TASK
#undef WHOLE
#undef CORE
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_write),          cmocka_unit_test (test_jgf_text),
        cmocka_unit_test (test_jgf_round_trip), cmocka_unit_test (test_jgf_items),
        cmocka_unit_test (test_constraint),     cmocka_unit_test (test_rv1),
        cmocka_unit_test (test_treepool),       cmocka_unit_test (test_grug),
        cmocka_unit_test (test_bad_files),      cmocka_unit_test (test_find),
        cmocka_unit_test (test_yaml),           cmocka_unit_test (test_jobspec_text),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
