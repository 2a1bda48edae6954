/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include "shell/cmd/tree_plan.h"
#include "testsuite/unit/cmocka.h"

static void test_parse (void **state)
{
    static const struct {
        const char *text;
        int depth, last;
    } good[] = {{"1", 1, 1}, {"2x4", 2, 4}, {"1x2x3x4x5x6x7x8", 8, 8}, {"4096", 1, 4096}};
    static const char *const bad[] = {"",
                                      "x",
                                      "2x",
                                      "x2",
                                      "0",
                                      "2x0",
                                      "-1",
                                      "+2",
                                      " 2",
                                      "2 x2",
                                      "2y2",
                                      "4097",
                                      "auto",
                                      "1x2x3x4x5x6x7x8x9",
                                      "99999999999999999999"};
    struct tree_plan p;

    for (size_t i = 0; i < sizeof (good) / sizeof (good[0]); i++) {
        assert_int_equal (tree_plan_parse (&p, good[i].text), 0);
        assert_int_equal (p.depth, good[i].depth);
        assert_int_equal (p.width[p.depth - 1], good[i].last);
    }
    for (size_t i = 0; i < sizeof (bad) / sizeof (bad[0]); i++)
        assert_int_equal (tree_plan_parse (&p, bad[i]), -1);
}

static void test_auto (void **state)
{
    static const struct {
        int nnodes, cores, njobs;
        double seconds;
        int depth, first, second;
    } t[] = {
        {1, 1, 1, 0, 0, 0, 0},         // nothing to divide
        {64, 4, 10, 0, 0, 0, 0},       // few jobs
        {64, 4, 1000000, 60, 0, 0, 0}, // long jobs: one instance keeps up
        {4, 8, 10000, 0, 1, 4, 0},     // one a node
        {1, 8, 10000, 0, 1, 8, 0},     // one a core
        {64, 4, 600, 0, 1, 6, 0},      // by the number of jobs
        {64, 8, 100000, 0.5, 1, 3, 0}, // by what the cores can take
        {64, 4, 10000000, 0, 2, 8, 8}, // two levels
        {100, 4, 10000000, 0, 2, 10, 10},
    };

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        struct tree_part all = {t[i].nnodes, t[i].cores, 0, t[i].njobs};
        struct tree_plan p = {0};
        tree_plan_auto (&p, &all, t[i].seconds);
        assert_int_equal (p.depth, t[i].depth);
        assert_true (p.depth < 1 || p.width[0] == t[i].first);
        assert_true (p.depth < 2 || p.width[1] == t[i].second);
    }
}

static void test_child (void **state)
{
    static const struct {
        struct tree_part all;
        int width, i;
        struct tree_part want;
    } t[] = {
        {{4, 8, 2, 100}, 4, 0, {1, 8, 2, 25}}, {{5, 8, 0, 10}, 3, 0, {2, 8, 0, 4}},
        {{5, 8, 0, 10}, 3, 2, {1, 8, 0, 3}},   {{1, 8, 4, 9}, 2, 1, {1, 4, 2, 4}},
        {{2, 8, 0, 9}, 3, 2, {1, 4, 0, 3}},    {{1, 2, 0, 1}, 2, 1, {1, 1, 0, 0}},
    };
    struct tree_part none = {1, 2, 0, 9}, got;

    for (size_t i = 0; i < sizeof (t) / sizeof (t[0]); i++) {
        assert_int_equal (tree_part_child (&t[i].all, t[i].width, t[i].i, &got), 0);
        assert_memory_equal (&got, &t[i].want, sizeof (got));
    }
    assert_int_equal (tree_part_child (&none, 3, 0, &got), -1);
}

/* Whatever the plan, no child gets more than the parent has. */
static void test_sum (void **state)
{
    for (int nodes = 1; nodes < 9; nodes++)
        for (int width = 1; width < 20; width++) {
            struct tree_part all = {nodes, 4, 0, 57}, got;
            int cores = 0, jobs = 0;
            for (int i = 0; i < width; i++) {
                if (tree_part_child (&all, width, i, &got) < 0)
                    goto next;
                cores += got.nnodes * got.cores;
                jobs += got.njobs;
            }
            assert_true (cores <= nodes * 4);
            assert_int_equal (jobs, 57);
        next:;
        }
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_parse),
        cmocka_unit_test (test_auto),
        cmocka_unit_test (test_child),
        cmocka_unit_test (test_sum),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
