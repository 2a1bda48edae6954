/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How much of what a service streams to a client of another broker is still on its way. Messages
 * between two brokers keep their order: so after some bytes a request `flow.drained` follows them,
 * along the way of the answers from broker to broker, and the client's own broker answers it when
 * the client has read enough. What was sent before it has then arrived, and waits for nobody. */

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/request.h>
#include <flux/response.h>

#include "lib/util/uuid.h"
#include "shell/broker/router_client_private.h"

#define ASK_AFTER (64u << 10) // bytes

/* One client that something is streamed to. */
struct flow {
    char client[UUID_STRING_SIZE];
    struct router *rt;
    json_t *route; // from the client on, without the next broker
    char *next;    // that broker
    size_t holders;
    size_t sent, asked, arrived; // bytes; asked: those that the open question is about
    bool asking;
    UT_hash_handle hh;
};

/* A question that was passed on. */
struct passed {
    struct router *rt;
    const flux_msg_t *msg;
    struct passed *prev, *next;
};

struct flow_table {
    struct flow *flows;
    struct passed *passed;
};

static void flow_free (struct flow *f)
{
    json_decref (f->route);
    free (f->next);
    free (f);
}

static void passed_free (struct passed *p)
{
    DL_DELETE (p->rt->flows->passed, p);
    flux_msg_decref (p->msg);
    free (p);
}

struct flow_table *flow_table_create (void)
{
    return calloc (1, sizeof (struct flow_table));
}

void flow_table_destroy (struct flow_table *t)
{
    if (t) {
        struct flow *f, *tmp;
        HASH_ITER (hh, t->flows, f, tmp)
        {
            HASH_DEL (t->flows, f);
            flow_free (f);
        }
        while (t->passed)
            passed_free (t->passed);
        free (t);
    }
}

static struct flow *flow_lookup (struct router *rt, const flux_msg_t *msg)
{
    const char *client = rt->flows->flows ? flux_msg_route_first (msg) : NULL;
    struct flow *f = NULL;

    if (client)
        HASH_FIND_STR (rt->flows->flows, client, f);
    return f;
}

/* ---- where it comes from */

static void ask (struct flow *f);

static void drop_if_over (struct flow *f)
{
    if (f->holders == 0 && !f->asking) {
        HASH_DEL (f->rt->flows->flows, f);
        flow_free (f);
    }
}

/* Whoever can't be asked any more is not waited for: the services hear of its end. */
static void drained_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct flow *f = arg;

    f->asking = false;
    f->arrived = f->asked;
    if (f->sent - f->arrived >= ASK_AFTER)
        ask (f);
    drop_if_over (f);
}

static int peer_rank (struct router *rt, const char *uuid)
{
    if (!rt->overlay || !rt->overlay->peer_rank)
        return -1;
    return rt->overlay->peer_rank (rt->overlay_arg, uuid);
}

static uint32_t ask_peer (struct router *rt, int rank, json_t *route, response_f cb, void *arg)
{
    return rank < 0
               ? 0
               : router_rpc_pack (rt, "flow.drained", rank, 0, cb, arg, "{s:O}", "route", route);
}

static void ask (struct flow *f)
{
    f->asked = f->sent;
    f->asking = ask_peer (f->rt, peer_rank (f->rt, f->next), f->route, drained_cb, f) != 0;
    if (!f->asking)
        f->arrived = f->asked;
}

/* The stack without its last entry, as an array. */
static json_t *routes_below (const flux_msg_t *request)
{
    flux_msg_t *copy = flux_msg_copy (request, false);
    json_t *route = json_array ();
    const char *id;

    while (copy && flux_msg_route_delete_last (copy) == 0 && (id = flux_msg_route_last (copy)))
        json_array_insert_new (route, 0, json_string (id));
    flux_msg_decref (copy);
    return route;
}

static struct flow *flow_create (struct router *rt, const flux_msg_t *request)
{
    struct flow *f = calloc (1, sizeof (*f));

    if (!f || !(f->route = routes_below (request)) ||
        !(f->next = strdup (flux_msg_route_last (request)))) {
        if (f)
            flow_free (f);
        return NULL;
    }
    f->rt = rt;
    snprintf (f->client, sizeof (f->client), "%s", flux_msg_route_first (request));
    HASH_ADD_STR (rt->flows->flows, client, f);
    return f;
}

void router_flow_hold (struct router *rt, const flux_msg_t *request)
{
    const char *last = flux_msg_route_last (request);
    struct flow *f;

    if (!last || client_lookup (rt, last) ||
        strlen (flux_msg_route_first (request)) >= UUID_STRING_SIZE)
        return;
    if ((f = flow_lookup (rt, request)) || (f = flow_create (rt, request)))
        f->holders++;
}

void router_flow_release (struct router *rt, const flux_msg_t *request)
{
    struct flow *f = flow_lookup (rt, request);

    if (!f || f->holders == 0)
        return;
    f->holders--;
    if (!f->asking && f->sent - f->arrived >= ASK_AFTER)
        ask (f); // another stream of this client may come before that has arrived
    drop_if_over (f);
}

void flow_count (struct router *rt, const flux_msg_t *response)
{
    struct flow *f = flow_lookup (rt, response);
    const void *data;
    size_t len = 0;

    if (!f)
        return;
    flux_msg_get_payload (response, &data, &len);
    f->sent += len;
    if (!f->asking && f->sent - f->arrived >= ASK_AFTER)
        ask (f);
}

size_t router_backlog (struct router *rt, const flux_msg_t *request)
{
    const char *last = flux_msg_route_last (request);
    struct client *c = last ? client_lookup (rt, last) : NULL;
    struct flow *f = last && !c ? flow_lookup (rt, request) : NULL;

    return c ? msgio_pending (c->io) : f ? f->sent - f->arrived : 0;
}

/* ---- on its way, and where the client is */

static void passed_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct passed *p = arg;
    int errnum = 0;

    if (flux_msg_get_errnum (response, &errnum) < 0 || errnum)
        router_respond_error (rt, p->msg, errnum, NULL);
    else
        router_respond (rt, p->msg, NULL);
    passed_free (p);
}

static int pass_on (struct router *rt, const flux_msg_t *msg, const char *uuid, json_t *route)
{
    struct passed *p = calloc (1, sizeof (*p));
    int rank = peer_rank (rt, uuid);

    if (!p)
        return -1;
    p->rt = rt;
    p->msg = flux_msg_incref (msg);
    DL_APPEND (rt->flows->passed, p);
    json_array_remove (route, json_array_size (route) - 1);
    if (ask_peer (rt, rank, route, passed_cb, p) != 0)
        return 0;
    passed_free (p);
    errno = EHOSTUNREACH;
    return -1;
}

static void drained_request_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    json_t *route;
    const char *uuid;
    struct client *c;

    if (flux_request_unpack (msg, NULL, "{s:o}", "route", &route) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (json_array_size (route) == 0) {
        router_respond (rt, msg, NULL); // the broker itself
    } else if (!(uuid = json_string_value (json_array_get (route, json_array_size (route) - 1)))) {
        router_respond_error (rt, msg, EPROTO, NULL);
    } else if ((c = client_lookup (rt, uuid))) {
        if (client_tell_drained (c, msg) < 0)
            router_respond_error (rt, msg, errno, NULL);
    } else if (pass_on (rt, msg, uuid, route) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    }
}

static const struct handler_row rows[] = {
    {"drained", drained_request_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

int flow_service_add (struct router *rt)
{
    return router_service_add (rt, "flow", rows, NULL);
}
