/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a jobspec (RFC 14, 25, 31) may say of resources, line by line: each is read as YAML and as
 * JSON, matched on a small graph, and must get the same. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/io/jobspec.h"
#include "lib/graph/io/yaml.h"
#include "lib/graph/match.h"
#include "lib/graph/recipe.h"
#include "lib/job/jobspec.h"
#include "lib/job/shape.h"
#include "lib/util/buf.h"

/* Four nodes in two racks; the last two are "fast". */
static const char recipe[] = "cluster/[rack=2/node=2/[socket=2/"
                             "[core=4;gpu=1];memory=16{unit:GB,split:true};"
                             "ssd=100{unit:GB}];lustre=1/ost=4]";

/* Units held, as "core=4 node=1"; "node~2": passed through; "ranks=0-1"; or "never", "error: WHY".
 */
struct line {
    const char *what, *resources, *system, *want;
    int flags;
};

#define SLOT(n, with) "{type: slot, count: " n ", label: task, with: [" with "]}"
#define CORE(n) "{type: core, count: " n "}"

static const struct line lines[] = {
    {"integer", SLOT ("1", CORE ("3")), "", "core=3 node~1 ranks=0", 0},
    {"min alone: as many as a node has", SLOT ("1", CORE ("{min: 2}")), "", "core=8", 0},
    {"min and max", SLOT ("1", CORE ("{min: 2, max: 6}")), "", "core=6", 0},
    {"min and max, fewer there on a node", SLOT ("1", CORE ("{min: 2, max: 90}")), "", "core=8", 0},
    {"operator +", SLOT ("1", CORE ("{min: 3, max: 12, operator: \"+\", operand: 5}")), "",
     "core=8", 0},
    {"operator *", SLOT ("1", CORE ("{min: 3, max: 90, operator: \"*\", operand: 2}")), "",
     "core=6", 0},
    {"operator ^", SLOT ("1", CORE ("{min: 2, max: 90, operator: \"^\", operand: 2}")), "",
     "core=4", 0},
    {"operator without max", SLOT ("1", CORE ("{min: 5, operator: \"+\", operand: 10}")), "",
     "core=5", 0},
    {"range as text", SLOT ("1", CORE ("\"2-6\"")), "", "core=6", 0},
    {"open range as text", SLOT ("1", CORE ("\"2+\"")), "", "core=8", 0},
    {"range with operand and operator", SLOT ("1", CORE ("\"2-20:3:+\"")), "", "core=8", 0},
    {"idset", SLOT ("1", CORE ("\"1,4,9,40\"")), "", "core=4", 0},
    {"idset in brackets", SLOT ("1", CORE ("\"[1,4,9,40]\"")), "", "core=4", 0},
    {"more than there is", SLOT ("1", CORE ("33")), "", "never", 0},
    {"least of a range more than there is", SLOT ("1", CORE ("{min: 33, max: 90}")), "", "never",
     0},

    {"several slots", SLOT ("5", CORE ("3")), "", "core=15", 0},
    {"a range of slots", SLOT ("{min: 1, max: 6}", CORE ("2")), "", "core=12", 0},
    {"slot at the top, with nodes", SLOT ("2", "{type: node, count: 1}"), "", "node=2 ranks=0-1",
     0},
    {"slot in the cluster", "{type: cluster, count: 1, with: [" SLOT ("2", CORE ("1")) "]}", "",
     "core=2", 0},
    {"slot in racks", "{type: rack, count: 2, with: [" SLOT ("1", "{type: node, count: 1}") "]}",
     "", "node=2 rack~2 ranks=0,2", 0},
    {"slot in nodes", "{type: node, count: 2, with: [" SLOT ("2", CORE ("3")) "]}", "",
     "core=12 node~2 ranks=0-1", 0},
    {"slot in sockets",
     "{type: node, count: 2, with: [{type: socket, count: 2, with: [" SLOT ("1", CORE ("2")) "]}]}",
     "", "core=8 socket~4 node~2", 0},
    {"with as deep as the graph",
     "{type: cluster, count: 1, with: [{type: rack, count: 1, with: [{type: node, count: 1, with: ["
     "{type: socket, count: 2, with: [" SLOT ("1", CORE ("1") ", {type: gpu, count: 1}") "]}]}]}]}",
     "", "core=2 gpu=2 socket~2 node~1 rack~1", 0},
    {"several kinds in a slot",
     SLOT ("2", "{type: node, count: 1, with: [" CORE ("2") ", {type: gpu, count: 1}, "
                                                            "{type: memory, count: 4, unit: GB}]}"),
     "", "node=2 core=4 gpu=2 memory=8", 0},
    {"several slots",
     "{type: rack, count: 1, with: [{type: slot, count: 2, label: a, with: [{type: node, count: "
     "1}]}]}, "
     "{type: lustre, count: 1, with: [{type: slot, count: 3, label: b, with: [{type: ost, count: "
     "1}]}]}",
     "", "node=2 ost=3 rack~1 lustre~1", 0},

    {"exclusive true outside of a slot",
     "{type: node, count: 1, exclusive: true, with: [" SLOT ("1", CORE ("1")) "]}", "",
     "node=1 core=8 ranks=0", 0},
    {"exclusive false outside of a slot",
     "{type: node, count: 1, exclusive: false, with: [" SLOT ("1", CORE ("1")) "]}", "",
     "node=0 node~1 core=1", 0},
    {"a whole socket", SLOT ("1", "{type: socket, count: 1}"), "", "socket=1", 0},

    {"a unit", SLOT ("1", "{type: memory, count: 3, unit: GB}"), "", "memory=3", 0},
    {"a pool that is taken whole", SLOT ("1", "{type: ssd, count: 40, unit: GB}"), "", "ssd=100",
     0},

    {"version 1",
     "{type: node, count: 2, with: [" SLOT ("1", CORE ("4") ", {type: gpu, count: 1}") "]}", "",
     "core=8 gpu=2 node~2", -1},

    {"or: the first alternative",
     "{type: slot, count: 1, label: a, with: [" CORE ("2") "]}, {type: slot, count: 1, label: b, "
                                                           "with: [{type: gpu, count: 90}]}",
     "", "core=2 gpu=0", MATCHER_FLEXIBLE},
    {"or: the other one",
     "{type: slot, count: 1, label: a, with: [" CORE ("90") "]}, {type: slot, count: 1, label: b, "
                                                            "with: [{type: gpu, count: 2}]}",
     "", "core=0 gpu=2", MATCHER_FLEXIBLE},
    {"xor: the first",
     "{type: xor_slot, count: 1, label: a, with: [" CORE (
         "2") "]}, "
              "{type: xor_slot, count: 1, label: b, with: [{type: gpu, count: 1}]}",
     "", "core=2 gpu=0", 0},
    {"xor: the first cannot be had",
     "{type: xor_slot, count: 1, label: a, with: [" CORE (
         "90") "]}, "
               "{type: xor_slot, count: 1, label: b, with: [{type: gpu, count: 1}]}",
     "", "core=0 gpu=1", 0},
    {"xor: below nodes",
     "{type: node, count: 2, with: [{type: xor_slot, count: 1, label: a, with: "
     "[{type: gpu, count: 3}]}, {type: xor_slot, count: 1, label: b, with: [" CORE ("2") "]}]}",
     "", "core=4 node~2 gpu=0", 0},
    {"xor: none can",
     "{type: xor_slot, count: 1, label: a, with: [" CORE (
         "90") "]}, "
               "{type: xor_slot, count: 1, label: b, with: [{type: gpu, count: 90}]}",
     "", "never", 0},

    {"constraint: a property", SLOT ("1", CORE ("1")), "constraints: {properties: [fast]}",
     "core=1 ranks=2", 0},
    {"constraint: not a property", SLOT ("1", CORE ("32")), "constraints: {properties: [^fast]}",
     "never", 0},
    {"constraint: hosts", SLOT ("2", CORE ("8")), "constraints: {hostlist: [\"node[1,3]\"]}",
     "core=16 ranks=1,3", 0},
    {"constraint: ranks", SLOT ("1", CORE ("1")), "constraints: {ranks: [\"3\"]}", "core=1 ranks=3",
     0},
    {"constraint: and, or, not", SLOT ("1", CORE ("1")),
     "constraints: {and: [{properties: [fast]}, {not: [{or: [{ranks: [\"0-2\"]}, {hostlist: "
     "[node0]}]}]}]}",
     "core=1 ranks=3", 0},
    {"constraint: nobody", SLOT ("1", CORE ("1")), "constraints: {properties: [slow]}", "never", 0},

    {"duration", SLOT ("1", CORE ("1")), "duration: 60", "core=1 duration=60", 0},
    {"a fractional duration", SLOT ("1", CORE ("1")), "duration: 1.25", "core=1 duration=1.25", 0},
    {"no duration", SLOT ("1", CORE ("1")), "duration: 0", "core=1 duration=0", 0},

    {"a type that is not there", SLOT ("1", "{type: tape, count: 1}"), "", "never", 0},
    {"no slot", "{type: node, count: 1, exclusive: true}", "", "node=1", 0},
    {"count 0", SLOT ("1", CORE ("0")), "", "error: positive", 0},
    {"max below min", SLOT ("1", CORE ("{min: 4, max: 2}")), "", "error: min", 0},
    {"operand without operator", SLOT ("1", CORE ("{min: 1, operand: 2}")), "",
     "error: operator and operand", 0},
    {"a slot without a label", "{type: slot, count: 1, with: [" CORE ("1") "]}", "", "error: label",
     0},
    {"a slot with nothing in it", "{type: slot, count: 1, label: task}", "",
     "error: something in it", 0},
    {"with an empty list", SLOT ("1", "{type: node, count: 1, with: []}"), "",
     "error: at least one", 0},
    {"exclusive as text", SLOT ("1", "{type: node, count: 1, exclusive: yes_please}"), "",
     "error: exclusive", 0},
    {"an unknown key", SLOT ("1", "{type: core, count: 1, colour: red}"), "", "error: colour", 0},
    {"an unknown constraint", SLOT ("1", CORE ("1")), "constraints: {colour: [red]}",
     "error: colour", 0},
    {"a duration below 0", SLOT ("1", CORE ("1")), "duration: -1", "error: duration", 0},
};

