/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Parts of a list as `flux job last` names them: "[start:stop[:step]]" as in Python, each of the
 * numbers may be left out, negative ones count from the end. */

#ifndef FLUX_SERVICE_JOB_MANAGER_SLICE_H
#define FLUX_SERVICE_JOB_MANAGER_SLICE_H

#include <stddef.h>

struct slice {
    long start, step; // of a list of the given size; step is not 0
    size_t count;
};

/* -1 with EINVAL. */
int slice_parse (struct slice *s, const char *text, size_t size);

#endif /* !FLUX_SERVICE_JOB_MANAGER_SLICE_H */
