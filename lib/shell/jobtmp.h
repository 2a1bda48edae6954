/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* FLUX_JOB_TMPDIR: a directory that the tasks of a job on one node share, and that goes with it. */

#ifndef FLUX_SHELL_JOBTMP_H
#define FLUX_SHELL_JOBTMP_H

#include "lib/shell/info.h"

/* Make it, below the broker's rundir, or `fallback`, or /tmp. The path, which the caller frees, or
 * NULL with errno. */
char *jobtmp_create (const struct shell_info *info, const char *fallback);

/* Remove it with all that is in it. path may be NULL. */
void jobtmp_remove (const char *path);

#endif /* !FLUX_SHELL_JOBTMP_H */
