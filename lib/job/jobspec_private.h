/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between the files of jobspec. */

#ifndef FLUX_JOB_JOBSPEC_PRIVATE_H
#define FLUX_JOB_JOBSPEC_PRIVATE_H

#include "lib/job/decode.h"
#include "lib/job/jobspec.h"

/* -1 with EINVAL and "jobspec: ...". */
#define jobspec_invalid(errp, ...) decode_invalid ((errp), "jobspec", __VA_ARGS__)

/* Fill resources, vertex, nvertices and counts. */
int jobspec_parse_resources (struct jobspec *js, const json_t *resources, flux_error_t *errp);

/* Fill what comes from attributes. */
int jobspec_parse_attributes (struct jobspec *js, const json_t *attrs, flux_error_t *errp);

/* The slot that a task's `slot` means, or NULL. */
const struct jobspec_vertex *jobspec_find_slot (const struct jobspec *js, const char *label);

#endif /* !FLUX_JOB_JOBSPEC_PRIVATE_H */