static struct graph *make_graph (void)
{
    flux_error_t error;
    struct graph *g = graph_from_recipe (recipe, &error);
    const uint32_t *v;
    if (!g)
        fail_msg ("%s", error.text);
    for (int rank = 2; rank < 4; rank++)
        if (graph_find_rank (g, rank, &v) > 0)
            graph_set_property (g, v[0], "fast", "");
    return g;
}

static uint32_t count_shared (const struct result *res, const struct graph *g, const char *type)
{
    uint32_t n = 0;
    for (size_t i = 0; i < res->count; i++)
        n += !res->items[i].exclusive && !strcmp (graph_type (g, res->items[i].vertex), type);
    return n;
}

static char *ranks_of (const struct result *res, const struct graph *g)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct result_rank rr;
    size_t cursor = 0;
    while (result_next_rank (res, g, &cursor, &rr))
        idset_set (ids, rr.rank);
    char *text = idset_encode (ids, IDSET_FLAG_RANGE);
    idset_destroy (ids);
    return text;
}

/* One word of what is wanted. */
static bool holds (const struct result *res, const struct graph *g, const struct request *req,
                   const char *word)
{
    char key[64];
    const char *value = strpbrk (word, "=~");
    snprintf (key, sizeof (key), "%.*s", (int)(value - word), word);
    if (!strcmp (key, "ranks")) {
        char *ranks = ranks_of (res, g);
        bool same = !strcmp (ranks, value + 1);
        free (ranks);
        return same;
    }
    if (!strcmp (key, "duration"))
        return req->duration == strtod (value + 1, NULL);
    uint32_t n =
        *value == '~' ? count_shared (res, g, key) : result_units (res, g, 0, res->count, key);
    return n == strtoul (value + 1, NULL, 10);
}

