/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Joins the router to the overlay, see net.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/broker/net_conf.h"
#include "shell/broker/net_private.h"
#include "shell/broker/net_watch.h"
#include "shell/broker/router_overlay.h"

static void recv_cb (struct overlay *ov, flux_msg_t *msg, uint32_t peer, bool from_parent,
                     void *arg)
{
    struct net *net = arg;

    flux_msg_incref (msg);
    router_input_peer (net->rt, msg, from_parent);
}

static void peer_up_cb (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
}

static void peer_down_cb (struct overlay *ov, uint32_t rank, const char *uuid, bool lost,
                          const char *reason, void *arg)
{
    struct net *net = arg;

    router_child_lost (net->rt, rank);
}

static void rank_state_cb (struct overlay *ov, uint32_t rank, enum overlay_rank_state state,
                           void *arg)
{
    struct net *net = arg;

    if (router_rank (net->rt) == 0)
        net->ops->rank_state (rank, state, net->arg);
}

static void parent_up_cb (struct overlay *ov, uint32_t rank, const char *uuid, void *arg)
{
    struct net *net = arg;

    net->ops->parent_up (net->arg);
}

static void parent_down_cb (struct overlay *ov, bool final, int errnum, const char *reason,
                            void *arg)
{
    struct net *net = arg;

    router_parent_lost (net->rt);
    net->ops->parent_lost (final, errnum ? reason : NULL, net->arg);
}

static void online_cb (struct overlay *ov, void *arg)
{
    struct net *net = arg;

    net->ops->online (net->arg);
}

static void status_cb (struct overlay *ov, uint32_t rank, int status, bool torpid, void *arg)
{
    struct net *net = arg;

    net_watch_child (net->watch, ov, rank, status, torpid);
}

static void trace_cb (struct overlay *ov, const char *dir, uint32_t peer, const flux_msg_t *msg,
                      void *arg)
{
    struct net *net = arg;

    net_watch_message (net->watch, dir, peer, msg);
}

/* What is tried again and again is told once. */
static bool overlay_event_is_news (struct net *net, const char *text)
{
    size_t len = strnlen (text, sizeof (net->last_log) - 1);
    bool same = strncmp (net->last_log, text, len) == 0 && net->last_log[len] == '\0';

    memcpy (net->last_log, text, len);
    net->last_log[len] = '\0';
    return !same;
}

static void log_cb (struct overlay *ov, int level, const char *text, void *arg)
{
    struct net *net = arg;

    if (level <= 4 && overlay_event_is_news (net, text))
        fprintf (stderr, "flux-broker: overlay: %s\n", text);
    if (strncmp (text, "zmq: ", strlen ("zmq: ")) == 0) // tbon.zmqdebug
        router_log (net->rt, level, "overlay", "%s", text);
}

static const struct overlay_ops overlay_ops = {
    .recv = recv_cb,
    .peer_up = peer_up_cb,
    .peer_down = peer_down_cb,
    .parent_up = parent_up_cb,
    .parent_down = parent_down_cb,
    .rank_state = rank_state_cb,
    .online = online_cb,
    .status = status_cb,
    .log = log_cb,
    .trace = trace_cb,
};

static int send_parent (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_send_parent (net->ov, msg);
}

static int send_child (void *arg, uint32_t rank, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_send_child (net->ov, rank, msg);
}

static int respond (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_respond (net->ov, msg);
}

static int broadcast (void *arg, const flux_msg_t *msg)
{
    struct net *net = arg;

    return overlay_bcast (net->ov, msg);
}

static int child_route (void *arg, uint32_t dst)
{
    struct net *net = arg;

    return overlay_child_route (net->ov, dst);
}

static int peer_rank (void *arg, const char *uuid)
{
    struct net *net = arg;

    return overlay_peer_rank (net->ov, uuid);
}

static const struct router_overlay_ops router_ops = {
    .send_parent = send_parent,
    .send_child = send_child,
    .respond = respond,
    .broadcast = broadcast,
    .child_route = child_route,
    .peer_rank = peer_rank,
};

static struct net *create (struct router *rt, struct attrs *attrs, const json_t *config,
                           struct bootstrap *b, uint32_t size, bool late, const struct net_ops *ops,
                           void *arg, flux_error_t *errp)
{
    struct net *net = calloc (1, sizeof (*net));
    const struct bootstrap_info *info = bootstrap_get_info (b);

    if (!net)
        return NULL;
    net->rt = rt;
    net->attrs = attrs;
    net->info = info;
    net->size = size;
    net->late = late;
    net->ops = ops;
    net->arg = arg;
    if (!(net->watch = net_watch_create (rt))) {
        errprintf (errp, "out of memory");
        goto error;
    }
    if (net_conf_attrs (attrs, config, errp) < 0 ||
        net_create_overlay (net, attrs, info, config, &overlay_ops, errp) < 0 ||
        net_wire_up (net, attrs, b, errp) < 0)
        goto error;
    if (net_set_attrs (net, attrs, info) < 0 ||
        router_service_add (rt, "overlay", net_service_rows, net) < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    router_set_overlay (rt, &router_ops, net);
    return net;
error:
    net_destroy (net);
    return NULL;
}

struct net *net_create (struct router *rt, struct attrs *attrs, const json_t *config,
                        struct bootstrap *b, const struct net_ops *ops, void *arg,
                        flux_error_t *errp)
{
    return create (rt, attrs, config, b, bootstrap_get_info (b)->size, false, ops, arg, errp);
}

struct net *net_create_late (struct router *rt, struct attrs *attrs, const json_t *config,
                             struct bootstrap *b, uint32_t size, const struct net_ops *ops,
                             void *arg, flux_error_t *errp)
{
    return create (rt, attrs, config, b, size, true, ops, arg, errp);
}

int net_grow (struct net *net, uint32_t size, flux_error_t *errp)
{
    if (overlay_grow (net->ov, size, errp) < 0)
        return -1;
    net->size = size;
    return net_set_attrs (net, net->attrs, net->info) < 0 ? errprintf (errp, "out of memory") : 0;
}

void net_destroy (struct net *net)
{
    if (net) {
        int saved_errno = errno;
        router_service_remove (net->rt, "overlay");
        router_set_overlay (net->rt, NULL, NULL);
        overlay_destroy (net->ov);
        net_watch_destroy (net->watch);
        free (net);
        errno = saved_errno;
    }
}

struct overlay *net_overlay (const struct net *net)
{
    return net->ov;
}
