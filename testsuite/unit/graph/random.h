/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of test_random share: two equal graphs with a matcher each, one of which takes
 * short cuts and the other of which walks, and the steps that are done to both. */

#ifndef FLUX_TESTSUITE_RANDOM_H
#define FLUX_TESTSUITE_RANDOM_H

#include "testsuite/unit/graph/reference.h"

struct pair {
    struct graph *g[2];
    struct matcher *m[2];
    const char *policy;
    const char *recipe;
    uint32_t which; // of the recipes
    int flags;
    bool every_second;
    int64_t now;
};

/* ---- random_graph.c ---- */
void pick_seed (uint64_t seed);
uint32_t pick (uint32_t n); // 0 .. n - 1
void die (const char *what, const char *why) __attribute__ ((noreturn));
void pair_open (struct pair *p);
void pair_close (struct pair *p);
/* One more node somewhere, or one less. */
void step_shape (struct pair *p, uint32_t id);
/* A constraint made up for the request, and by vertex which nodes it lets in by its own words;
 * NULL: none this time. The caller frees it. */
bool *pick_constraint (const struct pair *p, struct request *req);

/* ---- random_steps.c ---- */
void step_match (struct pair *p, uint64_t id);
void step_cancel (struct pair *p, bool whole);
void step_ranks (struct pair *p);
void step_clear (struct pair *p);
void step_resume (struct pair *p);
void step_extend (struct pair *p);
void step_time (struct pair *p);
void step_status (struct pair *p);

#endif /* !FLUX_TESTSUITE_RANDOM_H */
