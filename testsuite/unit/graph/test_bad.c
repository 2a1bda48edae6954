/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Bad input: each is refused with a sentence that names the thing, and the graph, with the jobs on
 * it, is as it was. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/io/jobspec.h"
#include "lib/graph/io/load.h"
#include "lib/graph/io/yaml.h"
#include "lib/graph/match.h"
#include "lib/graph/recipe.h"
#include "testsuite/unit/graph/dump.h"
#include "testsuite/unit/graph/request_text.h"

enum { DEEP = 10000 };

/* A cluster of four nodes, on which two jobs run and one waits. */
struct world {
    struct graph *g;
    struct matcher *m;
    struct buf before;
};

static void open_world (struct world *w)
{
    flux_error_t error;
    struct request *req = request_from_text ("node=2/slot=1/core=4", 100);
    *w = (struct world){.g = graph_from_recipe ("cluster/node=4/core=4", &error)};
    w->m = matcher_create (w->g, "low", 0, &error);
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal (
            matcher_match (w->m, req, MATCH_ALLOCATE_ORELSE_RESERVE, id, 0, NULL, NULL, &error), 0);
    request_destroy (req);
    graph_dump (w->g, &w->before);
}

/* Nothing changed, and it still works. */
static void check_world (struct world *w, const char *what)
{
    flux_error_t error = {""};
    struct buf after = {.data = NULL};
    graph_dump (w->g, &after);
    if (strcmp (w->before.data, after.data) != 0)
        fail_msg ("%s changed the graph", what);
    if (matcher_check (w->m, &error) < 0)
        fail_msg ("%s: %s", what, error.text);
    assert_int_equal (matcher_job_count (w->m), 3);
    buf_clear (&after);
}

static void close_world (struct world *w)
{
    flux_error_t error;
    for (uint64_t id = 1; id <= 3; id++)
        assert_int_equal (matcher_cancel (w->m, id, &error), 0);
    buf_clear (&w->before);
    matcher_destroy (w->m);
    graph_destroy (w->g);
}

static void check_sentence (const char *what, const char *text, const char *names)
{
    if (!*text || strchr (text, '\n') || !strstr (text, names))
        fail_msg ("%s: '%s' does not name '%s'", what, text, names);
}

/* ---- Growing ---- */
#define OLD(id, type, path)                                                                        \
    "{\"id\":\"" id "\",\"metadata\":{\"type\":\"" type "\",\"id\":0,\"paths\":{\"containment\":"  \
    "\"" path "\"}}}"
#define NEW(id, more) "{\"id\":\"" id "\",\"metadata\":{\"type\":\"gpu\"" more "}}"
#define EDGE(a, b) "{\"source\":\"" a "\",\"target\":\"" b "\"}"
#define ROOT OLD ("0", "cluster", "/cluster0")
#define NODE OLD ("1", "node", "/cluster0/node0")
#define GRAPH(nodes, edges) "{\"graph\":{\"nodes\":[" nodes "],\"edges\":[" edges "]}}"

