/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/util/bytes.h"
#include "testsuite/unit/cmocka.h"

static void test_parse (void **state)
{
    static const struct {
        const char *s;
        long size; // -1: malformed
    } table[] = {{"0", 0},         {"12", 12},    {"1k", 1024}, {"2K", 2048}, {"10M", 10485760},
                 {"1G", 1L << 30}, {"0.5k", 512}, {"", -1},     {"x", -1},    {"1x", -1},
                 {"1kk", -1},      {"-1", -1},    {"nan", -1},  {"1e30", -1}};
    size_t size;

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        int rc = bytes_parse (table[i].s, &size);
        assert_int_equal (rc, table[i].size < 0 ? -1 : 0);
        if (rc == 0)
            assert_int_equal (size, table[i].size);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
