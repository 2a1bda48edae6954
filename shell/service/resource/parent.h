/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An instance that is a job of another one: what it asks of its parent when it starts. */

#ifndef FLUX_SERVICE_RESOURCE_PARENT_H
#define FLUX_SERVICE_RESOURCE_PARENT_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

/* Get R of job `jobid` (any encoding) from the instance at `uri`, with its ranks numbered from 0 in
 * their order, and tell that instance by a memo that `own_uri` leads here. Blocks for the two
 * calls. NULL with a sentence. */
json_t *parent_get_R (const char *uri, const char *jobid, const char *own_uri, flux_error_t *errp);

#endif /* !FLUX_SERVICE_RESOURCE_PARENT_H */
