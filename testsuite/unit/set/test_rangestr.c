/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/set/rangestr.h"
#include "testsuite/unit/cmocka.h"

static void test_elements (void **state)
{
    static const struct {
        const char *s;
        uint64_t lo, hi;
        int width;
        bool range, padded;
    } t[] = {
        {"7", 7, 7, 1, false, false},
        {"1-3", 1, 3, 1, true, false},
        {"010-012", 10, 12, 3, true, true},
        {"5-02", 5, 2, 1, true, true}, // order is for the caller to check
        {"999999999999999999", 999999999999999999, 999999999999999999, 18, false, false},
    };
    const char list[] = "7,,1-3,010-012,5-02,999999999999999999,";
    struct rangestr rs = {list, list + strlen (list)};
    struct rangestr_elem e;
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        assert_int_equal (rangestr_next (&rs, &e), 1);
        assert_int_equal (e.len, strlen (t[i].s));
        assert_memory_equal (e.s, t[i].s, e.len);
        assert_true (e.lo == t[i].lo && e.hi == t[i].hi);
        assert_int_equal (e.width, t[i].width);
        assert_int_equal (e.range, t[i].range);
        assert_int_equal (e.padded, t[i].padded);
    }
    assert_int_equal (rangestr_next (&rs, &e), 0);
    assert_int_equal (rangestr_next (&rs, &e), 0);
}

static void test_numbers (void **state)
{
    char buf[32];

    assert_int_equal (rangestr_digits (0), 1);
    assert_int_equal (rangestr_digits (9), 1);
    assert_int_equal (rangestr_digits (10), 2);
    assert_int_equal (rangestr_digits (UINT64_MAX), 20);
    assert_int_equal (rangestr_put (buf, 42, 0), 2);
    assert_memory_equal (buf, "42", 2);
    assert_int_equal (rangestr_put (buf, 42, 5), 5);
    assert_memory_equal (buf, "00042", 5);
    assert_int_equal (rangestr_put (buf, UINT64_MAX, 3), 20);
    assert_memory_equal (buf, "18446744073709551615", 20);
}

static void test_failures (void **state)
{
    static const char *t[] = {
        "x", "-1", "1-", "1--2", "1-2-3", "1x", " 1", "+1", "1000000000000000000"};
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct rangestr rs = {t[i], t[i] + strlen (t[i])};
        struct rangestr_elem e;
        errno = 0;
        assert_int_equal (rangestr_next (&rs, &e), -1);
        assert_int_equal (errno, EINVAL);
        assert_ptr_equal (e.s, t[i]);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_elements),
        cmocka_unit_test (test_numbers),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
