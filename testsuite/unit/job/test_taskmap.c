/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/taskmap.h>

#include "testsuite/unit/cmocka.h"

static struct taskmap *need (const char *s)
{
    flux_error_t error = {""};
    struct taskmap *map = taskmap_decode (s, &error);
    if (!map)
        fail_msg ("%s: %s", s, error.text);
    return map;
}

static void check (const struct taskmap *map, int flags, const char *want)
{
    char *s = taskmap_encode (map, flags);
    assert_non_null (s);
    assert_string_equal (s, want);
    free (s);
}

/* The vectors of RFC 34, there and back. */
static void test_vectors (void **state)
{
    static const struct {
        const char *raw, *map;
    } t[] = {
        {"", "[]"},
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
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct taskmap *a = need (t[i].raw), *b = need (t[i].map), *c;
        check (a, 0, t[i].map);
        check (b, TASKMAP_ENCODE_RAW, t[i].raw);
        assert_int_equal (taskmap_check (a, b, NULL), 0);
        assert_int_equal (taskmap_unknown (a), i == 0);
        for (int k = 0; k < taskmap_total_ntasks (b); k++)
            assert_true (idset_test (taskmap_taskids (b, taskmap_nodeid (b, k)), k));
        char *pmi = taskmap_encode (b, TASKMAP_ENCODE_PMI);
        check (c = need (pmi), 0, t[i].map);
        free (pmi);
        taskmap_destroy (a);
        taskmap_destroy (b);
        taskmap_destroy (c);
    }
}

static void test_forms (void **state)
{
    struct taskmap *map = need ("{\"version\":1,\"map\":[[0,4,2,1],[4,2,2,2]]}");

    check (map, TASKMAP_ENCODE_WRAPPED, "{\"version\":1,\"map\":[[0,4,2,1],[4,2,2,2]]}");
    check (map, TASKMAP_ENCODE_PMI, "(vector,(0,4,2),(4,2,2),(4,2,2))");
    check (map, TASKMAP_ENCODE_RAW_DERANGED, "0,1;2,3;4,5;6,7;8,9,12,13;10,11,14,15");
    assert_int_equal (taskmap_nnodes (map), 6);
    assert_int_equal (taskmap_total_ntasks (map), 16);
    assert_int_equal (taskmap_ntasks (map, 0), 2);
    assert_int_equal (taskmap_ntasks (map, 4), 4);
    taskmap_destroy (map);
    map = need (" ( vector , ( 0 , 2 , 3 ) ) ");
    check (map, 0, "[[0,2,3,1]]");
    taskmap_destroy (map);
    map = need ("[[0,4096,1,256]]"); // a million tasks, cyclic
    assert_int_equal (taskmap_nodeid (map, 4096 * 255 + 17), 17);
    assert_int_equal (idset_count (taskmap_taskids (map, 4095)), 256);
    taskmap_destroy (map);
}

static void test_append (void **state)
{
    struct taskmap *map = taskmap_create ();

    check (map, TASKMAP_ENCODE_PMI, "");
    check (map, TASKMAP_ENCODE_RAW, "");
    for (int round = 0; round < 3; round++) {
        for (int node = 0; node < 4; node++)
            assert_int_equal (taskmap_append (map, node, 1, 2), 0);
    }
    check (map, 0, "[[0,4,2,3]]");
    assert_int_equal (taskmap_append (map, -1, 1, 1), -1);
    assert_int_equal (taskmap_append (map, 0, 0, 1), -1);
    assert_int_equal (taskmap_append (map, 0, 1, 0), -1);
    assert_int_equal (taskmap_append (map, 0, 1 << 20, 1 << 20), -1);
    assert_int_equal (taskmap_append (map, 1 << 30, 1, 1), -1);
    assert_int_equal (taskmap_append (NULL, 0, 1, 1), -1);
    assert_int_equal (errno, EINVAL);
    check (map, 0, "[[0,4,2,3]]");
    taskmap_destroy (map);
}

static void test_failures (void **state)
{
    static const char *t[] = {
        "x",
        ";",
        "0;",
        ";0",
        "1",
        "0;0",
        "0;2",
        "0-1;1",
        "0,1,3",
        "0-999999999",
        "0-1,1",
        "01",
        "[",
        "{}",
        "[1]",
        "[[0,1,1]]",
        "[[0,1,1,1,1]]",
        "[[-1,1,1,1]]",
        "[[0,0,1,1]]",
        "[[0,1,0,1]]",
        "[[0,1,1,0]]",
        "[[0,1,1.5,1]]",
        "[[0,1,1,99999999999]]",
        "[[0,1000000,1000000,1]]",
        "[[0,1000000,100,1000000]]",
        "[[2147483647,1,1,1]]",
        "{\"version\":2,\"map\":[]}",
        "{\"version\":1}",
        "{\"version\":1,\"map\":{}}",
        "(",
        "(vector",
        "(vector,",
        "(vector,(0,1))",
        "(vector,(0,1,1)",
        "(vector,(0,1,1))x",
        "(vector,(0,0,1))",
        "(matrix,(0,1,1))",
    };
    flux_error_t error;
    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        error.text[0] = '\0';
        errno = 0;
        if (taskmap_decode (t[i], &error))
            fail_msg ("decoded %s", t[i]);
        assert_int_equal (errno, EINVAL);
        assert_memory_equal (error.text, "taskmap: ", 9);
    }
    struct taskmap *map = need ("0-1;2-3"), *other = need ("0;1"), *none = taskmap_create ();
    assert_null (taskmap_decode (NULL, NULL));
    assert_null (taskmap_encode (NULL, 0));
    assert_null (taskmap_encode (map, 3));
    assert_int_equal (taskmap_check (map, other, &error), -1);
    assert_string_equal (error.text, "taskmap: 4 tasks against 2");
    assert_int_equal (taskmap_check (map, NULL, NULL), -1);
    assert_int_equal (taskmap_nodeid (map, 4), -1);
    assert_int_equal (errno, ENOENT);
    assert_int_equal (taskmap_nodeid (map, -1), -1);
    assert_int_equal (errno, EINVAL);
    assert_int_equal (taskmap_ntasks (map, 2), -1);
    assert_int_equal (errno, ENOENT);
    assert_null (taskmap_taskids (map, 2));
    assert_int_equal (errno, ENOENT);
    assert_null (taskmap_taskids (map, -1));
    assert_null (taskmap_taskids (none, 0));
    assert_int_equal (taskmap_nnodes (none), -1);
    assert_int_equal (taskmap_total_ntasks (NULL), -1);
    assert_int_equal (taskmap_nodeid (none, 0), -1);
    assert_true (taskmap_unknown (NULL));
    taskmap_destroy (map);
    taskmap_destroy (other);
    taskmap_destroy (none);
    taskmap_destroy (NULL);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_vectors),
        cmocka_unit_test (test_forms),
        cmocka_unit_test (test_append),
        cmocka_unit_test (test_failures),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}
