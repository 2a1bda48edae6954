/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What goes to a local client. What a turn of the loop has for it leaves in one write. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/event.h>

#include "lib/codec/limits.h"
#include "shell/broker/router_client_private.h"

#define GREETING_DELAY .5      // seconds, at most
#define FLUSH_NOW (256 * 1024) // bytes queued for a client that do not wait for the turn's end

/* What tasks publish (flux-group-protocol(7)) may be lost on those who don't read; they are told of
 * it before anything else comes. No other message is dropped. */
#define PUBLISHED "group.pub."
#define DROPPED "group.dropped"

static void tell_dropped (struct client *c)
{
    flux_msg_t *msg = flux_event_pack (DROPPED, "{s:I}", "count", (json_int_t)c->dropped);
    struct flux_msg_cred cred = {c->rt->owner, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL};

    if (msg && flux_msg_set_cred (msg, cred) == 0 && msgio_send (c->io, msg) == 0)
        c->dropped = 0;
    flux_msg_decref (msg);
}

static bool is_dropped (struct client *c, const char *topic)
{
    if (strncmp (topic, PUBLISHED, strlen (PUBLISHED)) != 0)
        return false;
    if (msgio_pending (c->io) > CLIENT_PUBLISHED_MAX) {
        c->dropped++;
        return true;
    }
    if (c->dropped)
        tell_dropped (c);
    return false;
}

static int write_out (struct client *c)
{
    int rc = msgio_flush (c->io);

    if (rc == 0 && c->dropped) {
        tell_dropped (c);
        rc = msgio_flush (c->io);
    }
    return rc;
}

static void answer_drained (const flux_msg_t *msg, void *arg)
{
    struct client *c = arg;

    router_respond (c->rt, msg, NULL);
}

void client_answer_drained (struct client *c)
{
    if (c->drains) {
        waiters_each (c->drains, answer_drained, c);
        waiters_destroy (c->drains);
        c->drains = NULL;
    }
}

static bool is_drained (const struct client *c)
{
    return msgio_pending (c->io) <= CLIENT_BACKLOG_MAX / 2;
}

int client_tell_drained (struct client *c, const flux_msg_t *msg)
{
    if (is_drained (c))
        return router_respond (c->rt, msg, NULL);
    if (!c->drains && !(c->drains = waiters_create ()))
        return -1;
    return waiters_add (c->drains, msg);
}

void client_flush (struct client *c)
{
    int rc = write_out (c);

    client_greeted (c);

    if (rc < 0)
        client_lose (c);
    else if (rc > 0)
        ev_io_start (c->rt->loop, &c->writer);
    else
        ev_io_stop (c->rt->loop, &c->writer);
    if (c->drains && is_drained (c))
        client_answer_drained (c);
}

static void greeter_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct client_table *t = w->data;

    while (t->greeting_waits)
        client_flush (t->greeting_waits);
}

void client_greet (struct client *c, bool waits)
{
    struct client_table *t = c->rt->clients;

    if (!waits) {
        client_flush (c);
        return;
    }
    c->greeting_waits = true;
    DL_APPEND2 (t->greeting_waits, c, prev_waits, next_waits);
    if (!ev_is_active (&t->greeter)) {
        ev_timer_init (&t->greeter, greeter_cb, GREETING_DELAY, 0.);
        t->greeter.data = t;
        t->loop = c->rt->loop;
        ev_timer_start (c->rt->loop, &t->greeter);
    }
}

void client_greeted (struct client *c)
{
    struct client_table *t = c->rt->clients;

    if (!c->greeting_waits)
        return;
    c->greeting_waits = false;
    DL_DELETE2 (t->greeting_waits, c, prev_waits, next_waits);
}

void client_flush_all (struct router *rt, void *arg)
{
    struct client_table *t = rt->clients;
    struct client *c;

    while ((c = t->unsent)) {
        LL_DELETE2 (t->unsent, c, next_unsent);
        c->unsent = false;
        if (!c->lost)
            client_flush (c);
    }
}

/* One that ends in order answers for what it was asked; one that crashes does not. */
static void before_send (struct client *c, const flux_msg_t *msg)
{
    int type = 0;

    if (c->ops)
        c->ops->sending (msg, c->ops_arg);
    if (flux_msg_get_type (msg, &type) == 0 && type == FLUX_MSGTYPE_REQUEST)
        track_request (c->rt, msg, c->track);
}

int client_send (struct client *c, const flux_msg_t *msg)
{
    if (c->lost) {
        errno = EHOSTUNREACH;
        return -1;
    }
    before_send (c, msg);
    if (msgio_send (c->io, msg) < 0) {
        client_lose (c);
        errno = EHOSTUNREACH;
        return -1;
    }
    if (ev_is_active (&c->writer))
        return 0; // more goes out when it reads again
    if (msgio_pending (c->io) > FLUSH_NOW) {
        client_flush (c);
    } else if (!c->unsent) {
        c->unsent = true;
        LL_PREPEND2 (c->rt->clients->unsent, c, next_unsent);
        router_at_turn_end (c->rt, client_flush_all, NULL);
    }
    return 0;
}

void client_broadcast_event (struct router *rt, const flux_msg_t *msg, const char *topic)
{
    struct client *c, *tmp;
    struct flux_msg_cred cred = {0};
    bool private = flux_msg_is_private (msg);

    flux_msg_get_cred (msg, &cred);
    HASH_ITER (hh, rt->clients->clients, c, tmp)
    {
        if (!c->lost && client_is_subscribed (c, topic) &&
            (!private || flux_msg_cred_authorize (c->cred, cred.userid) == 0) &&
            !is_dropped (c, topic))
            client_send (c, msg);
    }
}
