/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/distribute.h"
#include "lib/shell/slots.h"
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

/* The number of slots where the jobspec says it, and where R does. */
static void test_slots (void **state)
{
#define CORE(n) "\"with\":[{\"type\":\"core\",\"count\":" #n "}]}"
    static const struct {
        const char *resources;
        int cores, nodes, slots;
    } t[] = {
        {"[{\"type\":\"slot\",\"count\":3," CORE (2) "]", 6, 1, 3},
        {"[{\"type\":\"node\",\"count\":2,\"with\":[{\"type\":\"slot\",\"count\":3," CORE (2) "]}]",
         12, 2, 6},
        // ranges
        {"[{\"type\":\"slot\",\"count\":{\"min\":1}," CORE (2) "]", 8, 2, 4},
        {"[{\"type\":\"slot\",\"count\":\"1-9\"," CORE (2) "]", 6, 2, 3},
        {"[{\"type\":\"node\",\"count\":2,\"with\":[{\"type\":\"slot\",\"count\":\"1+\"," CORE (
             1) "]}]",
         8, 2, 8},
        {"[{\"type\":\"slot\",\"count\":\"2+\",\"with\":[{\"type\":\"node\",\"count\":2}]}]", 64, 6,
         3},
        {"[{\"type\":\"slot\",\"count\":{\"min\":2},\"with\":[{\"type\":\"socket\",\"count\":"
         "2," CORE (4) "]}]",
         32, 1, 4},
        // alternatives
        {"[{\"type\":\"xor_slot\",\"count\":1," CORE (
             8) ",{\"type\":\"xor_slot\",\"count\":3," CORE (2) "]",
         6, 1, 3},
        {"[{\"type\":\"xor_slot\",\"count\":1," CORE (
             8) ",{\"type\":\"xor_slot\",\"count\":3," CORE (2) "]",
         8, 1, 1},
        // what R does not tell: the least
        {"[{\"type\":\"slot\",\"count\":{\"min\":2},\"with\":[{\"type\":\"gpu\",\"count\":1}]}]", 0,
         1, 1},
        {"[{\"type\":\"slot\",\"count\":\"1+\"," CORE (4) "]", 6, 1, 1},
        // none
        {"[{\"type\":\"node\",\"count\":2}]", 8, 2, 0},
        {"[]", 8, 2, 0},
        {"[7]", 8, 2, 0},
    };
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct slots_held held = {.cores = t[i].cores, .nodes = t[i].nodes};
        json_t *o = json_loads (t[i].resources, 0, NULL);
        assert_non_null (o);
        if (slots_count (o, &held) != t[i].slots)
            fail_msg ("%s: %d", t[i].resources, slots_count (o, &held));
        json_decref (o);
    }
#undef CORE
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_slots),
        cmocka_unit_test (test_map),
        cmocka_unit_test (test_distribute),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
