/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What jobs hold beyond their nodes, in a file that survives slurmctld: all else follows from
 * Slurm's own state. The file is JSON:
 *
 *   {"version": 1, "jobs": [{"id": N, "start": TIME, "holds": [["/cluster0/rack1/storage0", N]]}]}
 */

#ifndef FLUX_SELECT_GRAPH_KEEP_H
#define FLUX_SELECT_GRAPH_KEEP_H

#include "select_graph/site.h"

enum { KEEP_VERSION = 1, KEEP_MAX_FILE = 256 << 20, KEEP_MAX_HOLDS = 65536 };

struct keep; // what was read of a file

/* The file anew, whole or not at all. START gives a job's start time, 0: it is gone. -1: errp says
 * which file, and why. */
int keep_write (const char *path, struct site *site, int64_t (*start) (uint32_t job),
                flux_error_t *errp);
/* NULL: ENOENT, or EINVAL and what is wrong with it. */
struct keep *keep_read (const char *path, flux_error_t *errp);
void keep_destroy (struct keep *keep);
/* What the job with this start time holds; paths that the graph has no more are told to `complain`.
 * The caller frees *extra. */
size_t keep_find (struct keep *keep, struct site *site, uint32_t job, int64_t start,
                  site_complain_f complain, struct site_extra **extra);

#endif // !FLUX_SELECT_GRAPH_KEEP_H
