/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files that join the router to the overlay share; nobody else includes it.
 *
 *   net.c          what the one tells the other
 *   net_setup.c    the overlay out of attributes, configuration and bootstrap
 *   net_service.c  the `overlay` service */

#ifndef FLUX_BROKER_NET_PRIVATE_H
#define FLUX_BROKER_NET_PRIVATE_H

#include "lib/bootstrap/bootstrap.h"
#include "lib/overlay/overlay.h"
#include "shell/broker/attr.h"
#include "shell/broker/net.h"
#include "shell/broker/router.h"

struct net {
    char last_log[256];
    struct router *rt;
    struct attrs *attrs;
    const struct bootstrap_info *info;
    uint32_t size;
    bool late; // bootstrapped long ago
    struct overlay *ov;
    struct net_watch *watch;
    const struct net_ops *ops;
    void *arg;
};

/* Requests to the overlay service; the argument is the struct net. */
extern const struct handler_row net_service_rows[];

/* Make net->ov. */
int net_create_overlay (struct net *net, struct attrs *attrs, const struct bootstrap_info *info,
                        const json_t *config, const struct overlay_ops *ops, flux_error_t *errp);

/* Bind, finish the bootstrap, connect to the parent. */
int net_wire_up (struct net *net, struct attrs *attrs, struct bootstrap *b, flux_error_t *errp);

/* The attributes that tell of the tree. */
int net_set_attrs (struct net *net, struct attrs *attrs, const struct bootstrap_info *info);

#endif /* !FLUX_BROKER_NET_PRIVATE_H */
