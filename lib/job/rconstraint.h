/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Constraints (RFC 31) as JSON, checked, and matched against a resource set. */

#ifndef FLUX_JOB_RCONSTRAINT_H
#define FLUX_JOB_RCONSTRAINT_H

#include <jansson.h>
#include <flux/idset.h>
#include <flux/types.h>

#include "lib/job/rv1.h"

/* Is it well-formed? -1 with EINVAL and a sentence. */
int rconstraint_check (const json_t *constraint, flux_error_t *errp);

/* The ranks of rs that meet it; the caller destroys the set. A host name counts as a property of
 * its node. NULL with EINVAL or ENOMEM. */
struct idset *rconstraint_match (const json_t *constraint, const struct rv1 *rs,
                                 flux_error_t *errp);

#endif /* !FLUX_JOB_RCONSTRAINT_H */
