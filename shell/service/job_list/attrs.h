/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job attributes as RFC 43 names them. */

#ifndef FLUX_SERVICE_JOB_LIST_ATTRS_H
#define FLUX_SERVICE_JOB_LIST_ATTRS_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/util/buf.h"

struct job;

/* A set of attributes as a mask. `names` is an array of names; "all" is all. EINVAL for one that
 * does not exist, with a sentence. */
int job_attrs_parse (const json_t *names, uint64_t *mask, flux_error_t *errp);

/* {"id":...} with those attributes that the job has. */
void job_attrs_append (struct buf *b, const struct job *job, uint64_t mask);

#endif /* !FLUX_SERVICE_JOB_LIST_ATTRS_H */
