/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Choices of many nodes, and of nodes later: a short cut chooses what the matcher does. */

#include "testsuite/unit/cmocka.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "select_graph/site_priv.h"

static void complain (const char *sentence)
{
    fail_msg ("%s", sentence);
}

enum { MANY = 150, LONG_AGO = 100 };

static uint32_t pick (uint64_t *random, uint32_t below)
{
    *random = *random * UINT64_C (6364136223846793005) + UINT64_C (1442695040888963407);
    return (uint32_t)(*random >> 33) % below;
}

static struct site *make_many (const char *policy, bool each_core)
{
    struct graph_conf conf = {.policy = (char *)policy, .each_core = each_core, .horizon = 100000};
    flux_error_t error;
    struct site *site = site_create (&error);

    for (uint32_t i = 0; i < MANY; i++) {
        char name[16], place[16];
        struct site_facts f = {.name = name,
                               .place = place,
                               .sockets = 2,
                               .cores = 2,
                               .memory = i % 3 ? 1000 : 2000,
                               .gres = {{"gpu", i % 4 ? 2 : 0}, {"lic", 10}},
                               .ngres = 2};

        snprintf (name, sizeof (name), "n%u", i);
        snprintf (place, sizeof (place), "s%u", i / 40);
        if (i != 77)
            assert_int_equal (site_add_node (site, i, &f, &error), 0);
    }
    assert_int_equal (site_ready (site, &conf, complain, &error), 0);
    return site;
}

static void book_some (struct site *site, uint64_t *random)
{
    uint32_t njobs = pick (random, 120);

    for (uint32_t i = 0; i < njobs; i++) {
        uint32_t node = pick (random, MANY);
        struct site_hold holds[] = {
            {.node = node, .kind = SITE_CORE, .first = pick (random, 4), .count = 1},
            {.node = node, .kind = SITE_MEMORY, .count = 1 + pick (random, 500)},
            {.node = node, .kind = SITE_GRES, .gres = 0, .first = pick (random, 2), .count = 1}};
        flux_error_t error;

        if (site_claimed (site, node, SITE_CORE, 0) == 0) // none is shared
            (void)site_book (site, 1 + i, holds, 1 + pick (random, 3), NULL, 0, LONG_AGO,
                             200 + pick (random, 1000), &error);
    }
}

