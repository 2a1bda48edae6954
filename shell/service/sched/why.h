/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Why a job can never run, for its user: the first number that is too large. */

#ifndef FLUX_SERVICE_SCHED_WHY_H
#define FLUX_SERVICE_SCHED_WHY_H

#include "lib/graph/request.h"
#include "lib/util/buf.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/inventory.h"

/* Append a clause ("it asks for 5 nodes, and there are 4"); nothing when no single number is to
 * blame. req is the sealed request of the job. O(nodes). */
void why_never (struct inventory *inv, const struct job *job, const struct request *req,
                struct buf *b);

#endif /* !FLUX_SERVICE_SCHED_WHY_H */
