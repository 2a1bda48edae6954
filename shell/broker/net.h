/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Joins the router to the overlay, and provides the `overlay` service. */

#ifndef FLUX_BROKER_NET_H
#define FLUX_BROKER_NET_H

#include <stdbool.h>
#include <stdint.h>
#include <jansson.h>
#include <flux/types.h>

#include "lib/overlay/overlay.h"

struct attrs;
struct bootstrap;
struct net;
struct router;

struct net_ops {
    void (*parent_up) (void *arg);
    void (*parent_lost) (bool final, const char *reason, void *arg);
    void (*rank_state) (uint32_t rank, enum overlay_rank_state state, void *arg); // rank 0 only
    void (*online) (void *arg); // the set of ranks below changed
};

/* Make the overlay by the attributes tbon.* and the configuration (net_conf.h), bind it, wire up by
 * the bootstrap, and begin to connect to the parent. ops may be called from then on. */
struct net *net_create (struct router *rt, struct attrs *attrs, const json_t *config,
                        struct bootstrap *b, const struct net_ops *ops, void *arg,
                        flux_error_t *errp);

/* The same for an instance that was of one broker and has been bootstrapped: it gets more. */
struct net *net_create_late (struct router *rt, struct attrs *attrs, const json_t *config,
                             struct bootstrap *b, uint32_t size, const struct net_ops *ops,
                             void *arg, flux_error_t *errp);
void net_destroy (struct net *net);

/* The instance has more ranks. EINVAL with a sentence. */
int net_grow (struct net *net, uint32_t size, flux_error_t *errp);

/* Another configuration: tbon.torpid_min and torpid_max take effect, the rest at the next start. */
int net_check_config (const json_t *config, flux_error_t *errp);
void net_apply_config (struct net *net, const json_t *config);

struct overlay *net_overlay (const struct net *net);

#endif /* !FLUX_BROKER_NET_H */
