/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/pmi/clique.h"
#include "testsuite/unit/cmocka.h"

static void test_clique (void **state)
{
    static const struct {
        const char *mapping;
        int size;
        int rank;
        int count;
        int ranks[4];
    } table[] = {
        {"(vector,(0,2,2))", 4, 0, 2, {0, 1}},
        {"(vector,(0,2,2))", 4, 3, 2, {2, 3}},
        {"(vector,(0,2,1),(0,2,1))", 4, 2, 2, {0, 2}},
        {"(vector,(0,2,1))", 4, 1, 2, {1, 3}}, // goes round
        {"(vector,(0,2,2),(2,2,4))", 12, 11, 4, {8, 9, 10, 11}},
        {"(vector,(0,1,1))", 1, 0, 1, {0}},
        {"", 4, 0, -1, {0}},
        {"(vector)", 4, 0, -1, {0}},
        {"(vector,(0,0,1))", 4, 0, -1, {0}},
        {"(vector,(0,1,-1))", 4, 0, -1, {0}},
        {"(vector,(0,1,1", 4, 0, -1, {0}},
        {"(vector,(0,1,1),(0,1,1", 4, 0, -1, {0}},
        {"(vector,(2147483647,2,1))", 4, 0, -1, {0}},
        {"(vector,(0,1,1)", 4, 0, -1, {0}},
        {"(vector,(0,1,1))x", 4, 0, -1, {0}},
        {"(vector,(0,1,4))", 4, 4, -1, {0}},
        {"(vector,(0,1,4))", 4, -1, -1, {0}},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        int ranks[4] = {0};
        int n = pmi_clique (table[i].mapping, table[i].size, table[i].rank, ranks, 4);
        assert_int_equal (n, table[i].count);
        for (int k = 0; k < n; k++)
            assert_int_equal (ranks[k], table[i].ranks[k]);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_clique),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
