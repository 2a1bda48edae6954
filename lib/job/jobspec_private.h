/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between the files of jobspec. */

#ifndef FLUX_JOB_JOBSPEC_PRIVATE_H
#define FLUX_JOB_JOBSPEC_PRIVATE_H

#include "lib/job/jobspec.h"

/* -1 with EINVAL and "jobspec: ...". */
int jobspec_invalid (flux_error_t *errp, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Fill resources, vertex, nvertices and counts. */
int jobspec_parse_resources (struct jobspec *js, const json_t *resources, flux_error_t *errp);

/* The slot that a task's `slot` means, or NULL. */
const struct jobspec_vertex *jobspec_find_slot (const struct jobspec *js, const char *label);

#endif /* !FLUX_JOB_JOBSPEC_PRIVATE_H */
