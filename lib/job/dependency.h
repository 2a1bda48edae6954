/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job dependencies (RFC 26) as written on a command line: scheme:value[?key=val[&key=val...]]. */

#ifndef FLUX_JOB_DEPENDENCY_H
#define FLUX_JOB_DEPENDENCY_H

#include <jansson.h>
#include <flux/types.h>

/* The object {"scheme":s, "value":s, ...}. Percent-encoding is undone in keys and values; what
 * looks like a number becomes one; a key that comes twice becomes a list. NULL with EINVAL. */
json_t *dependency_parse (const char *uri, flux_error_t *errp);

#endif /* !FLUX_JOB_DEPENDENCY_H */
