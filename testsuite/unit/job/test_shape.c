/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/shape.h"
#include "testsuite/unit/cmocka.h"

/* The use cases of RFC 46, and the finer points of its rules. */
static void test_parse (void **state)
{
#define NODE "{\"count\":1,\"type\":\"node\"}"
#define SLOT(n, label, with)                                                                       \
    "{\"count\":" n ",\"label\":\"" label "\",\"type\":\"slot\",\"with\":[" with "]}"
    static const struct {
        const char *in, *want;
    } t[] = {
        {"slot=4/node", "[" SLOT ("4", "default", NODE) "]"},
        {"slot=3-30/node",
         "[" SLOT ("{\"max\":30,\"min\":3,\"operand\":1,\"operator\":\"+\"}", "default", NODE) "]"},
        {"slot=4{nodelevel}/node{-x}/socket=2+/core=4+",
         "[" SLOT ("4", "nodelevel",
                   "{\"count\":1,\"exclusive\":false,\"type\":\"node\",\"with\":["
                   "{\"count\":{\"min\":2},\"type\":\"socket\",\"with\":["
                   "{\"count\":{\"min\":4},\"type\":\"core\"}]}]}") "]"},
        {"[cluster/slot=2{ib}/node/[memory=4{unit:GB};ib10g];switch/slot=2{bicore}/node/core=2]",
         "[{\"count\":1,\"type\":\"cluster\",\"with\":[" SLOT (
             "2", "ib",
             "{\"count\":1,\"type\":\"node\",\"with\":["
             "{\"count\":4,\"type\":\"memory\",\"unit\":\"GB\"},"
             "{\"count\":1,\"type\":\"ib10g\"}]}") "]},"
                                                   "{\"count\":1,\"type\":\"switch\",\"with\":"
                                                   "[" SLOT (
                                                       "2", "bicore",
                                                       "{\"count\":1,\"type\":\"node\",\"with\":["
                                                       "{\"count\":2,\"type\":\"core\"}]}") "]}]"},
        {"cluster=2/slot/node=1+{-x}/core=30",
         "[{\"count\":2,\"type\":\"cluster\",\"with\":[" SLOT (
             "1", "default",
             "{\"count\":{\"min\":1},\"exclusive\":false,\"type\":\"node\","
             "\"with\":[{\"count\":30,\"type\":\"core\"}]}") "]}]"},
        {"slot=4,9,16,25/node", "[" SLOT ("\"4,9,16,25\"", "default", NODE) "]"},
        {"slot=[1-8:2:*]/node",
         "[" SLOT ("{\"max\":8,\"min\":1,\"operand\":2,\"operator\":\"*\"}", "default", NODE) "]"},
        {"node/[slot=10{read-db}/[core;memory=4{unit:GB}];slot{db}/[core=6;memory=24{unit:GB}]]",
         "[{\"count\":1,\"type\":\"node\",\"with\":[" SLOT ("10", "read-db",
                                                            "{\"count\":1,\"type\":\"core\"},"
                                                            "{\"count\":4,\"type\":\"memory\","
                                                            "\"unit\":\"GB\"}") "," SLOT ("1", "db",
                                                                                          "{\"count"
                                                                                          "\":6,"
                                                                                          "\"type\""
                                                                                          ":\"core"
                                                                                          "\"},"
                                                                                          "{\"count"
                                                                                          "\":24,"
                                                                                          "\"type\""
                                                                                          ":\"memor"
                                                                                          "y\","
                                                                                          "\"unit\""
                                                                                          ":\"GB\""
                                                                                          "}") "]}"
                                                                                               "]"},
        {"slot/node", "[" SLOT ("1", "default", NODE) "]"},
        {" [ slot = 2 { a , x } / node ] ",
         "[{\"count\":2,\"exclusive\":true,\"label\":\"a\",\"type\":\"slot\",\"with\":[" NODE
         "]}]"},
        {"node{+x,a:1,b:2.5,c:null,d:true,e:\"q,}\",f:[1,{}],g:{h:i,-j,k:{}},\"l m\":n o}",
         "[{\"a\":1,\"b\":2.5,\"c\":null,\"count\":1,\"d\":true,\"e\":\"q,}\",\"exclusive\":true,"
         "\"f\":[1,{}],\"g\":{\"h\":\"i\",\"j\":false,\"k\":{}},\"l m\":\"n o\","
         "\"type\":\"node\"}]"},
        {"\"a b\"=2{}", "[{\"count\":2,\"type\":\"a b\"}]"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        json_t *o = shape_parse (t[i].in, &error);
        if (!o)
            fail_msg ("'%s': %s", t[i].in, error.text);
        char *s = json_dumps (o, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal (s, t[i].want);
        free (s);
        json_decref (o);
    }
}

static void test_slot_label (void **state)
{
    json_t *o = shape_parse ("[core;node/[x;slot{here}/core]]", NULL);
    assert_string_equal (shape_slot_label (o), "here");
    json_decref (o);
    o = shape_parse ("node/core", NULL);
    assert_null (shape_slot_label (o));
    json_decref (o);
    assert_null (shape_slot_label (NULL));
}

static void test_failures (void **state)
{
    static const char *t[] = {
        "",
        " ",
        "=1",
        "node=",
        "node=0",
        "node=x",
        "node/",
        "/node",
        "slot",
        "slot=2",
        "slot{a}",
        "slot{}/node",
        "[node",
        "node]",
        "[node;]",
        "[]",
        "node;core",
        "node{",
        "node{a",
        "node{a:}",
        "node{a:1",
        "node{,}",
        "node{a,a}",
        "node{x,exclusive}",
        "node{+a:1}",
        "node{a b}",
        "node}",
        "node{a:\"x}",
        "node{a:[1}",
        "node{type:x,type:y}",
        "[slot/node;slot/node]",
        "[slot{a}/node;slot/node]",
        "slot{a:1}/node",
        "node=1-2:1:*",
        "node=[1",
        "node=1x",
        "\xff",
        "node{\xff}",
        "node{a:\xff}",
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        if (shape_parse (t[i], &error))
            fail_msg ("parsed '%s'", t[i]);
        assert_int_equal (errno, EINVAL);
        assert_memory_equal (error.text, "shape: ", 7);
    }
    assert_null (shape_parse (NULL, NULL));
    char deep[1000];
    for (size_t i = 0; i + 1 < sizeof (deep); i += 2)
        memcpy (deep + i, "a/", 2);
    deep[sizeof (deep) - 1] = '\0';
    assert_null (shape_parse (deep, NULL));
    memset (deep, '[', sizeof (deep) - 1);
    assert_null (shape_parse (deep, NULL));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_slot_label),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
