/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Limits on what is decoded in this folder. */

#ifndef FLUX_JOB_LIMITS_H
#define FLUX_JOB_LIMITS_H

#define EVENTLOG_ENTRY_MAX (4 << 20)  // bytes of one event
#define JOBSPEC_TEXT_MAX (32 << 20)   // bytes; files ride in it (RFC 37)
#define JOBSPEC_MAX_VERTICES 1024     // resource vertices
#define JOBSPEC_MAX_DEPTH 32          // of the resource graph
#define JOBSPEC_MAX_COUNT (1U << 30)  // of a vertex, of a task
#define RV1_TEXT_MAX (64 << 20)       // bytes of an R, without what the scheduler adds
#define RV1_MAX_RANKS (1U << 20)      // execution targets
#define RV1_MAX_ID (1U << 16)         // a core's or GPU's id is below
#define SHAPE_TEXT_MAX (1 << 16)      // bytes of a shape string
#define CONSTRAINT_MAX_DEPTH 64       // operators within operators
#define CONSTRAINT_TEXT_MAX (1 << 16) // bytes of a query
#define TASKMAP_MAX_BLOCKS (1 << 20)
#define TASKMAP_MAX_NODES (1 << 20)
#define TASKMAP_MAX_TASKS (1 << 28)

#endif /* !FLUX_JOB_LIMITS_H */
