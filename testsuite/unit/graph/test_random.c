/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Random sequences on random graphs against a slow and obvious matcher (reference.c), and the
 * indexed short cuts against the plain walk. Invariants are checked after each step. Arguments: how
 * many sequences (100,000; with sanitizers 10,000), and the seed of the first one; seeds are fixed.
 */

#include <stdio.h>
#include <stdlib.h>

#include "testsuite/unit/graph/random.h"

static void check (struct pair *p)
{
    flux_error_t error;
    for (int i = 0; i < 2; i++)
        if (matcher_check (p->m[i], &error) < 0)
            die ("invariant", error.text);
}

/* All jobs gone and all up: the graph is as it was made. */
static void check_empty (struct pair *p)
{
    flux_error_t error;
    struct match_job job;
    size_t cursor = 0;
    while (matcher_next_job (p->m[0], &cursor, &job)) {
        uint64_t id = job.id;
        for (int i = 0; i < 2; i++)
            matcher_cancel (p->m[i], id, &error);
        cursor = 0;
    }
    check (p);
    for (uint32_t v = 0; v < graph_limit (p->g[0]); v++)
        if (graph_used (p->g[0], v) || graph_njobs (p->g[0], v))
            die ("cancel", "something is still held");
}

static void step (struct pair *p, uint32_t i)
{
    static void (*const steps[]) (struct pair *) = {step_ranks,  step_clear, step_resume,
                                                    step_extend, step_time,  step_status};
    uint32_t what = pick (40);
    if (what == 39)
        step_shape (p, i);
    else if (what >= 33)
        steps[what - 33](p);
    else if (what >= 29)
        p->now += pick (12);
    else if (what >= 22)
        step_cancel (p, what < 28);
    else
        step_match (p, i + 1);
    check (p);
}

/* Most are short, and some are long. */
static uint32_t sequence (uint32_t seed)
{
    struct pair p = {.now = 0};
    pick_seed (seed);
    uint32_t steps = pick (16) ? 1 + pick (8) : 60;
    pair_open (&p);
    for (uint32_t i = 0; i < steps; i++)
        step (&p, i);
    check_empty (&p);
    pair_close (&p);
    return steps;
}

#ifdef __SANITIZE_ADDRESS__
enum { SEQUENCES = 10000 };
#else
enum { SEQUENCES = 100000 };
#endif

int main (int argc, char **argv)
{
    uint32_t sequences = argc > 1 ? strtoul (argv[1], NULL, 10) : SEQUENCES, first = 1;
    uint64_t steps = 0;
    if (argc > 2)
        first = strtoul (argv[2], NULL, 10);
    for (uint32_t i = 0; i < sequences; i++)
        steps += sequence (first + i);
    printf ("%u random sequences agree, %llu steps\n", sequences, (unsigned long long)steps);
    return 0;
}
