/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a queue policy makes of one pass over the waiting jobs of a queue, which are tried in their
 * order. Knows no job and no resource:
 *
 *     pass_begin (&pass, policy)
 *     for each waiting job:
 *         try it, with a reservation if pass_may_reserve (&pass)
 *         if (!pass_goes_on (&pass, what became of it))
 *             break
 */

#ifndef FLUX_SERVICE_SCHED_PASS_H
#define FLUX_SERVICE_SCHED_PASS_H

#include "shell/service/sched/qpolicy.h"

struct pass {
    const struct qpolicy *policy;
    uint32_t looked_at; // jobs that wait
    uint32_t reserved;
};

typedef enum {
    PASS_STARTED,  // or it is out of the queue for another reason
    PASS_WAITS,    // does not fit now
    PASS_RESERVED, // the same, and it has a reservation
} pass_outcome_t;

/* The policy must outlive the pass. */
static inline void pass_begin (struct pass *p, const struct qpolicy *policy)
{
    *p = (struct pass){.policy = policy};
}

static inline bool pass_may_reserve (const struct pass *p)
{
    return p->reserved < p->policy->reservation_depth;
}

static inline bool pass_goes_on (struct pass *p, pass_outcome_t outcome)
{
    if (outcome == PASS_STARTED)
        return true;
    p->reserved += outcome == PASS_RESERVED;
    return p->policy->backfill && ++p->looked_at < p->policy->queue_depth;
}

#endif /* !FLUX_SERVICE_SCHED_PASS_H */
