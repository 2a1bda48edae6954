/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_BROKER_RUNDIR_H
#define FLUX_BROKER_RUNDIR_H

#include <flux/types.h>

struct attrs;
struct rundir;

/* Make the folder of this broker's sockets (mode 0700) and set the attribute `rundir`; one that is
 * given as an attribute and exists is used and not removed, but it must be the caller's own and
 * closed to others. rundir_destroy() removes what was made, with its files; the attribute
 * `rundir-cleanup` says whether it will. */
struct rundir *rundir_create (struct attrs *attrs, flux_error_t *errp);
void rundir_destroy (struct rundir *rd);

#endif /* !FLUX_BROKER_RUNDIR_H */