static void check_match (const struct line *t, struct request *req, const char *how)
{
    flux_error_t error = {""};
    struct graph *g = make_graph ();
    struct matcher *m =
        matcher_create (g, "low", MATCHER_THROUGH | (t->flags > 0 ? t->flags : 0), &error);
    const struct result *res;
    int rc = matcher_match (m, req, MATCH_ALLOCATE_WITH_SATISFIABILITY, 1, 0, NULL, &res, &error);
    if (!strcmp (t->want, "never")) {
        if (rc == 0 || errno != ENODEV)
            fail_msg ("%s (%s): it is not never: %s", t->what, how, error.text);
    } else if (rc < 0) {
        fail_msg ("%s (%s): %s", t->what, how, error.text);
    } else {
        char *want = strdup (t->want), *save = NULL;
        for (char *word = strtok_r (want, " ", &save); word; word = strtok_r (NULL, " ", &save))
            if (!holds (res, g, req, word))
                fail_msg ("%s (%s): not %s: core=%u", t->what, how, word,
                          result_units (res, g, 0, res->count, "core"));
        free (want);
    }
    assert_int_equal (matcher_check (m, &error), 0);
    matcher_destroy (m);
    graph_destroy (g);
}

static char *write_yaml (const struct line *t)
{
    struct buf b = {.data = NULL};
    buf_printf (&b,
                "# a jobspec\nversion: %d\nresources: [%s]\ntasks:\n  - command: [app]\n    slot: "
                "task\n    count: {per_slot: 1}\nattributes:\n  system: {%s}\n",
                t->flags < 0 ? 1 : 9999, t->resources, t->flags < 0 ? "duration: 0" : t->system);
    return buf_steal (&b, NULL);
}

