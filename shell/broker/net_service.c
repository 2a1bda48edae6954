/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The `overlay` service. */

#include <errno.h>

#include <flux/request.h>

#include "shell/broker/net_private.h"
#include "shell/broker/net_rejoin.h"
#include "shell/broker/net_watch.h"

static void health_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_health (net->watch, net->ov, msg);
}

static void monitor_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_monitor (net->watch, net->ov, msg);
}

static void trace_request_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_trace (net->watch, msg);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_watch_disconnect (net->watch, msg);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    router_respond_pack (rt, msg, "o", overlay_stats (net->ov));
}

static void topology_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;
    int rank;

    if (flux_request_unpack (msg, NULL, "{s:i}", "rank", &rank) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (rank < 0 || (uint32_t)rank >= router_size (rt)) {
        router_respond_error (rt, msg, EINVAL, "there is no such rank");
    } else {
        router_respond_pack (rt, msg, "o", topology_json (overlay_topology (net->ov), rank));
    }
}

static void disconnect_subtree_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;
    int rank;

    if (flux_request_unpack (msg, NULL, "{s:i}", "rank", &rank) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (overlay_disconnect_child (net->ov, rank, "disconnected by request") < 0)
        router_respond_error (rt, msg, errno, "no such child is connected");
    else
        router_respond (rt, msg, NULL);
}

static void rejoin_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct net *net = arg;

    net_rejoin (rt, net->ov, net->attrs, net->info, msg);
}

const struct handler_row net_service_rows[] = {
    {"health", health_cb, FLUX_ROLE_ALL},
    {"monitor", monitor_cb, FLUX_ROLE_ALL},
    {"trace", trace_request_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"topology", topology_cb, FLUX_ROLE_ALL},
    {"disconnect-subtree", disconnect_subtree_cb, FLUX_ROLE_OWNER},
    {"rejoin", rejoin_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};
