/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Local clients: commands, job shells, tasks. What a turn of the loop has for one client leaves in
 * one write. A client that does not read what it asked for is cut off, not waited for. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include <flux/event.h>
#include <flux/request.h>

#include "lib/codec/limits.h"
#include "lib/codec/msgio.h"
#include "lib/util/uuid.h"
#include "shell/broker/router_client.h"
#include "shell/broker/router_private.h"

#define CLIENT_SERVICES_MAX 65536 // different services that one client may have asked
#define CLIENT_SUBSCRIPTIONS_MAX 65536
#define FLUSH_NOW (256 * 1024) // bytes queued for a client that do not wait for the turn's end

struct client_sub {
    char *prefix;
    int count;
    UT_hash_handle hh;
};

/* A service that has seen a request of the client, and hears of its end. */
struct armed {
    char *key; // service, NUL, nodeid, upstream flag
    size_t keylen;
    uint32_t nodeid;
    bool upstream;
    UT_hash_handle hh;
};

struct client {
    char uuid[UUID_STRING_SIZE];
    struct router *rt;
    struct msgio *io;
    ev_io reader, writer;
    struct flux_msg_cred cred;
    struct client_sub *subs;
    struct armed *armed;
    const struct client_ops *ops; // or NULL
    void *ops_arg;
    uint64_t dropped; // messages of tasks that it was too slow for, and does not know of
    uint32_t track;   // its number in the table of unanswered requests
    bool lost;        // to be freed at the end of the turn
    bool unsent;      // is on the list of those to be flushed
    struct client *next_unsent, *next_lost;
    UT_hash_handle hh;
};

struct client_table {
    struct client *clients;
    struct client *unsent, *lost;
    uint32_t last_track;
};

static void client_lose (struct client *c);

struct client_table *client_table_create (void)
{
    return calloc (1, sizeof (struct client_table));
}

static void sub_free (struct client_sub *sub)
{
    free (sub->prefix);
    free (sub);
}

static void client_free (struct client *c)
{
    struct client_sub *sub, *subtmp;
    struct armed *armed, *armedtmp;

    ev_io_stop (c->rt->loop, &c->reader);
    ev_io_stop (c->rt->loop, &c->writer);
    HASH_ITER (hh, c->subs, sub, subtmp)
    {
        HASH_DEL (c->subs, sub);
        sub_free (sub);
    }
    HASH_ITER (hh, c->armed, armed, armedtmp)
    {
        HASH_DEL (c->armed, armed);
        free (armed->key);
        free (armed);
    }
    msgio_destroy (c->io);
    free (c);
}

void client_table_destroy (struct client_table *t)
{
    if (t) {
        struct client *c, *tmp;
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

size_t router_client_count (const struct router *rt)
{
    return HASH_COUNT (rt->clients->clients);
}

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

static void client_flush (struct client *c)
{
    int rc = write_out (c);

    if (rc < 0)
        client_lose (c);
    else if (rc > 0)
        ev_io_start (c->rt->loop, &c->writer);
    else
        ev_io_stop (c->rt->loop, &c->writer);
}

static void flush_turn_end (struct router *rt, void *arg)
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
        router_at_turn_end (c->rt, flush_turn_end, NULL);
    }
    return 0;
}

static bool is_subscribed (const struct client *c, const char *topic)
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

void client_broadcast_event (struct router *rt, const flux_msg_t *msg, const char *topic)
{
    struct client *c, *tmp;
    struct flux_msg_cred cred = {0};
    bool private = flux_msg_is_private (msg);

    flux_msg_get_cred (msg, &cred);
    HASH_ITER (hh, rt->clients->clients, c, tmp)
    {
        if (!c->lost && is_subscribed (c, topic) &&
            (!private || flux_msg_cred_authorize (c->cred, cred.userid) == 0) &&
            !is_dropped (c, topic))
            client_send (c, msg);
    }
}

/* Requests that are the connection's own affair. */

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

static bool handle_own (struct client *c, const char *topic, const flux_msg_t *msg)
{
    for (size_t i = 0; i < sizeof (own_requests) / sizeof (own_requests[0]); i++) {
        if (strcmp (topic, own_requests[i].topic) == 0) {
            own_requests[i].handler (c, msg);
            return true;
        }
    }
    return false;
}

