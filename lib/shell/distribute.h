/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Parts of shell_info_create() that look at resources: which tasks run where. */

#ifndef FLUX_SHELL_DISTRIBUTE_H
#define FLUX_SHELL_DISTRIBUTE_H

#include "lib/shell/info.h"

/* Set map, cores, gpus, hostname and expiration from R and the jobspec. -1 with errno and errp. */
int shell_info_distribute (struct shell_info *info, flux_error_t *errp);

/* Set the texts of the job id. */
int shell_info_encode_id (struct shell_info *info);

/* The arithmetic of it: counts[i] tasks for node i, which has cores[i] cores. Tasks go one by one
 * to the nodes with the most cores first, round and round, while their cores last; when all are
 * used up and tasks are left, anew. -1 with EINVAL when there is no node or no task. */
int distribute_tasks (const int *cores, int nnodes, int ntasks, int cores_per_task, int *counts);

#define DISTRIBUTE_TASKS_MAX (16 * 1024 * 1024)

/* The map of counts[i] tasks on node i: in blocks with stride 0, else cyclic. NULL with errno. */
struct taskmap *distribute_map (const int *counts, int nnodes, int stride);

#endif /* !FLUX_SHELL_DISTRIBUTE_H */
