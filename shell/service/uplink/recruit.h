/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Brokers that an instance starts on nodes which it gets later, through the remote execution of the
 * instance it is a job of. They end with this one: the connection is theirs, too. */

#ifndef FLUX_SERVICE_UPLINK_RECRUIT_H
#define FLUX_SERVICE_UPLINK_RECRUIT_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

struct attrs;
struct recruits;
struct router;
struct uplink;

/* A broker could not be started, or has ended (why NULL: with exit code 0). */
typedef void (*recruit_ended_f) (uint32_t rank, const char *why, void *arg);

struct recruits *recruits_create (struct router *rt, struct uplink *up, const struct attrs *attrs,
                                  recruit_ended_f ended, void *arg);
void recruits_destroy (struct recruits *rs);

/* Start the broker of a rank, which the instance has, and whose place above is known. */
int recruit_start (struct recruits *rs, uint32_t rank, flux_error_t *errp);

/* Is there one that was started and has not ended? */
bool recruit_runs (const struct recruits *rs, uint32_t rank);

/* End it, if it runs. */
void recruit_kill (struct recruits *rs, uint32_t rank);

#endif /* !FLUX_SERVICE_UPLINK_RECRUIT_H */