static void test_growth (void **state)
{
    (void)state;
    static const struct {
        const char *what, *text, *names;
    } bad[] = {
        {"no graph", "{}", "graph"},
        {"no edges", "{\"graph\":{\"nodes\":[]}}", "edges"},
        {"nothing but text", "7", "line 1"},
        {"a node that is none", GRAPH ("7", ""), "id"},
        {"no type", GRAPH ("{\"id\":\"88\",\"metadata\":{}}", ""), "node 88"},
        {"an id that is no number", GRAPH (NEW ("x7", ""), ""), "x7"},
        {"two of one id",
         GRAPH (ROOT "," NEW ("88", "") "," NEW ("88", ",\"uniq_id\":89"), EDGE ("0", "88")), "88"},
        {"two of one uniq_id",
         GRAPH (ROOT "," NEW ("88", "") "," NEW ("89", ",\"uniq_id\":88"),
                EDGE ("0", "88") "," EDGE ("0", "89")),
         "uniq_id"},
        {"a uniq_id that is taken", GRAPH (ROOT "," NEW ("2", ",\"id\":77"), EDGE ("0", "2")),
         "gpu77"},
        {"two of one name",
         GRAPH (ROOT "," NEW ("88", ",\"id\":3") "," NEW ("89", ",\"id\":3"),
                EDGE ("0", "88") "," EDGE ("0", "89")),
         "gpu3"},
        {"an edge from nowhere", GRAPH (ROOT "," NEW ("88", ""), EDGE ("99", "88")), "99"},
        {"an edge to nowhere", GRAPH (ROOT, EDGE ("0", "99")), "99"},
        {"an edge without an end", GRAPH (ROOT, "{\"source\":\"0\"}"), "target"},
        {"an edge to itself", GRAPH (ROOT "," NEW ("88", ""), EDGE ("88", "88")), "gpu88"},
        {"an edge twice", GRAPH (ROOT "," NEW ("88", ""), EDGE ("0", "88") "," EDGE ("0", "88")),
         "gpu88"},
        {"a cycle of new ones",
         GRAPH (ROOT "," NEW ("88", "") "," NEW ("89", ""),
                EDGE ("88", "89") "," EDGE ("89", "88")),
         "gpu8"},
        {"a cycle through old ones",
         GRAPH (ROOT "," NODE "," NEW ("88", ""), EDGE ("1", "88") "," EDGE ("88", "0")), "cycle"},
        {"a cycle below the root",
         GRAPH (NODE "," NEW ("88", ""), EDGE ("1", "88") "," EDGE ("88", "1")), "node0"},
        {"a vertex outside", GRAPH (NEW ("88", ""), ""), "gpu88"},
        {"another root", GRAPH (ROOT "," NEW ("88", ""), EDGE ("88", "0")), "gpu88"},
        {"a negative size", GRAPH (ROOT "," NEW ("88", ",\"size\":-5"), EDGE ("0", "88")), "-5"},
        {"a size past all bounds",
         GRAPH (ROOT "," NEW ("88", ",\"size\":9223372036854775807"), EDGE ("0", "88")),
         "9223372036854775807"},
        {"a negative id",
         GRAPH (ROOT "," NEW ("88", ",\"id\":-7,\"name\":\"g\""), EDGE ("0", "88")), "g"},
        {"a negative rank", GRAPH (ROOT "," NEW ("88", ",\"rank\":-2"), EDGE ("0", "88")), "-2"},
        {"an unknown status", GRAPH (ROOT "," NEW ("88", ",\"status\":7"), EDGE ("0", "88")), "7"},
        {"a name with a slash", GRAPH (ROOT "," NEW ("88", ",\"name\":\"a/b\""), EDGE ("0", "88")),
         "a/b"},
        {"an empty type",
         GRAPH (ROOT ",{\"id\":\"88\",\"metadata\":{\"type\":\"\"}}", EDGE ("0", "88")), "type"},
        {"a job's vertex below one that comes first",
         GRAPH (NODE "," OLD ("2", "core", "/cluster0/node3/core0"), EDGE ("1", "2")), "core0"},
        {"a job's vertex below another one",
         GRAPH (OLD ("1", "node", "/cluster0/node1") "," OLD ("2", "core", "/cluster0/node0/core0"),
                EDGE ("1", "2")),
         "core0"},
    };
    struct world w;
    open_world (&w);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        if (load_jgf_text (w.g, bad[i].text, strlen (bad[i].text), &error) == 0)
            fail_msg ("%s was taken", bad[i].what);
        assert_int_not_equal (errno, 0);
        check_sentence (bad[i].what, error.text, bad[i].names);
        check_world (&w, bad[i].what);
    }
    close_world (&w);
}

#define R(entries, hosts, more)                                                                    \
    "{\"version\":1,\"execution\":{\"R_lite\":[" entries "],\"nodelist\":[" hosts "]" more "}}"
#define RANKS(ranks, children) "{\"rank\":\"" ranks "\",\"children\":{" children "}}"

