/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Task map "hostfile": a file with one or more hostlists (RFC 29), one per line. Tasks go to its
 * hosts one after the other, round and round. */

#ifndef FLUX_SHELL_MAPHOSTS_H
#define FLUX_SHELL_MAPHOSTS_H

#include <flux/hostlist.h>
#include <flux/taskmap.h>

#define MAPHOSTS_FILE_MAX (16 * 1024 * 1024)

/* job_hosts are those of the job, in the order of its nodes. A relative path is below dir (if that
 * is not NULL). NULL with errno and errp: the file cannot be read, names a host that the job does
 * not have, or lacks one that it has. */
struct taskmap *maphosts_read (const char *path, const char *dir, struct hostlist *job_hosts,
                               int ntasks, flux_error_t *errp);

#endif /* !FLUX_SHELL_MAPHOSTS_H */
