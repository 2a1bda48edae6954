/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/distribute.h"
#include "testsuite/unit/cmocka.h"

static void test_map (void **state)
{
    static const struct {
        int counts[3];
        int stride;
        const char *map;
    } table[] = {
        {{3, 1, 2}, 0, "0-2;3;4-5"},   {{3, 1, 2}, 1, "0,3,5;1;2,4"}, {{3, 1, 2}, 2, "0-1,5;2;3-4"},
        {{2, 2, 2}, 0, "0-1;2-3;4-5"}, {{2, 2, 2}, 1, "0,3;1,4;2,5"}, {{2, 2, 2}, 9, "0-1;2-3;4-5"},
    };

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        struct taskmap *map = distribute_map (table[i].counts, 3, table[i].stride);
        char *s = taskmap_encode (map, TASKMAP_ENCODE_RAW);
        assert_string_equal (s, table[i].map);
        free (s);
        taskmap_destroy (map);
    }
}

static void test_distribute (void **state)
{
    static const struct {
        int cores[3];
        int ntasks;
        int per_task;
        int counts[3];
    } table[] = {
        {{4, 4, 4}, 3, 1, {1, 1, 1}},  {{4, 4, 4}, 4, 1, {2, 1, 1}}, {{4, 4, 4}, 12, 1, {4, 4, 4}},
        {{4, 4, 4}, 6, 2, {2, 2, 2}},  {{1, 8, 1}, 3, 1, {1, 1, 1}}, {{1, 8, 1}, 10, 1, {1, 8, 1}},
        {{2, 2, 2}, 12, 1, {4, 4, 4}}, // more tasks than cores
        {{2, 8, 2}, 3, 4, {1, 1, 1}},  // the smallest node must fit one
        {{0, 0, 0}, 3, 0, {1, 1, 1}},  // nothing known of cores
    };
    int counts[3];

    for (size_t i = 0; i < sizeof (table) / sizeof (table[0]); i++) {
        assert_int_equal (
            distribute_tasks (table[i].cores, 3, table[i].ntasks, table[i].per_task, counts), 0);
        assert_memory_equal (counts, table[i].counts, sizeof (counts));
    }
    assert_int_equal (distribute_tasks (table[0].cores, 0, 1, 1, counts), -1);
    assert_int_equal (distribute_tasks (table[0].cores, 3, 0, 1, counts), -1);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_map),
        cmocka_unit_test (test_distribute),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