/* The same by R, and by GRUG. */
static void test_other_growth (void **state)
{
    (void)state;
    static const struct {
        const char *what, *text, *names;
    } bad[] = {
        {"no version", "{\"execution\":{}}", "version"},
        {"no R_lite", "{\"version\":1,\"execution\":{}}", "R_lite"},
        {"no rank", R ("{\"children\":{}}", "\"a\"", ""), "rank"},
        {"no ids", R (RANKS ("9", "\"core\":\"x\""), "\"a\"", ""), "core"},
        {"ids past all bounds", R (RANKS ("9", "\"core\":\"0-99999999\""), "\"a\"", ""), "core"},
        {"no host for a rank", R (RANKS ("8-9", ""), "\"a\"", ""), "nodelist"},
        {"a host with a slash", R (RANKS ("9", ""), "\"a/b\"", ""), "a/b"},
        {"a core of a rank twice",
         R (RANKS ("9", "\"core\":\"0\"") "," RANKS ("9", "\"core\":\"0\""), "\"a\"", ""), "a"},
        {"properties that are no object", R (RANKS ("9", ""), "\"a\"", ",\"properties\":7"),
         "properties"},
        {"a GRUG without vertices", "<graphml><graph></graph></graphml>", "nodes"},
        {"a GRUG cut short", "<graphml><graph", "attribute"},
        {"a GRUG edge to nowhere",
         "<graphml><graph><node id='a'/><edge source='a' target='zz'/></graph></graphml>", "zz"},
    };
    struct world w;
    open_world (&w);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        json_t *o = json_loads (bad[i].text, 0, NULL);
        int rc = o ? load_rv1 (w.g, o, &error)
                   : load_grug (w.g, bad[i].text, strlen (bad[i].text), &error);
        if (rc == 0)
            fail_msg ("%s was taken", bad[i].what);
        check_sentence (bad[i].what, error.text, bad[i].names);
        check_world (&w, bad[i].what);
        json_decref (o);
    }
    close_world (&w);
}

/* A chain of so many vertices below node0. */
static void test_deep_growth (void **state)
{
    (void)state;
    struct world w;
    struct buf b = {.data = NULL};
    flux_error_t error = {""};
    open_world (&w);
    buf_puts (&b, "{\"graph\":{\"nodes\":[" NODE);
    for (int i = 0; i < DEEP; i++)
        buf_printf (&b, ",{\"id\":\"%d\",\"metadata\":{\"type\":\"box\"}}", 1000 + i);
    buf_puts (&b, "],\"edges\":[" EDGE ("1", "1000"));
    for (int i = 1; i < DEEP; i++)
        buf_printf (&b, ",{\"source\":\"%d\",\"target\":\"%d\"}", 999 + i, 1000 + i);
    buf_puts (&b, "]}}");
    assert_int_equal (load_jgf_text (w.g, b.data, b.len, &error), -1);
    check_sentence ("a deep graph", error.text, "box10");
    check_world (&w, "a deep graph");
    buf_clear (&b);
    for (int i = 0; i < DEEP; i++)
        buf_puts (&b, "{\"graph\":");
    assert_int_equal (load_jgf_text (w.g, b.data, b.len, &error), -1);
    check_sentence ("deep JSON", error.text, "line 1");
    check_world (&w, "deep JSON");
    buf_clear (&b);
    close_world (&w);
}

/* ---- Requests ---- */
#define RESOURCES(text) "{\"resources\":[" text "]}"
#define CORES(count) RESOURCES ("{\"type\":\"core\",\"count\":" count "}")

static void test_requests (void **state)
{
    (void)state;
    static const struct {
        const char *text, *names;
    } bad[] = {
        {"{}", "resources"},
        {"{\"resources\":7}", "resources"},
        {RESOURCES ("7"), "resource"},
        {RESOURCES ("{\"count\":1}"), "type"},
        {RESOURCES ("{\"type\":7}"), "type"},
        {RESOURCES ("{\"type\":\"\",\"count\":1}"), "type"},
        {CORES ("0"), "core"},
        {CORES ("-1"), "core"},
        {CORES ("1.5"), "core"},
        {CORES ("4294967296"), "core"},
        {CORES ("99999999999"), "core"},
        {CORES ("\"x\""), "core"},
        {CORES ("\"4-2\""), "core"},
        {CORES ("{\"min\":0}"), "core"},
        {CORES ("{\"min\":3,\"max\":2}"), "core"},
        {CORES ("{\"min\":1,\"max\":9,\"operator\":\"-\",\"operand\":1}"), "core"},
        {CORES ("{\"min\":1,\"max\":9,\"operator\":\"*\",\"operand\":1}"), "core"},
        {CORES ("{\"min\":1,\"max\":9,\"operator\":\"+\",\"operand\":0}"), "core"},
        {CORES ("{\"min\":1,\"max\":9,\"operator\":\"^\",\"operand\":1}"), "core"},
        {RESOURCES ("{\"type\":\"core\",\"count\":1,\"exclusive\":\"yes\"}"), "exclusive"},
        {RESOURCES ("{\"type\":\"core\",\"count\":1,\"exclusive\":7}"), "exclusive"},
        {RESOURCES ("{\"type\":\"node\",\"count\":1,\"with\":{}}"), "resources"},
        {RESOURCES ("{\"type\":\"slot\",\"count\":1,\"label\":\"task\"}"), "task"},
        {RESOURCES ("{\"type\":\"core\",\"count\":1},{\"type\":\"core\",\"count\":1}"), "core"},
    };
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        struct request *req = request_create ();
        json_t *o = json_loads (bad[i].text, 0, NULL);
        assert_non_null (o);
        if (request_add_resources (req, json_object_get (o, "resources"), &error) == 0 &&
            request_seal (req, &error) == 0)
            fail_msg ("%s was taken", bad[i].text);
        check_sentence (bad[i].text, error.text, bad[i].names);
        json_decref (o);
        request_destroy (req);
    }
}

