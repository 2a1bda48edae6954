/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Those who watch the overlay: its health, its children, its messages. */

#ifndef FLUX_BROKER_NET_WATCH_H
#define FLUX_BROKER_NET_WATCH_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/message.h>

#include "lib/overlay/overlay.h"

struct net_watch;
struct router;

struct net_watch *net_watch_create (struct router *rt);
void net_watch_destroy (struct net_watch *w);

/* overlay.health: the answer, and with a streaming request again when the status changes. */
void net_watch_health (struct net_watch *w, struct overlay *ov, const flux_msg_t *msg);

/* overlay.monitor, streaming: {"rank":i "status":s "torpid":b} of each child that is there, then of
 * each that changes. */
void net_watch_monitor (struct net_watch *w, struct overlay *ov, const flux_msg_t *msg);

/* overlay.trace, streaming: {"typemask":i "topic_glob":s "nodeid":i ["full":b]}, see
 * flux-overlay(1). nodeid -1: all peers. */
void net_watch_trace (struct net_watch *w, const flux_msg_t *msg);

void net_watch_disconnect (struct net_watch *w, const flux_msg_t *msg);

/* What happened. */
void net_watch_child (struct net_watch *w, struct overlay *ov, uint32_t rank, int status,
                      bool torpid);
void net_watch_message (struct net_watch *w, const char *prefix, uint32_t peer,
                        const flux_msg_t *msg);

#endif /* !FLUX_BROKER_NET_WATCH_H */
