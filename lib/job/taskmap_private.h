/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between the files of taskmap. */

#ifndef FLUX_JOB_TASKMAP_PRIVATE_H
#define FLUX_JOB_TASKMAP_PRIVATE_H

#include <flux/taskmap.h>

struct taskmap_block {
    int nodeid;
    int nnodes;
    int ppn;
    int repeat;
};

struct taskmap {
    struct taskmap_block *block;
    size_t nblocks;
    size_t size;
    int nnodes;
    int ntasks;
    struct idset *taskids; // what taskmap_taskids() gave last
};

/* Add a block as it is; the totals are checked. EINVAL. */
int taskmap_push (struct taskmap *map, struct taskmap_block b);

/* Tasks of a node; the caller destroys the set. */
struct idset *taskmap_make_ids (const struct taskmap *map, int nodeid);

#endif /* !FLUX_JOB_TASKMAP_PRIVATE_H */
