/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The heartbeat: the event heartbeat.pulse, published by rank 0 each heartbeat.period (2 s). It
 * beats only while somebody listens: a broker with a subscription that begins with "heartbeat"
 * tells rank 0 so now and then, and an instance where nobody does stays asleep. */

#ifndef FLUX_BROKER_HEARTBEAT_H
#define FLUX_BROKER_HEARTBEAT_H

#include <flux/types.h>

struct attrs;
struct heartbeat;
struct router;

struct heartbeat *heartbeat_create (struct router *rt, const struct attrs *attrs,
                                    flux_error_t *errp);
void heartbeat_destroy (struct heartbeat *hb);

#endif /* !FLUX_BROKER_HEARTBEAT_H */
