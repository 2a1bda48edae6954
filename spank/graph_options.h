/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What --graph-policy and --graph-request say, checked where they are typed. Nothing of Slurm. */

#ifndef FLUX_SPANK_GRAPH_OPTIONS_H
#define FLUX_SPANK_GRAPH_OPTIONS_H

#include <flux/types.h>

enum { GRAPH_REQUEST_MAX = 32768 }; // bytes: it travels with the job

/* "pack,level=rack" as the matcher wants it: "pack level=rack". NULL with EINVAL: errp names what
 * is wrong. The caller frees it. */
char *graph_policy_value (const char *arg, flux_error_t *errp);

/* A shape (RFC 46), or with "@" before it a file with a shape, a jobspec or its resources as JSON:
 * the resources as JSON in one line. NULL with EINVAL, E2BIG or what the file has; errp says which.
 * The caller frees it. */
char *graph_request_value (const char *arg, flux_error_t *errp);

#endif // !FLUX_SPANK_GRAPH_OPTIONS_H
