/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A match, a cancel and a refusal allocate nothing once the like has been done before. The linker
 * hands us every call (--wrap). */

#include <stdio.h>
#include <stdlib.h>

#include "testsuite/unit/cmocka.h"
#include "lib/graph/match.h"
#include "lib/graph/recipe.h"
#include "testsuite/unit/graph/request_text.h"

/* The only mutable state in this file: what the wrappers count. */
static size_t calls;

void *__real_malloc (size_t n);
void *__real_calloc (size_t n, size_t size);
void *__real_realloc (void *p, size_t n);
void *__wrap_malloc (size_t n);
void *__wrap_calloc (size_t n, size_t size);
void *__wrap_realloc (void *p, size_t n);

void *__wrap_malloc (size_t n)
{
    calls++;
    return __real_malloc (n);
}

void *__wrap_calloc (size_t n, size_t size)
{
    calls++;
    return __real_calloc (n, size);
}

void *__wrap_realloc (void *p, size_t n)
{
    calls++;
    return __real_realloc (p, n);
}

static void round_trip (struct matcher *m, const struct request *req, uint64_t id)
{
    flux_error_t error;
    if (matcher_match (m, req, MATCH_ALLOCATE, id, 0, NULL, NULL, &error) == 0)
        matcher_cancel (m, id, &error);
}

static void test_no_allocation (void **state)
{
    (void)state;
    static const char *policies[] = {"first",  "low",     "high",    "locality",
                                     "lonode", "hinodex", "bestfit", "pack level=rack"};
    static const char *requests[] = {"slot=1/core=1",
                                     "slot=3/[core=2]",
                                     "node=1/slot=1/core=1",
                                     "node=4!/slot=1/core=1",
                                     "rack=1/node=2/slot=1/core=2",
                                     "node=2/socket=1/slot=1/core=1",
                                     "node=99!"};
    enum { NPOLICIES = sizeof (policies) / sizeof (policies[0]) };
    enum { NREQUESTS = sizeof (requests) / sizeof (requests[0]), WARM = 10, ROUNDS = 20 };
    for (size_t p = 0; p < NPOLICIES; p++) {
        flux_error_t error;
        struct graph *g =
            graph_from_recipe ("cluster/rack=4/node=8/socket=2/[core=4;gpu=1]", &error);
        struct matcher *m = matcher_create (g, policies[p], 0, &error);
        struct request *req[NREQUESTS];
        for (size_t r = 0; r < NREQUESTS; r++)
            req[r] = request_from_text (requests[r], 60);
        for (int i = 0; i < WARM + ROUNDS; i++) {
            if (i == WARM)
                calls = 0;
            for (size_t r = 0; r < NREQUESTS; r++)
                round_trip (m, req[r], 1);
        }
        size_t n = calls;
        if (n)
            fail_msg ("%s: %zu allocations in %d matches", policies[p], n, ROUNDS * NREQUESTS);
        for (size_t r = 0; r < NREQUESTS; r++)
            request_destroy (req[r]);
        matcher_destroy (m);
        graph_destroy (g);
    }
}

int main (void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test (test_no_allocation)};
    return cmocka_run_group_tests (tests, NULL, NULL);
}