static void test_deep_requests (void **state)
{
    (void)state;
    struct buf b = {.data = NULL};
    flux_error_t error = {""};
    for (int i = 0; i < DEEP; i++)
        buf_puts (&b, "{with: [");
    assert_null (yaml_to_json (b.data, b.len, &error));
    check_sentence ("deep YAML", error.text, "YAML line 1");
    buf_clear (&b);
    for (int i = 0; i < REQUEST_MAX_DEPTH + 4; i++)
        buf_puts (&b, "[{\"type\":\"node\",\"count\":1,\"with\":");
    buf_puts (&b, "[]");
    for (int i = 0; i < REQUEST_MAX_DEPTH + 4; i++)
        buf_puts (&b, "}]");
    struct request *req = request_create ();
    json_t *o = json_loads (b.data, 0, NULL);
    assert_non_null (o);
    assert_int_equal (request_add_resources (req, o, &error), -1);
    check_sentence ("deep jobspec", error.text, "deep");
    json_decref (o);
    request_destroy (req);
    buf_clear (&b);
}

/* Counts whose products go past 64 bits are wanted of no graph. */
static void test_overflow (void **state)
{
    (void)state;
    static const char *requests[] = {
        "node=4294967295/socket=4294967295/core=4294967295/slot=1/gpu=1",
        "slot=4294967295/core=4294967295",
        "node=4294967295!",
        "rack=4000000000/node=4000000000/slot=4000000000/core=4000000000",
    };
    struct world w;
    open_world (&w);
    for (size_t i = 0; i < sizeof (requests) / sizeof (requests[0]); i++) {
        struct request *req = request_from_text (requests[i], 10);
        flux_error_t error = {""};
        for (match_op_t op = MATCH_ALLOCATE; op <= MATCH_WITHOUT_ALLOCATING_FUTURE; op++) {
            assert_int_equal (matcher_match (w.m, req, op, 77, 0, NULL, NULL, &error), -1);
            assert_true (errno == EBUSY || errno == ENODEV);
            check_sentence (requests[i], error.text, "");
        }
        check_world (&w, requests[i]);
        request_destroy (req);
    }
    close_world (&w);
}

/* ---- Policies, subsystems, times and jobs ---- */
static void test_policies (void **state)
{
    (void)state;
    static const struct {
        const char *policy, *names;
    } bad[] = {
        {"", "no policy"},
        {"nonsense", "nonsense"},
        {"policy=nonsense", "nonsense"},
        {"low colour=red", "colour=red"},
        {"low node_centric=maybe", "maybe"},
        {"low high", "high"},
        {"pack", "level"},
        {"pack level=", "level"},
        {"spread", "level"},
        {"nearest", "target"},
        {"power", "draw"},
        {"power draw=-1", "draw=-1"},
        {"power draw=99999999999", "99999999999"},
        {"power draw=5x", "5x"},
    };
    struct world w;
    open_world (&w);
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++) {
        flux_error_t error = {""};
        assert_int_equal (matcher_set_policy (w.m, bad[i].policy, &error), -1);
        check_sentence (bad[i].policy, error.text, bad[i].names);
        assert_string_equal (policy_text (matcher_policy (w.m)), "low");
        check_world (&w, bad[i].policy);
    }
    close_world (&w);
}