static struct request *read_json (json_t *o, flux_error_t *errp)
{
    struct jobspec *js = o ? jobspec_request_from_json (o, errp) : NULL;
    struct request *req = js ? request_from_jobspec (js, errp) : NULL;
    jobspec_destroy (js);
    return req;
}

static void check_line (const struct line *t)
{
    flux_error_t error = {""};
    char *yaml = write_yaml (t);
    json_t *o = yaml_to_json (yaml, strlen (yaml), &error);
    if (!o)
        fail_msg ("%s: %s", t->what, error.text);
    struct request *req = read_json (o, &error);
    char *text = json_dumps (o, 0);
    struct request *plain = request_from_json_text (text, strlen (text));
    if (!strncmp (t->want, "error: ", 7)) {
        if (req || !strstr (error.text, t->want + 7) || strchr (error.text, '\n'))
            fail_msg ("%s: '%s' does not say %s", t->what, error.text, t->want + 7);
        if (plain)
            fail_msg ("%s: taken as text", t->what);
    } else if (!req) {
        fail_msg ("%s: %s", t->what, error.text);
    } else {
        json_t *again = json_loads (text, 0, NULL);
        struct request *json = read_json (again, &error);
        check_match (t, req, "YAML");
        check_match (t, json, "JSON");
        if (plain)
            check_match (t, plain, "plain JSON");
        request_destroy (json);
        json_decref (again);
    }
    request_destroy (req);
    request_destroy (plain);
    json_decref (o);
    free (text);
    free (yaml);
}

static void test_lines (void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof (lines) / sizeof (lines[0]); i++)
        check_line (&lines[i]);
}

