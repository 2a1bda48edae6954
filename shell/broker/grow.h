/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The instance gets more ranks while it runs. They are there, offline, from then on; brokers are
 * started in their places as in those of lost ones (net_rejoin.h).
 *
 *   broker.grow {"hosts":[s...]}  to rank 0  -> {"first":i, "size":i}
 *   broker.leave                  to a rank without others below it: its broker ends
 */

#ifndef FLUX_BROKER_GROW_H
#define FLUX_BROKER_GROW_H

#include "shell/broker/broker.h"

/* Of the service `broker`; arg is the broker. */
extern const struct handler_row grow_rows[];

/* Hear when rank 0 has grown. */
int grow_follow (struct broker *b);

#endif /* !FLUX_BROKER_GROW_H */