static void test_unknown_subsystem (void **state)
{
    (void)state;
    flux_error_t error = {""};
    struct graph *g = graph_from_recipe ("cluster/node=2/core=1", &error);
    struct matcher *m = matcher_create (g, "power draw=5 subsystem=steam", 0, &error);
    struct request *req = request_from_text ("node=1!", 10);
    char path[64];
    assert_int_equal (matcher_match (m, req, MATCH_ALLOCATE, 1, 0, NULL, NULL, &error), -1);
    assert_int_equal (errno, EINVAL);
    check_sentence ("power", error.text, "steam");
    assert_int_equal (matcher_job_count (m), 0);
    assert_int_equal (matcher_check (m, &error), 0);
    assert_int_equal (graph_path (g, 1, "steam", path, sizeof (path)), -1);
    assert_int_equal (errno, ENOENT);
    request_destroy (req);
    matcher_destroy (m);
    graph_destroy (g);
}

static void test_operations (void **state)
{
    (void)state;
    struct world w;
    flux_error_t error = {""};
    const struct result_item none = {.vertex = 999, .needs = 1, .exclusive = 1};
    const struct result_item large = {.vertex = 2, .needs = 2, .exclusive = 1};
    const struct result_item taken = {.vertex = 2, .needs = 1, .exclusive = 1};
    struct request *req = request_from_text ("node=1!", 10);
    uint32_t nowhere = 999;
    open_world (&w);
    assert_int_equal (matcher_update (w.m, 9, 0, 10, false, &none, 1, NULL, &error), -1);
    check_sentence ("update", error.text, "999");
    assert_int_equal (matcher_update (w.m, 9, 0, 10, false, &large, 1, NULL, &error), -1);
    check_sentence ("update", error.text, "core0");
    assert_int_equal (matcher_update (w.m, 9, 0, 10, false, &taken, 1, NULL, &error), -1);
    check_sentence ("update", error.text, "core0");
    assert_int_equal (matcher_update (w.m, 9, -5, 10, false, &taken, 1, NULL, &error), -1);
    check_sentence ("update", error.text, "-5");
    assert_int_equal (matcher_update (w.m, 9, 5, 0, false, &taken, 1, NULL, &error), -1);
    check_sentence ("update", error.text, "duration 0");
    assert_int_equal (matcher_cancel (w.m, 9, &error), -1);
    check_sentence ("cancel", error.text, "9");
    assert_int_equal (matcher_cancel_partial (w.m, 1, &nowhere, 1, NULL, &error), -1);
    check_sentence ("partial cancel", error.text, "999");
    assert_int_equal (matcher_cancel_ranks (w.m, 1, (int64_t[]){3}, 1, NULL, &error), -1);
    check_sentence ("ranks", error.text, "rank 3");
    assert_int_equal (matcher_cancel_ranks (w.m, 1, (int64_t[]){77}, 1, NULL, &error), -1);
    check_sentence ("ranks", error.text, "rank 77");
    assert_int_equal (matcher_remove_subgraph (w.m, 999, &error), -1);
    check_sentence ("remove", error.text, "999");
    assert_int_equal (graph_remove (w.g, graph_root (w.g), &error), -1);
    check_sentence ("remove", error.text, "cluster0");
    assert_int_equal (graph_remove (w.g, 1, &error), -1);
    check_sentence ("remove", error.text, "node0");
    assert_int_equal (matcher_match (w.m, req, MATCH_ALLOCATE, 1, 0, NULL, NULL, &error), -1);
    check_sentence ("match", error.text, "job 1");
    assert_int_equal (matcher_match (w.m, req, MATCH_ALLOCATE, 9, -3, NULL, NULL, &error), -1);
    check_sentence ("match", error.text, "-3");
    req->duration = 1e300;
    assert_int_equal (matcher_match (w.m, req, MATCH_ALLOCATE, 9, 0, NULL, NULL, &error), -1);
    check_sentence ("match", error.text, "1e+300");
    assert_int_equal (matcher_set_end (w.m, 1, -1, &error), -1);
    check_sentence ("end", error.text, "-1");
    assert_int_equal (matcher_set_period (w.m, 5, 5, &error), -1);
    check_sentence ("period", error.text, "period");
    assert_int_equal (matcher_set_prune (w.m, "core", &error), -1);
    check_sentence ("prune", error.text, "core");
    check_world (&w, "operations");
    request_destroy (req);
    close_world (&w);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_growth),
        cmocka_unit_test (test_other_growth),
        cmocka_unit_test (test_deep_growth),
        cmocka_unit_test (test_requests),
        cmocka_unit_test (test_deep_requests),
        cmocka_unit_test (test_overflow),
        cmocka_unit_test (test_policies),
        cmocka_unit_test (test_operations),
        cmocka_unit_test (test_unknown_subsystem),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