/* RFC 46: the same from a shape. */
static void test_shapes (void **state)
{
    (void)state;
    static const struct {
        const char *shape, *want;
    } t[] = {
        {"slot=3/core=2", "core=6"},
        {"slot/node", "node=1"},
        {"node=2/slot=2/[core=2;gpu=1]", "core=8 gpu=4 node~2"},
        {"slot=1+/node", "node=4"},
        {"slot/core=2-9", "core=8"},
        {"slot/core=1,4,9,40", "core=4"},
        {"slot=2/memory=3{unit:GB}", "memory=6"},
        {"rack{x}/slot/node", "rack=1"},
        {"node{-x}/slot/core", "node~1 core=1"},
        {"slot=5/node", "never"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct line line = {.what = t[i].shape, .want = t[i].want};
        flux_error_t error = {""};
        json_t *o = shape_parse (t[i].shape, &error);
        struct request *req = request_create ();
        if (!o || request_add_resources (req, o, &error) < 0 || request_seal (req, &error) < 0)
            fail_msg ("%s: %s", t[i].shape, error.text);
        check_match (&line, req, "shape");
        request_destroy (req);
        json_decref (o);
    }
}

/* The unit of the count, and that of the graph. */
static void test_units (void **state)
{
    (void)state;
    static const struct {
        const char *count, *unit;
        uint32_t want; // GB; 0: refused
        const char *says;
    } t[] = {
        {"3", "GB", 3, ""},
        {"3000", "MB", 3, ""},
        {"3001", "MB", 4, ""},
        {"1", "B", 1, ""},
        {"1", "GiB", 2, ""},
        {"4194304", "TB", 4194304000, ""},
        {"4194304", "PB", 0, "PB are too many"},
        {"3", "kW", 0, "memory is counted in GB here, not in kW"},
        {"3", "apples", 0, "apples"},
        {"{min: 1, max: 5, operator: \"+\", operand: 2}", "TB", 1000, ""},
        {"{min: 1, max: 5}", "MB", 0, "ask for a number of them"},
        {"\"1,2,5\"", "TB", 0, "ask for a number of them"},
    };
    struct graph *g = make_graph ();
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        char text[256];
        snprintf (text, sizeof (text), "[{type: memory, count: %s, unit: %s}]", t[i].count,
                  t[i].unit);
        json_t *o = yaml_to_json (text, strlen (text), &error);
        struct request *req = request_create ();
        assert_int_equal (request_add_resources (req, o, &error), 0);
        assert_int_equal (request_seal (req, &error), 0);
        int rc = request_fit_units (req, g, &error);
        if ((rc < 0) != (t[i].want == 0) || !strstr (error.text, t[i].says))
            fail_msg ("%s: %s", text, error.text);
        if (rc == 0)
            assert_int_equal (request_resource_at (req, 0)->count.min, t[i].want);
        request_destroy (req);
        json_decref (o);
    }
    graph_destroy (g);
}

/* Slots side by side: the job gets all. */
static void test_join (void **state)
{
    (void)state;
#define A "{type: slot, count: 2, label: a, with: [" CORE ("2") "]}"
    static const struct {
        const char *resources, *want; // joined, or what the sentence says
    } t[] = {
        {A, A},
        {A ", {type: slot, count: 2, label: b, with: [{type: gpu, count: 1}]}",
         "{type: slot, count: 2, label: a, with: [" CORE ("2") ", {type: gpu, count: 1}]}"},
        {A ", {type: slot, count: 3, label: b, with: [{type: gpu, count: 1}]}",
         "{type: slot, count: 1, label: a, with: [" CORE ("4") ", {type: gpu, count: 3}]}"},
        {A ", {type: slot, count: 1, label: b, with: [" CORE ("5") "]}",
         "{type: slot, count: 1, label: a, with: [" CORE ("9") "]}"},
        {"{type: node, count: 3, with: [{type: memory, count: 1}, " A
         ", {type: slot, count: 2, label: b, with: [" CORE ("1") "]}]}",
         "{type: node, count: 3, with: [{type: memory, count: 1}, {type: slot, count: 2, label: a, "
         "with: [" CORE ("3") "]}]}"},
        {A ", {type: slot, count: {min: 1}, label: b, with: [{type: gpu, count: 1}]}",
         "error: slots a and b side by side: their counts"},
        {A ", {type: slot, count: 2, label: b, with: [{type: core, count: {min: 1}}]}",
         "error: a count in them"},
        {"{type: slot, count: 1, label: a, with: [{type: node, count: 1, with: [" CORE (
             "1") "]}]}, "
                  "{type: slot, count: 1, label: b, with: [{type: node, count: 1}]}",
         "error: same type"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        char text[1024];
        snprintf (text, sizeof (text), "[%s]", t[i].resources);
        json_t *o = yaml_to_json (text, strlen (text), &error);
        assert_non_null (o);
        json_t *joined = jobspec_join_slots (o, &error);
        if (!strncmp (t[i].want, "error: ", 7)) {
            if (joined || !strstr (error.text, t[i].want + 7))
                fail_msg ("%s: %s", t[i].resources, error.text);
        } else {
            snprintf (text, sizeof (text), "[%s]", t[i].want);
            json_t *want = yaml_to_json (text, strlen (text), &error);
            if (!json_equal (want, joined))
                fail_msg ("%s: %s", t[i].resources, json_dumps (joined, JSON_COMPACT));
            json_decref (want);
        }
        json_decref (joined);
        json_decref (o);
    }
#undef A
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_lines),
        cmocka_unit_test (test_shapes),
        cmocka_unit_test (test_join),
        cmocka_unit_test (test_units),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
