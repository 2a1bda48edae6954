/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* FLUX_JOB_TMPDIR: a directory that the tasks of a job on one node share, and that goes with it.
 *
 * Making and removing an inode can cost a file system more than the rest of a short job. So a
 * directory that its job has left empty and as it was is renamed, to be used by the next one. */

#ifndef FLUX_SHELL_JOBTMP_H
#define FLUX_SHELL_JOBTMP_H

#include "lib/shell/info.h"

/* Make it, below the broker's rundir, or `fallback`, or /tmp. The path, which the caller frees, or
 * NULL with errno. slot is a number that no other job shell has while this one runs. */
char *jobtmp_create (const struct shell_info *info, const char *fallback, int slot);

/* Remove it with all that is in it, or put it aside. path may be NULL. */
void jobtmp_remove (const char *path, const struct shell_info *info, int slot);

#endif /* !FLUX_SHELL_JOBTMP_H */
