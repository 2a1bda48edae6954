/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests of a local client that are the connection's own affair: subscriptions and services. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/broker/router_client_private.h"

#define CLIENT_SUBSCRIPTIONS_MAX 65536

struct client_sub {
    char *prefix;
    int count;
    UT_hash_handle hh;
};

static void sub_free (struct client_sub *sub)
{
    free (sub->prefix);
    free (sub);
}

void client_subs_free (struct client *c)
{
    struct client_sub *sub, *tmp;

    HASH_ITER (hh, c->subs, sub, tmp)
    {
        HASH_DEL (c->subs, sub);
        sub_free (sub);
    }
}

bool client_is_subscribed (const struct client *c, const char *topic)
{
    struct client_sub *sub, *tmp;

    HASH_ITER (hh, c->subs, sub, tmp)
    {
        if (strncmp (topic, sub->prefix, strlen (sub->prefix)) == 0)
            return true;
    }
    return false;
}

bool client_has_subscription (struct router *rt, const char *prefix)
{
    struct client *c, *tmp;
    struct client_sub *sub, *subtmp;

    HASH_ITER (hh, rt->clients->clients, c, tmp)
    {
        HASH_ITER (hh, c->subs, sub, subtmp)
        {
            if (strncmp (sub->prefix, prefix, strlen (prefix)) == 0)
                return true;
        }
    }
    return false;
}

static void event_subscribe (struct client *c, const flux_msg_t *msg)
{
    const char *topic;
    struct client_sub *sub;

    if (flux_request_unpack (msg, NULL, "{s:s}", "topic", &topic) < 0)
        goto error;
    HASH_FIND_STR (c->subs, topic, sub);
    if (!sub) {
        if (HASH_COUNT (c->subs) >= CLIENT_SUBSCRIPTIONS_MAX) {
            errno = ENOSPC;
            goto error;
        }
        if (!(sub = calloc (1, sizeof (*sub))) || !(sub->prefix = strdup (topic))) {
            free (sub);
            goto error;
        }
        HASH_ADD_KEYPTR (hh, c->subs, sub->prefix, strlen (sub->prefix), sub);
    }
    sub->count++;
    router_respond (c->rt, msg, NULL);
    event_subscribed (c->rt, topic);
    return;
error:
    router_respond_error (c->rt, msg, errno, NULL);
}

static void event_unsubscribe (struct client *c, const flux_msg_t *msg)
{
    const char *topic;
    struct client_sub *sub = NULL;

    if (flux_request_unpack (msg, NULL, "{s:s}", "topic", &topic) < 0) {
        router_respond_error (c->rt, msg, errno, NULL);
        return;
    }
    HASH_FIND_STR (c->subs, topic, sub);
    if (!sub) {
        router_respond_error (c->rt, msg, ENOENT, NULL);
        return;
    }
    if (--sub->count == 0) {
        HASH_DEL (c->subs, sub);
        sub_free (sub);
    }
    router_respond (c->rt, msg, NULL);
}

/* A guest may provide services of its own only: "<userid>-name", as job shells of guests do. */
static bool may_provide (const struct client *c, const char *name)
{
    char prefix[16];

    if ((c->cred.rolemask & FLUX_ROLE_OWNER))
        return true;
    snprintf (prefix, sizeof (prefix), "%u-", (unsigned)c->cred.userid);
    return strncmp (name, prefix, strlen (prefix)) == 0;
}

static void service_add (struct client *c, const flux_msg_t *msg)
{
    const char *name;

    if (flux_request_unpack (msg, NULL, "{s:s}", "service", &name) < 0) {
        router_respond_error (c->rt, msg, errno, NULL);
    } else if (!*name || strlen (name) > 128) {
        router_respond_error (c->rt, msg, EINVAL, "not a service name");
    } else if (!may_provide (c, name)) {
        router_respond_error (c->rt, msg, EPERM, "guests may only add services named UID-...");
    } else if (service_add_client (c->rt, name, c) < 0) {
        router_respond_error (c->rt, msg, errno, NULL);
    } else {
        router_respond (c->rt, msg, NULL);
    }
}

static void service_remove (struct client *c, const flux_msg_t *msg)
{
    const char *name;

    if (flux_request_unpack (msg, NULL, "{s:s}", "service", &name) < 0 ||
        service_remove_client (c->rt, name, c) < 0)
        router_respond_error (c->rt, msg, errno, NULL);
    else
        router_respond (c->rt, msg, NULL);
}

static const struct {
    const char *topic;
    void (*handler) (struct client *c, const flux_msg_t *msg);
} own_requests[] = {
    {"event.subscribe", event_subscribe},
    {"event.unsubscribe", event_unsubscribe},
    {"service.add", service_add},
    {"service.remove", service_remove},
};

bool client_handle_own (struct client *c, const char *topic, const flux_msg_t *msg)
{
    for (size_t i = 0; i < sizeof (own_requests) / sizeof (own_requests[0]); i++) {
        if (strcmp (topic, own_requests[i].topic) == 0) {
            own_requests[i].handler (c, msg);
            return true;
        }
    }
    return false;
}
