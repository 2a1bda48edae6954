/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the router asks of the network between brokers. A table of functions, so that the router is
 * tested without a network, and an instance of one broker needs none. */

#ifndef FLUX_BROKER_ROUTER_OVERLAY_H
#define FLUX_BROKER_ROUTER_OVERLAY_H

#include <stdbool.h>
#include <flux/message.h>

#include "shell/broker/router.h"

/* Each takes the message for the call only and returns 0, or -1 with errno (EHOSTUNREACH). */
struct router_overlay_ops {
    int (*send_parent) (void *arg, const flux_msg_t *msg);
    int (*send_child) (void *arg, uint32_t rank, const flux_msg_t *msg);
    int (*respond) (void *arg, const flux_msg_t *msg);   // to the peer that is last in its routes
    int (*broadcast) (void *arg, const flux_msg_t *msg); // an event to all children
    int (*child_route) (void *arg, uint32_t dst);        // the child on the way to dst, or -1
    int (*peer_rank) (void *arg, const char *uuid);      // of a child or the parent, or -1
};

struct router *router_create (struct ev_loop *loop, uint32_t rank, uint32_t size, uint32_t owner);
void router_destroy (struct router *rt);

/* There are more ranks now. */
void router_set_size (struct router *rt, uint32_t size);

void router_set_overlay (struct router *rt, const struct router_overlay_ops *ops, void *arg);

/* A message came from a peer; its route stack is as RFC 3 asks: a request's last route is that
 * peer, a response's last route is whom it is for. Takes over the reference. */
void router_input_peer (struct router *rt, flux_msg_t *msg, bool from_parent);

/* The link to the parent, or to a child, is gone: requests that went that way get EHOSTUNREACH, and
 * an answer that comes late is dropped. */
void router_parent_lost (struct router *rt);
void router_child_lost (struct router *rt, uint32_t rank);

#endif /* !FLUX_BROKER_ROUTER_OVERLAY_H */
