/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The graph that select_graph builds of a site's nodes, and its choices. */

#include "testsuite/unit/cmocka.h"

#include <errno.h>
#include <stdio.h>

#include "select_graph/site.h"

enum { NODES = 4, CORES = 4 };

static struct site *make_site (const char *policy)
{
    flux_error_t error;
    struct site *site = site_create (&error);
    char name[16];

    assert_non_null (site);
    for (uint32_t i = 0; i < NODES; i++) {
        snprintf (name, sizeof (name), "n%u", i + 1);
        // A hole in the table of nodes: number 2 is none.
        assert_int_equal (site_add_node (site, i + (i >= 2), name, CORES, i ? "a,b" : NULL, &error),
                          0);
    }
    assert_int_equal (site_ready (site, policy, &error), 0);
    return site;
}

static void book (struct site *site, uint32_t job, uint32_t node, uint32_t first, uint32_t count)
{
    struct site_core cores[CORES];
    flux_error_t error;

    for (uint32_t i = 0; i < count; i++)
        cores[i] = (struct site_core){node, first + i};
    assert_int_equal (site_book (site, job, cores, count, &error), 0);
}

static void test_choose (void **state)
{
    static const struct {
        const char *policy;
        struct site_request want;
        struct site_range among;
        int first; // -1: none
    } cases[] = {
        {"low", {1, 1, false}, {0, 4}, 0},  {"high", {1, 1, false}, {0, 4}, 4},
        {"high", {1, 1, false}, {0, 3}, 3}, {"low", {1, 3, false}, {0, 4}, 1},
        {"low", {1, 4, true}, {0, 4}, 3},   {"low", {3, 2, false}, {0, 4}, 0},
        {"low", {3, 4, true}, {0, 4}, -1},  {"low", {5, 1, false}, {0, 4}, -1},
        {"low", {1, 1, false}, {2, 2}, -1},
    };

    for (size_t i = 0; i < sizeof (cases) / sizeof (cases[0]); i++) {
        struct site *site = make_site (cases[i].policy);
        uint32_t chosen[8];
        flux_error_t error;

        book (site, 7, 0, 0, 2); // two cores of the first node are taken, and one of the second
        book (site, 8, 1, 3, 1);
        int rc = site_choose (site, &cases[i].want, &cases[i].among, 1, chosen, &error);
        assert_int_equal (rc, cases[i].first < 0 ? -1 : 0);
        if (rc == 0) {
            uint32_t low = chosen[0];
            for (uint32_t k = 1; k < cases[i].want.nodes; k++)
                low = chosen[k] < low ? chosen[k] : low;
            assert_int_equal (low, cases[i].first);
        }
        site_destroy (site);
    }
}

static void test_book (void **state)
{
    struct site *site = make_site ("low");
    struct site_core taken = {0, 0}, absent = {0, CORES}, hole = {2, 0};
    flux_error_t error;

    book (site, 7, 0, 0, 2);
    book (site, 7, 1, 0, 1);
    assert_true (site_has (site, 7));
    assert_int_equal (site_book (site, 8, &taken, 1, &error), -1);
    assert_int_equal (errno, EBUSY);
    assert_false (site_has (site, 8));
    assert_int_equal (site_book (site, 8, &absent, 1, &error), -1);
    assert_int_equal (site_book (site, 8, &hole, 1, &error), -1);
    site_release_node (site, 7, 0);
    book (site, 8, 0, 0, 1);
    assert_true (site_has (site, 7));
    site_release (site, 7);
    site_release (site, 7);
    assert_false (site_has (site, 7));
    site_destroy (site);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_choose),
        cmocka_unit_test (test_book),
    };

    return cmocka_run_group_tests (tests, NULL, NULL);
}
