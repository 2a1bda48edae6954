/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* When the job of Slurm ends in which an instance runs, and what nodes it has: squeue(1) is asked
 * now and then, as nobody is told when these change. The attribute slurm.poll says how often (a
 * duration; 0: never). */

#ifndef FLUX_SERVICE_UPLINK_SLURM_END_H
#define FLUX_SERVICE_UPLINK_SLURM_END_H

#include <ev.h>
#include <flux/types.h>

struct attrs;
struct slurm_end;

/* expiration: seconds since the epoch, 0: there is no limit. Called when it is not what it was. */
typedef void (*slurm_end_f) (double expiration, void *arg);

/* *sp is NULL where there is nothing to ask. -1 with a sentence. */
int slurm_end_create (struct slurm_end **sp, struct ev_loop *loop, const struct attrs *attrs,
                      slurm_end_f cb, void *arg, flux_error_t *errp);
void slurm_end_destroy (struct slurm_end *s);

/* What squeue -o %e says, or '%e ...'. EINVAL. */
int slurm_end_parse (const char *text, double *expiration);

#endif /* !FLUX_SERVICE_UPLINK_SLURM_END_H */
