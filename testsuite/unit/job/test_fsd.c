/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "testsuite/unit/cmocka.h"

static void test_parse (void **state)
{
    static const struct {
        const char *in;
        double seconds;
    } t[] = {
        {"2ms", 0.002},         {"0.1s", 0.1},     {"30", 30},
        {"1.2h", 4320},         {"5m", 300},       {"0s", 0},
        {"5d", 432000},         {"inf", INFINITY}, {"INF", INFINITY},
        {"infinity", INFINITY}, {"1e3", 1000},     {".5m", 30},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        double d = -1;
        assert_int_equal (fsd_parse_duration (t[i].in, &d), 0);
        assert_true (d == t[i].seconds || fabs (d - t[i].seconds) < 1e-9);
    }
}

static void test_format (void **state)
{
    static const struct {
        double seconds;
        const char *out;
    } t[] = {
        {0, "0s"},     {0.0621, "62.1ms"},   {0.1, "0.1s"},
        {59, "59s"},   {60, "1m"},           {4320, "1.2h"},
        {86400, "1d"}, {100000, "1.15741d"}, {INFINITY, "infinity"},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        char buf[32];
        assert_int_equal (fsd_format_duration (buf, sizeof (buf), t[i].seconds), strlen (t[i].out));
        assert_string_equal (buf, t[i].out);
    }
    char buf[32];
    fsd_format_duration_ex (buf, sizeof (buf), 100000, 3);
    assert_string_equal (buf, "1.16d");
}

static void test_json (void **state)
{
    static const struct {
        const char *in;
        double seconds; // below 0: refused
    } tests[] = {{"\"1.5m\"", 90}, {"30", 30},    {"0.5", 0.5}, {"0", 0},     {"\"inf\"", INFINITY},
                 {"-1", -1},       {"\"x\"", -1}, {"true", -1}, {"null", -1}, {"[1]", -1}};

    for (size_t i = 0; i < sizeof (tests) / sizeof (tests[0]); i++) {
        json_t *o = json_loads (tests[i].in, JSON_DECODE_ANY, NULL);
        double d = 42;
        errno = 0;
        assert_non_null (o);
        assert_int_equal (fsd_from_json (o, &d), tests[i].seconds < 0 ? -1 : 0);
        assert_int_equal (errno, tests[i].seconds < 0 ? EINVAL : 0);
        assert_true (d == (tests[i].seconds < 0 ? 42 : tests[i].seconds));
        json_decref (o);
    }
    assert_int_equal (fsd_from_json (NULL, &(double){0}), -1);
}

static void test_failures (void **state)
{
    static const char *duration[] = {"",     " 1", "x",    "1x", "1 s", "-1s",   "nan",
                                     "infs", "1S", "1sec", "s",  "1ss", "1.1.1s"};
    double d = 42;

    for (size_t i = 0; i < sizeof (duration) / sizeof (duration[0]); i++) {
        errno = 0;
        assert_int_equal (fsd_parse_duration (duration[i], &d), -1);
        assert_int_equal (errno, EINVAL);
    }
    assert_true (d == 42);
    char buf[8];
    assert_int_equal (fsd_parse_duration (NULL, &d), -1);
    assert_int_equal (fsd_parse_duration ("1", NULL), -1);
    assert_int_equal (fsd_format_duration (NULL, 8, 1), -1);
    assert_int_equal (fsd_format_duration (buf, 0, 1), -1);
    assert_int_equal (fsd_format_duration (buf, 8, -1), -1);
    assert_int_equal (fsd_format_duration (buf, 8, NAN), -1);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_format),
        cmocka_unit_test (test_json),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
