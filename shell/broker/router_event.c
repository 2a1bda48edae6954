/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Events (RFC 3): rank 0 gives each its sequence number, from there they go down the tree. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <flux/event.h>
#include <flux/request.h>

#include "lib/util/base64.h"
#include "shell/broker/router_private.h"

struct subscription {
    char *prefix;
    event_f cb;
    void *arg;
    struct subscription *next;
};

struct event_table {
    struct subscription *subs;
    const char *watched; // prefix of the subscriptions that watch_cb hears of, or NULL
    void (*watch_cb) (void *arg);
    void *watch_arg;
    uint32_t last_seq; // published (rank 0) or received
};

static void publish_cb (struct router *rt, const flux_msg_t *msg, void *arg);

static const struct handler_row rows[] = {
    {"publish", publish_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

struct event_table *event_table_create (struct router *rt)
{
    struct event_table *t = calloc (1, sizeof (*t));

    if (t && router_service_add (rt, "event", rows, t) < 0) {
        free (t);
        return NULL;
    }
    return t;
}

static void subscription_free (struct subscription *sub)
{
    if (sub) {
        free (sub->prefix);
        free (sub);
    }
}

void event_table_destroy (struct event_table *t)
{
    if (t) {
        while (t->subs) {
            struct subscription *sub = t->subs;
            t->subs = sub->next;
            subscription_free (sub);
        }
        free (t);
    }
}

int router_event_subscribe (struct router *rt, const char *prefix, event_f cb, void *arg)
{
    struct subscription *sub = calloc (1, sizeof (*sub));

    if (!sub || !(sub->prefix = strdup (prefix))) {
        subscription_free (sub);
        return -1;
    }
    sub->cb = cb;
    sub->arg = arg;
    sub->next = rt->events->subs;
    rt->events->subs = sub;
    event_subscribed (rt, prefix);
    return 0;
}

void event_subscribed (struct router *rt, const char *prefix)
{
    struct event_table *t = rt->events;

    if (t->watched && strncmp (prefix, t->watched, strlen (t->watched)) == 0)
        t->watch_cb (t->watch_arg);
}

void router_event_watch (struct router *rt, const char *prefix, void (*cb) (void *arg), void *arg)
{
    rt->events->watched = prefix;
    rt->events->watch_cb = cb;
    rt->events->watch_arg = arg;
}

bool router_event_has_subscriber (struct router *rt, const char *prefix)
{
    for (struct subscription *sub = rt->events->subs; sub; sub = sub->next) {
        if (strncmp (sub->prefix, prefix, strlen (prefix)) == 0)
            return true;
    }
    return client_has_subscription (rt, prefix);
}

void router_event_unsubscribe (struct router *rt, const char *prefix, event_f cb, void *arg)
{
    for (struct subscription **p = &rt->events->subs; *p; p = &(*p)->next) {
        struct subscription *sub = *p;
        if (sub->cb == cb && sub->arg == arg && strcmp (sub->prefix, prefix) == 0) {
            *p = sub->next;
            subscription_free (sub);
            return;
        }
    }
}

/* Guests may publish too (RFC 12). The broker's own services believe the owner only. */
static bool is_owners (const flux_msg_t *msg)
{
    uint32_t rolemask = 0;

    return flux_msg_get_rolemask (msg, &rolemask) == 0 && (rolemask & FLUX_ROLE_OWNER);
}

static void deliver (struct router *rt, const flux_msg_t *msg)
{
    const char *topic;
    struct subscription *sub, *next;

    if (flux_msg_get_topic (msg, &topic) < 0)
        return;
    if (rt->overlay)
        rt->overlay->broadcast (rt->overlay_arg, msg);
    client_broadcast_event (rt, msg, topic);
    for (sub = is_owners (msg) ? rt->events->subs : NULL; sub; sub = next) {
        next = sub->next; // a callback may unsubscribe itself
        if (strncmp (topic, sub->prefix, strlen (sub->prefix)) == 0)
            sub->cb (rt, msg, sub->arg);
    }
}

static void publish (struct router *rt, flux_msg_t *msg)
{
    flux_msg_route_disable (msg);
    if (flux_msg_set_seq (msg, ++rt->events->last_seq) == 0)
        deliver (rt, msg);
}

void router_event_input (struct router *rt, flux_msg_t *msg)
{
    uint32_t seq = 0;

    if (flux_msg_get_seq (msg, &seq) < 0)
        return;
    if (rt->rank == 0) {
        publish (rt, msg);
    } else if (seq == 0) {
        rt->overlay->send_parent (rt->overlay_arg, msg);
    } else if ((int32_t)(seq - rt->events->last_seq) > 0) { // never twice, never backwards
        rt->events->last_seq = seq;
        deliver (rt, msg);
    }
}

static void publish_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    const char *topic, *payload = NULL;
    int flags;
    struct flux_msg_cred cred;
    void *data = NULL;
    size_t len = 0;
    flux_msg_t *event = NULL;

    if (rt->rank > 0) {
        router_respond_error (rt, msg, EPROTO, "this service is only available on rank 0");
        return;
    }
    if (flux_request_unpack (msg, NULL, "{s:s s:i s?s}", "topic", &topic, "flags", &flags,
                             "payload", &payload) < 0 ||
        flux_msg_get_cred (msg, &cred) < 0)
        goto error;
    if ((flags & ~FLUX_MSGFLAG_PRIVATE)) {
        errno = EPROTO;
        goto error;
    }
    if (payload && !(data = base64_decode_alloc (payload, strlen (payload), &len)))
        goto error;
    if (!(event = flux_event_encode_raw (topic, data, len)) ||
        flux_msg_set_cred (event, cred) < 0 ||
        ((flags & FLUX_MSGFLAG_PRIVATE) && flux_msg_set_private (event) < 0))
        goto error;
    publish (rt, event);
    router_respond_pack (rt, msg, "{s:I}", "seq", (json_int_t)rt->events->last_seq);
    flux_msg_decref (event);
    free (data);
    return;
error:
    router_respond_error (rt, msg, errno, NULL);
    flux_msg_decref (event);
    free (data);
}

static int publish_own (struct router *rt, const char *topic, const char *payload, bool private)
{
    flux_msg_t *msg = flux_event_encode (topic, payload);
    struct flux_msg_cred cred = {rt->owner, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL};

    if (!msg || flux_msg_set_cred (msg, cred) < 0 || (private && flux_msg_set_private (msg) < 0)) {
        flux_msg_decref (msg);
        return -1;
    }
    return router_enqueue (rt, msg);
}

int router_publish (struct router *rt, const char *topic, const char *payload)
{
    return publish_own (rt, topic, payload, false);
}

int router_publish_private (struct router *rt, const char *topic, const char *payload)
{
    return publish_own (rt, topic, payload, true);
}

int router_publish_pack (struct router *rt, const char *topic, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    char *s = router_vpack (fmt, ap);
    va_end (ap);
    if (!s)
        return -1;
    int rc = router_publish (rt, topic, s);
    free (s);
    return rc;
}
