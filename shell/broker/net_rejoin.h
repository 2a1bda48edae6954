/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* overlay.rejoin {"rank":i "force"?b}: what a new broker must know to take the place of the lost
 * one of that rank, which is below this one. It has the secret of the instance: for the owner only.
 *
 *   {"rank":i (the parent, this broker) "size":i "uri":s "pubkey":s "auth":s "secret":s "host":s
 *    "hostlist":s "attrs":s}
 *
 * EEXIST when that rank is reached from here, unless forced; EINVAL when it cannot be below. */

#ifndef FLUX_BROKER_NET_REJOIN_H
#define FLUX_BROKER_NET_REJOIN_H

#include <flux/message.h>

struct attrs;
struct bootstrap_info;
struct overlay;
struct router;

void net_rejoin (struct router *rt, struct overlay *ov, const struct attrs *attrs,
                 const struct bootstrap_info *info, const flux_msg_t *msg);

#endif /* !FLUX_BROKER_NET_REJOIN_H */
