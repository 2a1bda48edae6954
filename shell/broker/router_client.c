/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Local clients: commands, job shells, tasks. A client that does not read what it asked for is cut
 * off, not waited for. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/util/uuid.h"
#include "shell/broker/router_client_private.h"

struct client_table *client_table_create (void)
{
    return calloc (1, sizeof (struct client_table));
}

static void client_free (struct client *c)
{
    ev_io_stop (c->rt->loop, &c->reader);
    ev_io_stop (c->rt->loop, &c->writer);
    client_subs_free (c);
    client_armed_free (c);
    waiters_destroy (c->drains);
    msgio_destroy (c->io);
    free (c);
}

void client_table_destroy (struct client_table *t)
{
    if (t) {
        struct client *c, *tmp;
        if (t->loop)
            ev_timer_stop (t->loop, &t->greeter);
        LL_FOREACH_SAFE2 (t->lost, c, tmp, next_lost)
        client_free (c);
        HASH_ITER (hh, t->clients, c, tmp)
        {
            HASH_DEL (t->clients, c);
            msgio_flush (c->io);
            client_free (c);
        }
        free (t);
    }
}

struct client *client_lookup (struct router *rt, const char *uuid)
{
    struct client *c;

    HASH_FIND_STR (rt->clients->clients, uuid, c);
    return c;
}

static void free_lost (struct router *rt, void *arg)
{
    struct client_table *t = rt->clients;
    struct client *c, *tmp;

    client_flush_all (rt, NULL);
    LL_FOREACH_SAFE2 (t->lost, c, tmp, next_lost)
    {
        LL_DELETE2 (t->lost, c, next_lost);
        client_free (c);
    }
}

void client_lose (struct client *c)
{
    if (c->lost)
        return;
    c->lost = true;
    ev_io_stop (c->rt->loop, &c->reader);
    ev_io_stop (c->rt->loop, &c->writer);
    client_greeted (c);
    service_remove_all_of_client (c->rt, c);
    client_send_disconnects (c);
    client_answer_drained (c);
    HASH_DEL (c->rt->clients->clients, c);
    LL_PREPEND2 (c->rt->clients->lost, c, next_lost);
    router_at_turn_end (c->rt, free_lost, NULL);
    if (c->ops)
        c->ops->gone (c->ops_arg);
    track_fail (c->rt, c->track, c->ops ? "the module has ended" : "the service has ended");
}

/* The owner may speak for others, as a proxy or a test does; all others are who they are. */
static int set_cred (struct client *c, flux_msg_t *msg)
{
    struct flux_msg_cred cred;

    if (flux_msg_get_cred (msg, &cred) < 0)
        return -1;
    if (!(c->cred.rolemask & FLUX_ROLE_OWNER) || cred.userid == FLUX_USERID_UNKNOWN)
        cred.userid = c->cred.userid;
    if (!(c->cred.rolemask & FLUX_ROLE_OWNER) || cred.rolemask == FLUX_ROLE_NONE)
        cred.rolemask = c->cred.rolemask;
    cred.rolemask |= FLUX_ROLE_LOCAL;
    return flux_msg_set_cred (msg, cred);
}

static void client_request (struct client *c, flux_msg_t *msg)
{
    const char *topic;

    flux_msg_route_enable (msg);
    if (flux_msg_get_topic (msg, &topic) < 0 || flux_msg_route_push (msg, c->uuid) < 0) {
        flux_msg_decref (msg);
    } else if (client_handle_own (c, topic, msg)) {
        flux_msg_decref (msg);
    } else if (client_arm_disconnect (c, topic, msg) < 0) {
        router_respond_error (c->rt, msg, errno, NULL);
        flux_msg_decref (msg);
    } else {
        router_input (c->rt, msg);
    }
}

static void client_route (struct client *c, flux_msg_t *msg)
{
    int type = 0;

    if (set_cred (c, msg) < 0 || flux_msg_get_type (msg, &type) < 0) {
        flux_msg_decref (msg);
    } else if (type == FLUX_MSGTYPE_REQUEST) {
        client_request (c, msg);
    } else if (type == FLUX_MSGTYPE_RESPONSE) {
        router_input (c->rt, msg);
    } else if (type == FLUX_MSGTYPE_EVENT && flux_msg_set_seq (msg, 0) == 0) {
        router_input (c->rt, msg);
    } else {
        flux_msg_decref (msg);
    }
}

/* What a guest says to others must be the answer to something: it could name any client there, or
 * the broker. */
static bool may_respond (struct client *c, const flux_msg_t *msg)
{
    return (c->cred.rolemask & FLUX_ROLE_OWNER) || track_expects (c->rt, msg, c->track);
}

