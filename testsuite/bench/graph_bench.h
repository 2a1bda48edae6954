/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What graph_bench's files share. */

#ifndef FLUX_TESTSUITE_GRAPH_BENCH_H
#define FLUX_TESTSUITE_GRAPH_BENCH_H

#include "lib/graph/match.h"

enum { BENCH_ROUNDS = 51, FIRST_JOB = 1000000000 }; // jobs that fill the graph have lesser ids

struct cost {
    double us;
    double visits;
};

struct bench_request {
    const char *name, *text;
};
enum { BENCH_REQUESTS = 4, BENCH_FILLS = 4 };
extern const struct bench_request bench_requests[BENCH_REQUESTS];
extern const int bench_fills[BENCH_FILLS];

void bench_die (const char *what, const char *why);
uint32_t bench_pick (uint64_t *rng, uint32_t n);
/* Racks of 100 nodes with 2 sockets of 16 cores, 4 GPUs and memory. */
struct graph *bench_make (uint32_t nodes, double *seconds);
/* Give away so many of a hundred nodes, here and there. */
void bench_fill (struct matcher *m, int percent);
/* A vertex and all below it, as items that are held alone. */
size_t bench_items (const struct graph *g, uint32_t v, struct result_item *items);
/* Medians of so many matches (BENCH_ROUNDS at most), each cancelled at once. */
struct cost bench_measure (struct matcher *m, const char *text, const struct policy *policy,
                           int rounds);

/* graph_check.c: numbers looked at against what the headers promise; 0 or 1. */
int bench_check (void);

#endif /* !FLUX_TESTSUITE_GRAPH_BENCH_H */
