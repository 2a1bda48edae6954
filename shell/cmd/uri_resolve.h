/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Names of instances: a URI as it is, a job id or a path of job ids ("f1/f2") to the instance that
 * the job is, "pid:N", "slurm:JOBID", "/" the outermost instance, "." this one, ".." its parent. */

#ifndef FLUX_CMD_URI_RESOLVE_H
#define FLUX_CMD_URI_RESOLVE_H

#include <flux/types.h>

/* The caller frees the URI. NULL with a sentence. */
char *uri_resolve (const char *target, flux_error_t *errp);

/* local:///path to ssh://host/path, and back; the caller frees it. */
char *uri_remote (const char *uri);
char *uri_local (const char *uri);

/* ssh://host/path as local:///path when host is this one and the path is there, else as it is; the
 * caller frees it. */
char *uri_prefer_local (const char *uri);

/* FLUX_URI of the parent of an instance, `levels` up, -1 for the outermost; the caller frees it.
 * NULL with a sentence when it has none. uri NULL: FLUX_URI. */
char *uri_parent (const char *uri, int levels, flux_error_t *errp);

#endif /* !FLUX_CMD_URI_RESOLVE_H */