static void client_input (struct client *c, flux_msg_t *msg)
{
    int type = 0;

    if (flux_msg_get_type (msg, &type) == 0 && type == FLUX_MSGTYPE_RESPONSE) {
        if (!may_respond (c, msg)) {
            flux_msg_decref (msg);
            return;
        }
        track_response (c->rt, msg);
    }
    if (!c->ops || !c->ops->received (msg, c->ops_arg))
        client_route (c, msg);
}

/* True when something came. */
static bool read_some (struct client *c)
{
    flux_msg_t *msg;
    bool some = msgio_fill (c->io) == 0;

    if (!some && errno != EAGAIN && errno != EINTR) {
        client_lose (c);
        return false;
    }
    while (!c->lost && (msg = msgio_next (c->io)))
        client_input (c, msg);
    if (!c->lost && errno != EAGAIN)
        client_lose (c); // EPROTO, EMSGSIZE: there is no way back into the stream
    return some;
}

static void read_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    read_some (w->data);
}

static void write_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    client_flush (w->data);
}

static struct client *client_create (struct router *rt, struct msgio *io, uint32_t userid,
                                     uint32_t rolemask)
{
    struct client *c = calloc (1, sizeof (*c));

    if (!c || uuid_make (c->uuid) < 0) {
        free (c);
        return NULL;
    }
    c->rt = rt;
    c->io = io;
    c->cred = (struct flux_msg_cred){userid, rolemask};
    c->track = TRACK_CLIENT + rt->clients->last_track++ % (TRACK_PARENT - TRACK_CLIENT);
    ev_io_init (&c->reader, read_cb, msgio_fd (io), EV_READ);
    ev_io_init (&c->writer, write_cb, msgio_fd (io), EV_WRITE);
    c->reader.data = c->writer.data = c;
    ev_io_start (rt->loop, &c->reader);
    HASH_ADD_STR (rt->clients->clients, uuid, c);
    return c;
}

int client_add_io (struct router *rt, struct msgio *io, uint32_t userid, uint32_t rolemask)
{
    struct client *c = client_create (rt, io, userid, rolemask);

    if (!c)
        return -1;
    bool some = read_some (c);
    if (!c->lost && !c->unsent && msgio_pending (io) > 0)
        client_greet (c, some);
    return 0;
}

/* On a socket that is closed when it can't be. */
static struct client *client_open (struct router *rt, int fd, uint32_t userid, uint32_t rolemask)
{
    struct msgio *io = msgio_create (fd);
    struct client *c = io ? client_create (rt, io, userid, rolemask) : NULL;

    if (!c) {
        int saved_errno = errno;
        if (io)
            msgio_destroy (io);
        else
            close (fd);
        errno = saved_errno;
    }
    return c;
}

int router_client_add (struct router *rt, int fd, uint32_t userid, uint32_t rolemask)
{
    return client_open (rt, fd, userid, rolemask) ? 0 : -1;
}

int client_add_ops (struct router *rt, int fd, uint32_t userid, uint32_t rolemask,
                    const struct client_ops *ops, void *arg, char uuid[UUID_STRING_SIZE])
{
    struct client *c = client_open (rt, fd, userid, rolemask);

    if (!c)
        return -1;
    c->ops = ops;
    c->ops_arg = arg;
    memcpy (uuid, c->uuid, UUID_STRING_SIZE);
    return 0;
}

int client_push (struct router *rt, const char *uuid, const flux_msg_t *msg)
{
    struct client *c = client_lookup (rt, uuid);

    if (!c) {
        errno = ENOENT;
        return -1;
    }
    return client_send (c, msg);
}

void client_inject (struct router *rt, const char *uuid, flux_msg_t *msg)
{
    struct client *c = client_lookup (rt, uuid);

    if (c)
        client_route (c, msg);
    else
        flux_msg_decref (msg);
}

void client_close (struct router *rt, const char *uuid)
{
    struct client *c = client_lookup (rt, uuid);

    if (c)
        client_lose (c);
}

int client_provide (struct router *rt, const char *uuid, const char *service)
{
    struct client *c = client_lookup (rt, uuid);

    if (!c) {
        errno = ENOENT;
        return -1;
    }
    return service_add_client (rt, service, c);
}

void client_unprovide_all (struct router *rt, const char *uuid)
{
    struct client *c = client_lookup (rt, uuid);

    if (c)
        service_remove_all_of_client (rt, c);
}

json_t *client_services (struct router *rt, const char *uuid)
{
    struct client *c = client_lookup (rt, uuid);
    json_t *names = json_array ();

    for (struct service *svc = rt->services; names && c && svc; svc = svc->hh.next) {
        if (svc->client == c)
            json_array_append_new (names, json_string (svc->name));
    }
    return names;
}

size_t client_pending (struct router *rt, const char *uuid)
{
    struct client *c = client_lookup (rt, uuid);

    return c ? msgio_pending (c->io) : 0;
}
