/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From the matcher's result to what a job gets: R and what lists show of it. */

#ifndef FLUX_SERVICE_SCHED_GRANT_H
#define FLUX_SERVICE_SCHED_GRANT_H

#include <stdbool.h>

#include "lib/graph/result.h"
#include "shell/service/sched/inventory.h"
#include "shell/service/sched/sched.h"

struct grant {
    struct inventory *inv;
    const struct job *job;
    const struct result *res;
    double start;
    double expiration; // 0: none
    bool with_graph;   // R gets scheduling.graph
    bool resized;      // the job has more or less than it asked for
};

/* Ranks, hosts and sums of R. -1 with ENOMEM. */
int grant_list (const struct rv1 *R, struct sched_alloc *alloc);

/* 0, or -1 with ENOMEM; *alloc is to be cleared in any case. */
int grant_describe (const struct grant *grant, struct sched_alloc *alloc);

/* What the result holds as JGF, in all subsystems: {"graph":{"nodes","edges"}}. A vertex has the
 * size that the job holds of it. NULL with ENOMEM. Shared vertices above are in it with the size
 * that they have. */
json_t *grant_graph (const struct graph *g, const struct result *res);

#endif /* !FLUX_SERVICE_SCHED_GRANT_H */