static int arm_disconnect (struct client *c, const char *topic, const flux_msg_t *msg)
{
    const char *dot = strrchr (topic, '.');
    size_t len = dot ? (size_t)(dot - topic) : strlen (topic);
    char key[1024 + 8];
    uint32_t nodeid = FLUX_NODEID_ANY;
    bool upstream = flux_msg_has_flag (msg, FLUX_MSGFLAG_UPSTREAM);
    struct armed *armed;

    if (len > 1023)
        return 0; // the codec let no such topic in
    flux_msg_get_nodeid (msg, &nodeid);
    memcpy (key, topic, len);
    key[len] = '\0';
    memcpy (key + len + 1, &nodeid, 4);
    key[len + 5] = upstream;
    HASH_FIND (hh, c->armed, key, len + 6, armed);
    if (armed)
        return 0;
    if (HASH_COUNT (c->armed) >= CLIENT_SERVICES_MAX) {
        errno = ENOSPC;
        return -1;
    }
    if (!(armed = calloc (1, sizeof (*armed))) || !(armed->key = malloc (len + 6))) {
        free (armed);
        return -1;
    }
    memcpy (armed->key, key, len + 6);
    armed->keylen = len + 6;
    armed->nodeid = nodeid;
    armed->upstream = upstream;
    HASH_ADD_KEYPTR (hh, c->armed, armed->key, armed->keylen, armed);
    return 0;
}

static void send_disconnect (struct client *c, const struct armed *armed)
{
    char topic[1024 + 16];

    snprintf (topic, sizeof (topic), "%s.disconnect", armed->key);
    flux_msg_t *msg = flux_request_encode (topic, NULL);
    if (!msg)
        return;
    flux_msg_route_enable (msg);
    if (flux_msg_route_push (msg, c->uuid) == 0 && flux_msg_set_noresponse (msg) == 0 &&
        flux_msg_set_nodeid (msg, armed->nodeid) == 0 &&
        (!armed->upstream || flux_msg_set_flag (msg, FLUX_MSGFLAG_UPSTREAM) == 0) &&
        flux_msg_set_cred (msg, c->cred) == 0)
        router_enqueue (c->rt, msg);
    else
        flux_msg_decref (msg);
}

static void free_lost (struct router *rt, void *arg)
{
    struct client_table *t = rt->clients;
    struct client *c, *tmp;

    flush_turn_end (rt, NULL);
    LL_FOREACH_SAFE2 (t->lost, c, tmp, next_lost)
    {
        LL_DELETE2 (t->lost, c, next_lost);
        client_free (c);
    }
}

static void client_lose (struct client *c)
{
    struct armed *armed, *tmp;

    if (c->lost)
        return;
    c->lost = true;
    ev_io_stop (c->rt->loop, &c->reader);
    ev_io_stop (c->rt->loop, &c->writer);
    service_remove_all_of_client (c->rt, c);
    HASH_ITER (hh, c->armed, armed, tmp)
    send_disconnect (c, armed);
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
        cred = c->cred;
    cred.rolemask |= FLUX_ROLE_LOCAL;
    return flux_msg_set_cred (msg, cred);
}

static void client_request (struct client *c, flux_msg_t *msg)
{
    const char *topic;

    flux_msg_route_enable (msg);
    if (flux_msg_get_topic (msg, &topic) < 0 || flux_msg_route_push (msg, c->uuid) < 0) {
        flux_msg_decref (msg);
    } else if (handle_own (c, topic, msg)) {
        flux_msg_decref (msg);
    } else if (arm_disconnect (c, topic, msg) < 0) {
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

static void client_input (struct client *c, flux_msg_t *msg)
{
    int type = 0;

    if (flux_msg_get_type (msg, &type) == 0 && type == FLUX_MSGTYPE_RESPONSE)
        track_response (c->rt, msg);
    if (!c->ops || !c->ops->received (msg, c->ops_arg))
        client_route (c, msg);
}

static void read_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct client *c = w->data;
    flux_msg_t *msg;

    if (msgio_fill (c->io) < 0 && errno != EAGAIN && errno != EINTR) {
        client_lose (c);
        return;
    }
    while (!c->lost && (msg = msgio_next (c->io)))
        client_input (c, msg);
    if (!c->lost && errno != EAGAIN)
        client_lose (c); // EPROTO, EMSGSIZE: there is no way back into the stream
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
    if (msgio_pending (io) > 0)
        client_flush (c);
    return 0;
}

int router_client_add (struct router *rt, int fd, uint32_t userid, uint32_t rolemask)
{
    struct msgio *io = msgio_create (fd);

    if (!io || client_add_io (rt, io, userid, rolemask) < 0) {
        int saved_errno = errno;
        if (io)
            msgio_destroy (io);
        else
            close (fd);
        errno = saved_errno;
        return -1;
    }
    return 0;
}

int client_add_ops (struct router *rt, int fd, uint32_t userid, uint32_t rolemask,
                    const struct client_ops *ops, void *arg, char uuid[UUID_STRING_SIZE])
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
        return -1;
    }
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
