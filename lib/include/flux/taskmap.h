/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Task maps (RFC 34): which task of a job runs on which of its nodes. Nodes and tasks are counted
 * from 0. */

#ifndef FLUX_TASKMAP_H
#define FLUX_TASKMAP_H

#include <stdbool.h>

#include <flux/idset.h>
#include <flux/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum taskmap_flags {
    TASKMAP_ENCODE_WRAPPED = 1,      // {"version":1,"map":[...]}
    TASKMAP_ENCODE_PMI = 2,          // PMI_process_mapping (RFC 13); "" when unknown
    TASKMAP_ENCODE_RAW = 4,          // tasks of each node: "0-1;2-3"
    TASKMAP_ENCODE_RAW_DERANGED = 8, // the same without ranges
};

struct taskmap;

FLUX_EXPORT struct taskmap *taskmap_create (void);
FLUX_EXPORT void taskmap_destroy (struct taskmap *map);

/* Put the next nnodes * ppn tasks on nodes from nodeid on, ppn on each. EINVAL. */
FLUX_EXPORT int taskmap_append (struct taskmap *map, int nodeid, int nnodes, int ppn);

/* From any of the encodings. NULL with EINVAL or ENOMEM and a sentence. */
FLUX_EXPORT struct taskmap *taskmap_decode (const char *s, flux_error_t *errp);

/* flags: 0 (the array of RFC 34) or one of the above. The caller frees the text. */
FLUX_EXPORT char *taskmap_encode (const struct taskmap *map, int flags);

/* No task was placed. */
FLUX_EXPORT bool taskmap_unknown (const struct taskmap *map);

/* Tasks of a node; the set is valid until the next such call. ENOENT: no such node; EINVAL. */
FLUX_EXPORT const struct idset *taskmap_taskids (const struct taskmap *map, int nodeid);

/* Node of a task. ENOENT: no such task; EINVAL. */
FLUX_EXPORT int taskmap_nodeid (const struct taskmap *map, int taskid);

/* Tasks of a node (ENOENT); nodes; tasks in all. -1 with EINVAL when the map is unknown. */
FLUX_EXPORT int taskmap_ntasks (const struct taskmap *map, int nodeid);
FLUX_EXPORT int taskmap_nnodes (const struct taskmap *map);
FLUX_EXPORT int taskmap_total_ntasks (const struct taskmap *map);

/* Have two maps as many nodes and tasks? -1 with a sentence. */
FLUX_EXPORT int taskmap_check (const struct taskmap *a, const struct taskmap *b,
                               flux_error_t *errp);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_TASKMAP_H */
