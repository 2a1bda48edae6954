/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "lib/util/errprintf.h"
#include "lib/util/stamp.h"
#include "testsuite/unit/cmocka.h"

static void test_append (void **state)
{
    struct buf b = {0};

    for (int i = 0; i < 1000; i++)
        assert_int_equal (buf_printf (&b, "%d,", i), 0);
    assert_memory_equal (b.data, "0,1,2,3,", 8);
    assert_int_equal (b.len, 10 * 2 + 90 * 3 + 900 * 4);
    assert_int_equal (strlen (b.data), b.len);
    buf_consume (&b, 4);
    assert_memory_equal (b.data, "2,3,", 4);
    buf_clear (&b);
    assert_null (b.data);
}

static void test_steal (void **state)
{
    struct buf b = {0};
    size_t len = 99;

    char *s = buf_steal (&b, &len);
    assert_string_equal (s, "");
    assert_int_equal (len, 0);
    free (s);
    buf_puts (&b, "x");
    buf_putc (&b, 'y');
    s = buf_take (&b);
    assert_string_equal (s, "xy");
    free (s);
    assert_null (b.data);
}

static void test_error_sticks (void **state)
{
    struct buf b = {0};

    assert_int_equal (buf_reserve (&b, INT_MAX), -1);
    assert_int_equal (errno, EOVERFLOW);
    errno = 0;
    assert_int_equal (buf_puts (&b, "x"), -1);
    assert_int_equal (errno, EOVERFLOW);
    assert_null (buf_steal (&b, NULL));
    errno = 0;
    assert_null (buf_take (&b));
    assert_int_equal (errno, EOVERFLOW);
    assert_int_equal (buf_puts (&b, "x"), 0);
    buf_clear (&b);
}

/* Texts around the room that a buffer has, behind others. */
static void test_printf_lengths (void **state)
{
    char text[600];

    for (size_t n = 0; n < sizeof (text); n++) {
        struct buf b = {0};
        memset (text, 'x', n);
        text[n] = '\0';
        assert_int_equal (buf_printf (&b, "%zu:%s", n, text), 0);
        assert_int_equal (buf_printf (&b, "|%s", text), 0);
        char *bar = strchr (b.data, '|');
        assert_non_null (bar);
        assert_int_equal (strlen (b.data), b.len);
        assert_string_equal (bar + 1, text);
        assert_memory_equal (bar - n, text, n);
        buf_clear (&b);
    }
}

static void test_errprintf (void **state)
{
    flux_error_t error;

    errno = ENOENT;
    assert_int_equal (errprintf (&error, "no %s", "thing"), -1);
    assert_string_equal (error.text, "no thing");
    assert_int_equal (errprintf (&error, "%s here", error.text), -1);
    assert_string_equal (error.text, "no thing here");
    assert_int_equal (errno, ENOENT);
    assert_int_equal (errprintf (NULL, "x"), -1);
    assert_int_equal (errprintf (&error, "%*s", 1000, "x"), -1);
    assert_int_equal (strlen (error.text), sizeof (error.text) - 1);
    assert_int_equal (error.text[sizeof (error.text) - 2], '+');
}

static void test_stamp (void **state)
{
    static const struct {
        double t;
        const char *text;
    } t[] = {{0, "0.000000"},          {-5, "0.000000"},   {1e-6, "0.000001"},
             {.5, "0.500000"},         {1, "1.000000"},    {1552593348.073045, "1552593348.073045"},
             {9.9999999, "10.000000"}, {1e300, "0.000000"}};
    char buf[STAMP_SIZE];

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        assert_int_equal (stamp_format (buf, t[i].t), strlen (t[i].text));
        assert_string_equal (buf, t[i].text);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_append),         cmocka_unit_test (test_steal),
        cmocka_unit_test (test_error_sticks),   cmocka_unit_test (test_errprintf),
        cmocka_unit_test (test_printf_lengths), cmocka_unit_test (test_stamp),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
