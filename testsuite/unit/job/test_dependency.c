/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/dependency.h"
#include "testsuite/unit/cmocka.h"

static void test_parse (void **state)
{
    static const struct {
        const char *in, *want;
    } t[] = {
        {"afterany:ƒ2oLkTLb", "{\"scheme\":\"afterany\",\"value\":\"ƒ2oLkTLb\"}"},
        {"string:foo?type=out", "{\"scheme\":\"string\",\"type\":\"out\",\"value\":\"foo\"}"},
        {"fluid:hungry-hippos-white-elephant",
         "{\"scheme\":\"fluid\",\"value\":\"hungry-hippos-white-elephant\"}"},
        {"begin-time:1692206240.5", "{\"scheme\":\"begin-time\",\"value\":\"1692206240.5\"}"},
        {"x:a?n=1&f=2.5;s=a%20b&e=&l=1&l=x", "{\"e\":\"\",\"f\":2.5,\"l\":[1,\"x\"],\"n\":1,\"s\":"
                                             "\"a b\",\"scheme\":\"x\",\"value\":\"a\"}"},
        {"singleton", "{\"scheme\":\"singleton\",\"value\":\"\"}"},
        {"x:a:b", "{\"scheme\":\"x\",\"value\":\"a:b\"}"},
        {"x:?", "{\"scheme\":\"x\",\"value\":\"\"}"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        json_t *o = dependency_parse (t[i].in, NULL);
        assert_non_null (o);
        char *s = json_dumps (o, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal (s, t[i].want);
        free (s);
        json_decref (o);
    }
}

static void test_failures (void **state)
{
    static const char *t[] = {NULL,          "",       ":",         ":x",
                              "1x:y",        "a b:c",  "x:y?=1",    "x:y?scheme=z",
                              "x:y?value=1", "x:\xff", "x:y?k=\xff"};
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        flux_error_t error = {""};
        errno = 0;
        assert_null (dependency_parse (t[i], &error));
        assert_int_equal (errno, EINVAL);
        assert_true (strlen (error.text) > 0);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
