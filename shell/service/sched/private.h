/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the scheduler share. */

#ifndef FLUX_SERVICE_SCHED_PRIVATE_H
#define FLUX_SERVICE_SCHED_PRIVATE_H

#include "lib/graph/match.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/config.h"
#include "shell/service/sched/inventory.h"
#include "shell/service/sched/policies.h"
#include "shell/service/sched/sched.h"

/* Most jobs ask for what others asked for before. */
#define FEASIBLE_CACHE 64

struct sched {
    struct job_facts feasible[FEASIBLE_CACHE]; // shapes that fit on these resources
    size_t nfeasible;
    struct inventory *inv;
    struct matcher *m;
    struct policies *policies; // those of jobs
    sched_format_t format;
    bool flexible;
    double end;         // of the resources; 0: none
    uint64_t *reserved; // ids with a reservation of this pass
    size_t nreserved, reserved_size;
};

/* The request of a job. The caller destroys it. */
struct request *sched_request (struct sched *s, const struct job *job, flux_error_t *errp);

/* -1 with ENODEV and a sentence: what a request that can never be met asks for that is not there.
 * error: what the matcher said. */
int sched_say_why (struct sched *s, const struct job *job, const struct request *req,
                   const flux_error_t *error, flux_error_t *errp);

/* The job's own match policy; *policy NULL: the one of all jobs. */
int sched_policy_of (struct sched *s, const struct job *job, const struct policy **policy,
                     flux_error_t *errp);

/* Does R that jobs get have their graph? */
bool sched_with_graph (const struct sched *s);

/* There are no resources yet. */
bool sched_is_empty (struct sched *s);

#endif /* !FLUX_SERVICE_SCHED_PRIVATE_H */
