/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which task of a job runs on which of its nodes (RFC 34). */

#ifndef FLUX_SHELL_TASKMAP_H
#define FLUX_SHELL_TASKMAP_H

#include <jansson.h>
#include <flux/types.h>

struct taskmap {
    int nnodes;
    int ntasks;
    int *node; // by task rank: index of its node in the job
};

#define TASKMAP_TASKS_MAX (16 * 1024 * 1024)

/* counts[i] tasks on node i: all tasks of node 0 first, then those of node 1 (block), or `stride`
 * tasks on each node in turn while it has any left (cyclic). NULL with errno. */
struct taskmap *taskmap_block (const int *counts, int nnodes);
struct taskmap *taskmap_cyclic (const int *counts, int nnodes, int stride);

/* From RFC 34's array, or the object around it. EINVAL with errp when it is malformed. */
struct taskmap *taskmap_decode (json_t *o, flux_error_t *errp);
struct taskmap *taskmap_decode_string (const char *s, flux_error_t *errp);
void taskmap_destroy (struct taskmap *map);

/* How many tasks a node has. */
int taskmap_count (const struct taskmap *map, int node);

/* RFC 34's array of blocks; NULL when out of memory. */
json_t *taskmap_encode (const struct taskmap *map);

/* PMI_process_mapping (RFC 13), "" when it would be longer than max; the caller frees it. */
char *taskmap_encode_pmi (const struct taskmap *map, size_t max);

#endif /* !FLUX_SHELL_TASKMAP_H */
