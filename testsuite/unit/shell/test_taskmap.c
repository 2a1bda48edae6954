/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/idset.h>

#include "lib/shell/distribute.h"
#include "lib/shell/taskmap.h"
#include "testsuite/unit/cmocka.h"

/* "0-1;2-3" to a map, as RFC 34 writes its test vectors. */
static struct taskmap *from_raw (const char *raw)
{
    struct taskmap *map = calloc (1, sizeof (*map));
    char *copy = strdup (raw), *save = NULL;

    map->node = calloc (64, sizeof (int));
    for (char *s = strtok_r (copy, ";", &save); s; s = strtok_r (NULL, ";", &save)) {
        struct idset *ids = idset_decode (s);
        for (unsigned id = idset_first (ids); id != IDSET_INVALID_ID; id = idset_next (ids, id)) {
            map->node[id] = map->nnodes;
            map->ntasks++;
        }
        idset_destroy (ids);
        map->nnodes++;
    }
    free (copy);
    return map;
}

static void test_vectors (void **state)
{
    static const char *const vectors[][2] = {
        {"0", "[[0,1,1,1]]"},
        {"0;1", "[[0,2,1,1]]"},
        {"0-1", "[[0,1,2,1]]"},
        {"0-1;2-3", "[[0,2,2,1]]"},
        {"0,2;1,3", "[[0,2,1,2]]"},
        {"1;0", "[[1,1,1,1],[0,1,1,1]]"},
        {"0-3;4-7;8-11;12-15", "[[0,4,4,1]]"},
        {"0,4,8,12;1,5,9,13;2,6,10,14;3,7,11,15", "[[0,4,1,4]]"},
        {"0-1,8-9;2-3,10-11;4-5,12-13;6-7,14-15", "[[0,4,2,2]]"},
        {"0-1;2-3;4-5;6-7;8-11;12-15", "[[0,4,2,1],[4,2,4,1]]"},
        {"0,6;1,7;2,8;3,9;4,10,12,14;5,11,13,15", "[[0,6,1,2],[4,2,1,2]]"},
        {"14-15;12-13;10-11;8-9;4-7;0-3",
         "[[5,1,4,1],[4,1,4,1],[3,1,2,1],[2,1,2,1],[1,1,2,1],[0,1,2,1]]"},
        {"0-1;2-3;4-5;6-7;8-9;12-13;10-11;14-15", "[[0,5,2,1],[6,1,2,1],[5,1,2,1],[7,1,2,1]]"},
        {"12-15;8-11;4-7;0-3", "[[3,1,4,1],[2,1,4,1],[1,1,4,1],[0,1,4,1]]"},
    };

    for (size_t i = 0; i < sizeof (vectors) / sizeof (vectors[0]); i++) {
        struct taskmap *map = from_raw (vectors[i][0]);
        json_t *o = taskmap_encode (map);
        char *s = json_dumps (o, JSON_COMPACT);
        assert_string_equal (s, vectors[i][1]);
        struct taskmap *back = taskmap_decode (o, NULL);
        assert_int_equal (back->ntasks, map->ntasks);
        assert_int_equal (back->nnodes, map->nnodes);
        assert_memory_equal (back->node, map->node, map->ntasks * sizeof (int));
        free (s);
        json_decref (o);
        taskmap_destroy (back);
        taskmap_destroy (map);
    }
}

static void test_malformed (void **state)
{
    static const char *const texts[] = {
        "",
        "x",
        "1",
        "{}",
        "[1]",
        "[[0,1,1]]",
        "[[0,1,1,1,1]]",
        "[[-1,1,1,1]]",
        "[[0,0,1,1]]",
        "[[0,1,0,1]]",
        "[[0,1,1,0]]",
        "[[0,1000000,1000000,1000000]]",
        "{\"version\":2,\"map\":[]}",
        "[[0,16777216,1,1],[0,16777216,1,1]]",
    };
    flux_error_t error;

    for (size_t i = 0; i < sizeof (texts) / sizeof (texts[0]); i++) {
        assert_null (taskmap_decode_string (texts[i], &error));
        assert_int_equal (errno, EINVAL);
    }
    struct taskmap *map = taskmap_decode_string ("{\"version\":1,\"map\":[[0,2,1,1]]}", &error);
    assert_int_equal (map->ntasks, 2);
    taskmap_destroy (map);
}

static void test_make (void **state)
{
    const int counts[] = {3, 1, 2};
    const int block[] = {0, 0, 0, 1, 2, 2}, cyclic[] = {0, 1, 2, 0, 2, 0};

    struct taskmap *map = taskmap_block (counts, 3);
    assert_memory_equal (map->node, block, sizeof (block));
    assert_int_equal (taskmap_count (map, 2), 2);
    taskmap_destroy (map);
    map = taskmap_cyclic (counts, 3, 1);
    assert_memory_equal (map->node, cyclic, sizeof (cyclic));
    char *s = taskmap_encode_pmi (map, 1000);
    assert_string_equal (s, "(vector,(0,3,1),(0,1,1),(2,1,1),(0,1,1))");
    free (s);
    s = taskmap_encode_pmi (map, 10);
    assert_string_equal (s, "");
    free (s);
    taskmap_destroy (map);
    assert_null (taskmap_cyclic (counts, 3, 0));
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
        cmocka_unit_test (test_vectors),
        cmocka_unit_test (test_malformed),
        cmocka_unit_test (test_make),
        cmocka_unit_test (test_distribute),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
