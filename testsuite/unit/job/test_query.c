/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/query.h"
#include "testsuite/unit/cmocka.h"

static const struct query_syntax by_name = {.default_op = "name"};
static const struct query_syntax no_default = {0};

static void check (const char *in, const struct query_syntax *syntax, const char *want)
{
    flux_error_t error = {""};
    json_t *o = query_parse (in, syntax, &error), *w = json_loads (want, 0, NULL);

    if (!o)
        fail_msg ("'%s': %s", in, error.text);
    assert_non_null (w);
    if (!json_equal (o, w))
        fail_msg ("'%s' became %s", in, json_dumps (o, JSON_COMPACT));
    json_decref (o);
    json_decref (w);
}

static void test_rfc35 (void **state)
{
    static const struct {
        const char *in, *want;
    } t[] = {
        {"foo", "{\"name\":[\"foo\"]}"},
        {"foo bar", "{\"and\":[{\"name\":[\"foo\"]},{\"name\":[\"bar\"]}]}"},
        {"foo bar state:started",
         "{\"and\":[{\"name\":[\"foo\"]},{\"name\":[\"bar\"]},{\"state\":[\"started\"]}]}"},
        {"a|b|c", "{\"or\":[{\"name\":[\"a\"]},{\"name\":[\"b\"]},{\"name\":[\"c\"]}]}"},
        {"a or b||c", "{\"or\":[{\"name\":[\"a\"]},{\"name\":[\"b\"]},{\"name\":[\"c\"]}]}"},
        {"a|b&c",
         "{\"or\":[{\"name\":[\"a\"]},{\"and\":[{\"name\":[\"b\"]},{\"name\":[\"c\"]}]}]}"},
        {"(a|b)&c",
         "{\"and\":[{\"or\":[{\"name\":[\"a\"]},{\"name\":[\"b\"]}]},{\"name\":[\"c\"]}]}"},
        {"(a|-b) and c", "{\"and\":[{\"or\":[{\"name\":[\"a\"]},{\"not\":[{\"name\":[\"b\"]}]}]},"
                         "{\"name\":[\"c\"]}]}"},
        {"not a b", "{\"and\":[{\"not\":[{\"name\":[\"a\"]}]},{\"name\":[\"b\"]}]}"},
        {"not (a b)", "{\"not\":[{\"and\":[{\"name\":[\"a\"]},{\"name\":[\"b\"]}]}]}"},
        {"not not a", "{\"not\":[{\"not\":[{\"name\":[\"a\"]}]}]}"},
        {"foo:'this is args'", "{\"foo\":[\"this is args\"]}"},
        {"foo:\"(a|b)\" 'x y'", "{\"and\":[{\"foo\":[\"(a|b)\"]},{\"name\":[\"x y\"]}]}"},
        {"notme order andy", "{\"and\":[{\"name\":[\"notme\"]},{\"name\":[\"order\"]},"
                             "{\"name\":[\"andy\"]}]}"},
        {"t:>=1:30", "{\"t\":[\">=1:30\"]}"},
        {"a-b", "{\"name\":[\"a-b\"]}"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++)
        check (t[i].in, &by_name, t[i].want);
}

static void test_requires (void **state)
{
    check ("ssd", &query_requires, "{\"properties\":[\"ssd\"]}");
    check ("a,b", &query_requires, "{\"properties\":[\"a\",\"b\"]}");
    check ("a b -c", &query_requires,
           "{\"and\":[{\"properties\":[\"a\",\"b\"]},{\"not\":[{\"properties\":[\"c\"]}]}]}");
    check ("^slow", &query_requires, "{\"properties\":[\"^slow\"]}");
    check ("host:n[0-3,5]", &query_requires, "{\"hostlist\":[\"n[0-3,5]\"]}");
    check ("rank:0-3 | hosts:a", &query_requires,
           "{\"or\":[{\"ranks\":[\"0-3\"]},{\"hostlist\":[\"a\"]}]}");
    assert_null (query_parse ("foo:bar", &query_requires, NULL));
}

static void test_failures (void **state)
{
    static const char *t[] = {
        "",     " ",   "(",   ")",  "()", "a)",   "(a", "a&",   "|a",      "a||",     "not", "-",
        "-(a)", "--a", "a -", "x:", ":x", "x!:y", "'a", "x:'a", "a & | b", "- not a", "x:  "};
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        if (query_parse (t[i], &by_name, &error))
            fail_msg ("parsed '%s'", t[i]);
        assert_int_equal (errno, EINVAL);
        assert_memory_equal (error.text, "query: ", 7);
    }
    assert_null (query_parse (NULL, &by_name, NULL));
    assert_null (query_parse ("a", &no_default, NULL));
    assert_null (query_parse ("a:\xff", &by_name, NULL));
    char deep[400];
    memset (deep, '(', sizeof (deep));
    deep[sizeof (deep) - 1] = '\0';
    assert_null (query_parse (deep, &by_name, NULL));
    for (size_t i = 0; i + 4 < sizeof (deep); i += 4)
        memcpy (deep + i, "not ", 4);
    assert_null (query_parse (deep, &by_name, NULL));
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_rfc35),
        cmocka_unit_test (test_requires),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