static int by_number (const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

/* A bit for each core of each node */
static void read_cores (const struct site_choice *choice, uint8_t *cores)
{
    memset (cores, 0, MANY);
    for (size_t i = 0; i < choice->ncores; i++)
        for (uint32_t k = 0; k < choice->cores[i].count; k++)
            cores[choice->cores[i].node] |= 1 << (choice->cores[i].first + k);
}

static void compare_choices (struct site *site, struct site_want *want, enum site_when when,
                             uint32_t *found)
{
    const struct site_choice *choice;
    uint32_t nodes[MANY];
    uint8_t cores[MANY], cores_flat[MANY];
    flux_error_t error;
    int64_t at = 0;
    size_t n = 0;
    int rc, rc_flat;

    site->nplaces++; // as if somebody had a place above nodes: then there is no short cut
    if ((rc = site_choose (site, want, when, LONG_AGO, &choice, &error)) == 0) {
        n = choice->n;
        at = choice->at;
        memcpy (nodes, choice->nodes, n * sizeof (*nodes));
        qsort (nodes, n, sizeof (*nodes), by_number);
        read_cores (choice, cores);
    }
    site->nplaces--;
    rc_flat = site_choose (site, want, when, LONG_AGO, &choice, &error);
    assert_int_equal (rc_flat, rc);
    if (rc < 0)
        return;
    (*found)++;
    assert_int_equal (choice->at, at);
    assert_int_equal (choice->n, n);
    qsort (choice->nodes, n, sizeof (*nodes), by_number);
    if (memcmp (choice->nodes, nodes, n * sizeof (*nodes)) != 0)
        fail_msg ("policy %s, %u nodes, %u switches, at %lld: node %u, not %u ...",
                  policy_text (matcher_policy (site->matcher)), want->nodes_min, want->switches,
                  (long long)at, choice->nodes[0], nodes[0]);
    read_cores (choice, cores_flat);
    for (uint32_t i = 0; at == LONG_AGO && i < MANY; i++) // later ones are chosen when it is time
        if (cores[i] != cores_flat[i])
            fail_msg ("policy %s: node %u: cores %x, not %x",
                      policy_text (matcher_policy (site->matcher)), i, cores_flat[i], cores[i]);
}

static void test_many (void **state)
{
    static const char *const policies[] = {"low",     "high",    "lonode", "hinode",
                                           "lonodex", "hinodex", "first",  "firstnodex"};
    uint64_t random = 1;
    uint32_t found = 0;

    for (int round = 0; round < 400; round++) {
        struct site *site = make_many (policies[round % 8], round % 16 > 7);
        struct site_range ranges[] = {{0, 70}, {72, MANY - 1 - pick (&random, 20)}};
        struct site_want want = {.nodes_min = 64 + pick (&random, 40),
                                 .cores = 1 + pick (&random, 4),
                                 .memory = pick (&random, 4) * 300,
                                 .gres = {pick (&random, 5) ? 0 : 1, pick (&random, 2)},
                                 .whole = pick (&random, 3) == 0,
                                 .which_cores = true,
                                 .duration = 50,
                                 .ranges = ranges,
                                 .nranges = 2};

        want.nodes_max = want.nodes_min + pick (&random, 2) * 10;
        book_some (site, &random);
        compare_choices (site, &want, SITE_NOW, &found);
        compare_choices (site, &want, SITE_FUTURE, &found);
        want.nodes_min = 1 + pick (&random, 20); // few nodes, on one switch or anywhere
        want.nodes_max = want.nodes_min;
        want.switches = pick (&random, 2);
        compare_choices (site, &want, SITE_FUTURE, &found);
        site_destroy (site);
    }
    assert_true (found > 300);
}

/* Nodes that follow each other, now or when jobs have ended, against a look at each run */
struct taken {
    uint32_t node, cores;
    int64_t end;
};

static bool is_free (const struct taken *list, uint32_t n, uint32_t node, uint32_t cores,
                     int64_t at)
{
    uint32_t used = node == 77 ? 4 : 0; // which is not there

    for (uint32_t i = 0; i < n; i++)
        if (list[i].node == node && list[i].end > at)
            used += list[i].cores;
    return used + cores <= 4;
}

static int64_t first_run (const struct taken *list, uint32_t n, const struct site_want *want,
                          int64_t at, bool high)
{
    int64_t found = -1;

    for (int64_t k = 0; k + want->nodes_min <= MANY && (found < 0 || high); k++) {
        uint32_t length = 0;

        while (length < want->nodes_min && is_free (list, n, k + length, want->cores, at))
            length++;
        if (length == want->nodes_min)
            found = k;
    }
    return found;
}

static void test_contiguous (void **state)
{
    uint64_t random = 7;
    uint32_t later = 0;

    for (int round = 0; round < 150; round++) {
        struct site *site = make_many (round % 2 ? "high" : "low", false);
        struct site_range all = {0, MANY - 1};
        struct site_want want = {.nodes_min = 2 + pick (&random, 30),
                                 .cores = 1 + pick (&random, 4),
                                 .contiguous = true,
                                 .ranges = &all,
                                 .nranges = 1};
        struct taken list[60];
        uint32_t n = pick (&random, 60);
        const struct site_choice *choice;
        flux_error_t error;
        int64_t at = LONG_AGO, first;

        want.nodes_max = want.nodes_min;
        for (uint32_t i = 0; i < n; i++) {
            struct site_hold h = {.node = (i * 37 + round) % MANY, .kind = SITE_CORE};

            h.count = 1 + pick (&random, 4);
            list[i] = (struct taken){h.node, h.count, 200 + pick (&random, 1000)};
            if (h.node == 77)
                list[i].cores = 0;
            assert_int_equal (
                site_book (site, 1 + i, &h, 1, NULL, 0, LONG_AGO, list[i].end, &error), 0);
        }
        first = first_run (list, n, &want, at, round % 2);
        assert_int_equal (site_choose (site, &want, SITE_NOW, LONG_AGO, &choice, &error),
                          first < 0 ? -1 : 0);
        while (first < 0) { // when is the next end?
            int64_t next = INT64_MAX;

            for (uint32_t i = 0; i < n; i++)
                if (list[i].end > at && list[i].end < next)
                    next = list[i].end;
            at = next;
            first = first_run (list, n, &want, at, round % 2);
        }
        later += at > LONG_AGO;
        assert_int_equal (site_choose (site, &want, SITE_FUTURE, LONG_AGO, &choice, &error), 0);
        assert_int_equal (choice->at, at);
        assert_int_equal (choice->n, want.nodes_min);
        for (uint32_t i = 0; i < choice->n; i++)
            assert_int_equal (choice->nodes[i], first + i);
        assert_int_equal (site_check (site, &error), 0); // all is as it was
        site_destroy (site);
    }
    assert_true (later > 20);
}

/* When all that are left are wanted there is nothing to choose: any policy takes them, later, too.
 */
static void test_all (void **state)
{
    struct site *site = make_many ("firstnodex", false);
    struct site_range all = {0, MANY - 1};
    struct site_want want = {.nodes_min = MANY - 1,
                             .nodes_max = MANY - 1,
                             .cores = 4,
                             .duration = 50,
                             .ranges = &all,
                             .nranges = 1};
    struct site_hold h = {.node = 3, .kind = SITE_CORE, .count = 1};
    const struct site_choice *choice;
    struct match_counters before, after;
    flux_error_t error;

    assert_int_equal (site_book (site, 1, &h, 1, NULL, 0, LONG_AGO, 700, &error), 0);
    matcher_counters (site->matcher, &before);
    assert_int_equal (site_choose (site, &want, SITE_FUTURE, LONG_AGO, &choice, &error), 0);
    matcher_counters (site->matcher, &after);
    assert_int_equal (choice->at, 700);
    assert_int_equal (choice->n, MANY - 1); // 77 is not there
    assert_int_equal (after.matches, before.matches);
    site_destroy (site);
}

/* At most so many switches: as the policy has it, else as few as can be; else it can't say. */
static void test_switches (void **state)
{
    struct site *site = make_many ("low", false);
    struct site_range all = {0, MANY - 1};
    struct site_want want = {
        .nodes_min = 50, .nodes_max = 50, .cores = 1, .switches = 2, .ranges = &all, .nranges = 1};
    const struct site_choice *choice;
    flux_error_t error;

    assert_int_equal (site_choose (site, &want, SITE_NOW, LONG_AGO, &choice, &error), 0);
    assert_int_equal (choice->nodes[0], 0); // of 40 nodes and then 10
    for (uint32_t i = 5; i < 80; i++) {     // the first two switches are nearly full
        struct site_hold h = {.node = i, .kind = SITE_CORE, .count = 4};

        assert_int_equal (site_book (site, i, &h, 1, NULL, 0, LONG_AGO, 5000, &error), 0);
    }
    assert_int_equal (site_choose (site, &want, SITE_NOW, LONG_AGO, &choice, &error), 0);
    assert_true (choice->nodes[0] >= 80);
    want.nodes_min = want.nodes_max = 72;
    assert_int_equal (site_choose (site, &want, SITE_NOW, LONG_AGO, &choice, &error), -1);
    assert_int_equal (errno, ENOTSUP);
    site_destroy (site);
}

int main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (test_many), cmocka_unit_test (test_contiguous),
        cmocka_unit_test (test_all), cmocka_unit_test (test_switches)};

    return cmocka_run_group_tests (tests, NULL, NULL);
}
