/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The way of each message; see router.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/broker/router_private.h"

static void refuse_no_service (struct router *rt, const flux_msg_t *msg)
{
    const char *topic = NULL;
    char text[128];

    flux_msg_get_topic (msg, &topic);
    int len = topic ? strcspn (topic, ".") : 0;
    snprintf (text, sizeof (text), "No service matching %.*s is registered", len > 80 ? 80 : len,
              topic ? topic : "");
    router_respond_error (rt, msg, ENOSYS, text);
}

static void send_up (struct router *rt, const flux_msg_t *msg)
{
    if (!rt->overlay) {
        refuse_no_service (rt, msg);
    } else if (rt->overlay->send_parent (rt->overlay_arg, msg) < 0) {
        router_respond_error (rt, msg, errno, "the overlay parent cannot be reached");
    } else {
        track_request (rt, msg, TRACK_PARENT);
    }
}

static void request_here_or_up (struct router *rt, const flux_msg_t *msg)
{
    if (service_take_request (rt, msg))
        return;
    if (rt->rank == 0)
        refuse_no_service (rt, msg);
    else
        send_up (rt, msg);
}

/* A message that came from the parent never goes back up: it would go in a circle. */
static void request_to_rank (struct router *rt, uint32_t rank, const flux_msg_t *msg,
                             bool from_parent)
{
    int child = -1;

    if (rank >= rt->size || !rt->overlay) {
        router_respond_error (rt, msg, EHOSTUNREACH, "there is no such rank");
    } else if ((child = rt->overlay->child_route (rt->overlay_arg, rank)) >= 0) {
        if (rt->overlay->send_child (rt->overlay_arg, child, msg) < 0)
            router_respond_error (rt, msg, errno, "the rank cannot be reached");
        else
            track_request (rt, msg, child);
    } else if (rt->rank == 0 || from_parent) {
        router_respond_error (rt, msg, EHOSTUNREACH, "the rank is offline");
    } else {
        send_up (rt, msg);
    }
}

static void route_request (struct router *rt, const flux_msg_t *msg, bool from_parent)
{
    uint32_t nodeid = FLUX_NODEID_ANY;

    flux_msg_get_nodeid (msg, &nodeid);
    if (flux_msg_has_flag (
            msg,
            FLUX_MSGFLAG_UPSTREAM)) { // RFC 3: nodeid is the sender's rank, which is passed over
        if (nodeid != rt->rank)
            request_here_or_up (rt, msg);
        else if (rt->rank == 0)
            router_respond_error (rt, msg, EHOSTUNREACH, "rank 0 has no parent");
        else
            send_up (rt, msg);
    } else if (nodeid == FLUX_NODEID_ANY) {
        request_here_or_up (rt, msg);
    } else if (nodeid == rt->rank) {
        if (!service_take_request (rt, msg))
            refuse_no_service (rt, msg);
    } else {
        request_to_rank (rt, nodeid, msg, from_parent);
    }
}

static void route_response (struct router *rt, flux_msg_t *msg)
{
    const char *last = flux_msg_route_last (msg);
    struct client *client;

    if (!last) {
        rpc_table_answer (rt, msg);
    } else if ((client = client_lookup (rt, last))) {
        flux_msg_route_delete_last (msg);
        client_send (client, msg);
    } else if (rt->overlay) {
        rt->overlay->respond (rt->overlay_arg, msg); // a peer that is gone waits no more
    }
}

static void route (struct router *rt, flux_msg_t *msg, bool from_parent)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_REQUEST)
        route_request (rt, msg, from_parent);
    else if (type == FLUX_MSGTYPE_RESPONSE)
        route_response (rt, msg);
    else if (type == FLUX_MSGTYPE_EVENT)
        router_event_input (rt, msg);
}

void router_input (struct router *rt, flux_msg_t *msg)
{
    route (rt, msg, false);
    flux_msg_decref (msg);
}

void router_input_peer (struct router *rt, flux_msg_t *msg, bool from_parent)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type != FLUX_MSGTYPE_RESPONSE || track_response (rt, msg))
        route (rt, msg, from_parent);
    flux_msg_decref (msg);
}

void router_parent_lost (struct router *rt)
{
    track_fail (rt, TRACK_PARENT, "the overlay link was lost");
}

void router_child_lost (struct router *rt, uint32_t rank)
{
    track_fail (rt, rank, "the overlay link was lost");
}

void router_send_request (struct router *rt, flux_msg_t *msg)
{
    router_enqueue (rt, msg);
}

void router_send_response (struct router *rt, flux_msg_t *msg)
{
    if (flux_msg_route_last (msg)) {
        route_response (rt, msg);
        flow_count (rt, msg);
        flux_msg_decref (msg);
    } else {
        router_enqueue (rt, msg); // a callback of this broker never runs in the answerer's stack
    }
}

struct router *router_create (struct ev_loop *loop, uint32_t rank, uint32_t size, uint32_t owner)
{
    struct router *rt = calloc (1, sizeof (*rt));

    if (!rt)
        return NULL;
    rt->loop = loop;
    rt->rank = rank;
    rt->size = size;
    rt->owner = owner;
    router_turn_start (rt);
    if (!(rt->rpcs = rpc_table_create ()) || !(rt->events = event_table_create (rt)) ||
        !(rt->clients = client_table_create ()) || !(rt->tracks = track_table_create ()) ||
        !(rt->flows = flow_table_create ()) || flow_service_add (rt) < 0) {
        router_destroy (rt);
        return NULL;
    }
    return rt;
}

void router_destroy (struct router *rt)
{
    if (!rt)
        return;
    int saved_errno = errno;

    client_table_destroy (rt->clients);
    track_table_destroy (rt->tracks);
    flow_table_destroy (rt->flows);
    event_table_destroy (rt->events);
    rpc_table_destroy (rt->rpcs);
    router_turn_stop (rt);
    service_table_clear (rt);
    free (rt);
    errno = saved_errno;
}

void router_set_overlay (struct router *rt, const struct router_overlay_ops *ops, void *arg)
{
    rt->overlay = ops;
    rt->overlay_arg = arg;
}

uint32_t router_rank (const struct router *rt)
{
    return rt->rank;
}

void router_set_size (struct router *rt, uint32_t size)
{
    rt->size = size;
}

uint32_t router_size (const struct router *rt)
{
    return rt->size;
}

struct ev_loop *router_loop (const struct router *rt)
{
    return rt->loop;
}

bool router_rank_below (const struct router *rt, uint32_t rank)
{
    return rank == rt->rank ||
           (rt->overlay && rt->overlay->child_route (rt->overlay_arg, rank) >= 0);
}
