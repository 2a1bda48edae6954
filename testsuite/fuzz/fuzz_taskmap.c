/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <flux/taskmap.h>

#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *s = fuzz_string (data, size);
    flux_error_t error;
    struct taskmap *map = taskmap_decode (s, &error);

    if (map && taskmap_total_ntasks (map) < 4096 && taskmap_nnodes (map) < 4096) {
        char *text = taskmap_encode (map, TASKMAP_ENCODE_WRAPPED);
        struct taskmap *again = taskmap_decode (text, &error);
        MUST (again && taskmap_check (map, again, &error) == 0);
        int sum = 0;
        for (int i = 0; i < taskmap_nnodes (map); i++) {
            const struct idset *ids = taskmap_taskids (map, i);
            MUST (idset_count (ids) == (size_t)taskmap_ntasks (map, i));
            sum += taskmap_ntasks (map, i);
        }
        MUST (taskmap_unknown (map) || sum == taskmap_total_ntasks (map));
        for (int i = 0; i < sum; i++)
            MUST (taskmap_nodeid (map, i) == taskmap_nodeid (again, i));
        taskmap_destroy (again);
        free (text);
    }
    taskmap_destroy (map);
    free (s);
    return 0;
}
