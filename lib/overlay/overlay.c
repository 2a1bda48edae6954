/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The overlay: what both sides share, and the front of the API. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/codec/limits.h"
#include "lib/overlay/private.h"
#include "lib/util/errprintf.h"

void ov_log (struct overlay *ov, int level, const char *fmt, ...)
{
    char text[512];
    va_list ap;

    if (!ov->ops->log)
        return;
    va_start (ap, fmt);
    vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    ov->ops->log (ov, level, text, ov->arg);
}

void ov_trace (struct overlay *ov, const char *dir, uint32_t peer, const flux_msg_t *msg)
{
    if (ov->ops->trace)
        ov->ops->trace (ov, dir, peer, msg, ov->arg);
}

bool ov_monitored (struct overlay *ov, const char *side, int events, uint16_t event, uint32_t value)
{
    static const struct {
        int event;
        const char *name;
    } names[] = {
        {ZMQ_EVENT_CONNECTED, "connected"},
        {ZMQ_EVENT_CONNECT_DELAYED, "connect delayed"},
        {ZMQ_EVENT_CONNECT_RETRIED, "connect retried"},
        {ZMQ_EVENT_LISTENING, "listening"},
        {ZMQ_EVENT_BIND_FAILED, "bind failed"},
        {ZMQ_EVENT_ACCEPTED, "accepted"},
        {ZMQ_EVENT_ACCEPT_FAILED, "accept failed"},
        {ZMQ_EVENT_CLOSED, "closed"},
        {ZMQ_EVENT_CLOSE_FAILED, "close failed"},
        {ZMQ_EVENT_DISCONNECTED, "disconnected"},
        {ZMQ_EVENT_MONITOR_STOPPED, "monitor stopped"},
        {ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL, "handshake failed"},
        {ZMQ_EVENT_HANDSHAKE_SUCCEEDED, "handshake succeeded"},
        {ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL, "handshake failed by protocol"},
        {ZMQ_EVENT_HANDSHAKE_FAILED_AUTH, "handshake failed by authentication"},
    };
    const char *name = "?";

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        if (names[i].event == event)
            name = names[i].name;
    }
    if (ov->zmqdebug)
        ov_log (ov, 7, "zmq: %s: %s (%u)", side, name, value);
    return event & events;
}

double ov_now (const struct overlay *ov)
{
    return ev_now (ov->loop);
}

flux_msg_t *ov_control (int type, int status)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_CONTROL);

    if (msg && flux_msg_set_control (msg, type, status) < 0) {
        flux_msg_destroy (msg);
        msg = NULL;
    }
    return msg;
}

flux_msg_t *ov_request (const char *topic, json_t *payload)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_REQUEST);

    if (!msg) {
        json_decref (payload);
        return NULL;
    }
    flux_msg_route_enable (msg);
    if (flux_msg_set_topic (msg, topic) < 0 || flux_msg_set_noresponse (msg) < 0 ||
        flux_msg_set_rolemask (msg, FLUX_ROLE_OWNER) < 0 || flux_msg_pack (msg, "o", payload) < 0) {
        flux_msg_destroy (msg);
        return NULL;
    }
    return msg;
}

bool ov_uri_is_ipc (const char *uri)
{
    return strncmp (uri, "ipc://", 6) == 0;
}

int ov_socket_options (struct overlay *ov, struct zsock *zs, const char *uri)
{
    int64_t max = CODEC_MESSAGE_MAX;
    int maxrt = ov->tcp_user_timeout > 0 ? (int)(ov->tcp_user_timeout * 1000) : 0;

    if (zmq_setsockopt (zsock_zmq (zs), ZMQ_MAXMSGSIZE, &max, sizeof (max)) < 0 ||
        zsock_set_int (zs, ZMQ_SNDHWM, OVERLAY_HWM) < 0)
        return -1;
    if (ov_uri_is_ipc (uri))
        return 0;
    if (strchr (uri, '[') && zsock_set_int (zs, ZMQ_IPV6, 1) < 0)
        return -1;
    if (zsock_set_int (zs, ZMQ_TCP_MAXRT, maxrt) < 0 ||
        zsock_set_int (zs, ZMQ_TCP_KEEPALIVE, 1) < 0)
        return -1;
    if (zsock_set_str (zs, ZMQ_CURVE_PUBLICKEY, ov->public_key) < 0 ||
        zsock_set_str (zs, ZMQ_CURVE_SECRETKEY, ov->secret_key) < 0)
        return -1;
    return 0;
}

/* RFC 12: a message that came over the tree is local to no broker. */
static void clear_local_role (flux_msg_t *msg)
{
    uint32_t rolemask;

    if (flux_msg_get_rolemask (msg, &rolemask) == 0 && (rolemask & FLUX_ROLE_LOCAL))
        flux_msg_set_rolemask (msg, rolemask & ~(uint32_t)FLUX_ROLE_LOCAL);
}

void ov_deliver (struct overlay *ov, flux_msg_t *msg, uint32_t peer, const char *uuid,
                 bool from_parent)
{
    const char *last;
    int type = 0;

    flux_msg_get_type (msg, &type);
    if (type == FLUX_MSGTYPE_REQUEST && flux_msg_route_push (msg, uuid) < 0) {
        ov->malformed++;
        return;
    }
    if (type == FLUX_MSGTYPE_RESPONSE) {
        last = flux_msg_route_last (msg);
        if (!last || strcmp (last, ov->uuid) != 0 || flux_msg_route_delete_last (msg) < 0) {
            ov->misrouted++;
            return;
        }
    }
    clear_local_role (msg);
    ov->ops->recv (ov, msg, peer, from_parent, ov->arg);
}

static void turn_cb (void *arg)
{
    struct overlay *ov = arg;

    children_turn (ov);
    health_turn (ov);
    parent_turn (ov);
}

static void flush_cb (void *arg)
{
    struct overlay *ov = arg;

    children_flush (ov);
    parent_flush (ov);
}

static void tick_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct overlay *ov = w->data;

    children_tick (ov, ov_now (ov));
    parent_tick (ov, ov_now (ov));
}

static double seconds (double val, double def)
{
    return val == 0 ? def : val;
}

static int copy_conf (struct overlay *ov, const struct overlay_conf *conf)
{
    char host[OVERLAY_HOSTNAME_MAX + 1] = "localhost";

    if (!conf->hostname)
        gethostname (host, sizeof (host) - 1);
    ov->loop = conf->loop;
    ov->rank = conf->rank;
    ov->size = conf->size;
    ov->torpid_min = seconds (conf->torpid_min, 5);
    ov->torpid_max = seconds (conf->torpid_max, 30);
    ov->tcp_user_timeout = seconds (conf->tcp_user_timeout, 20);
    ov->connect_timeout = seconds (conf->connect_timeout, 30);
    ov->heal_timeout = seconds (conf->heal_timeout, 30);
    ov->lost_timeout = seconds (conf->lost_timeout, 5);
    ov->queue_max = conf->queue_max ? conf->queue_max : OVERLAY_QUEUE_MAX;
    ov->child_rcvhwm = conf->child_rcvhwm > 0 ? conf->child_rcvhwm : OVERLAY_HWM;
    ov->zmqdebug = conf->zmqdebug;
    ov->auth.method = conf->auth;
    ov->auth.owner = geteuid ();
    if (conf->token)
        memcpy (ov->auth.token, conf->token, sizeof (ov->auth.token));
    if (conf->munge_socket && !(ov->auth.munge_socket = strdup (conf->munge_socket)))
        return -1;
    ov->uuid = strdup (conf->uuid);
    ov->hostname = strdup (conf->hostname ? conf->hostname : host);
    ov->instance = strdup (conf->instance ? conf->instance : "");
    return ov->uuid && ov->hostname && ov->instance ? 0 : -1;
}

static int check_conf (const struct overlay_conf *conf, flux_error_t *errp)
{
    errno = EINVAL;
    if (!conf->loop || conf->rank >= conf->size)
        return errprintf (errp, "rank %u is not possible with %u brokers", conf->rank, conf->size);
    if (!conf->uuid || !*conf->uuid || strlen (conf->uuid) > OVERLAY_UUID_MAX)
        return errprintf (errp, "a broker needs a uuid");
    if (conf->hostname && strlen (conf->hostname) > OVERLAY_HOSTNAME_MAX)
        return errprintf (errp, "the host name is too long");
    if (conf->instance && strchr (conf->instance, '\n'))
        return errprintf (errp, "the id of an instance is one line");
    return 0;
}

static void start_tick (struct overlay *ov)
{
    ov->tick.repeat = ov->torpid_min > 0 ? ov->torpid_min : 5;
    ev_timer_again (ov->loop, &ov->tick);
}

void overlay_set_torpid (struct overlay *ov, double torpid_min, double torpid_max)
{
    ov->torpid_min = seconds (torpid_min, 5);
    ov->torpid_max = seconds (torpid_max, 30);
    if (ov->zl)
        start_tick (ov);
}

static int start (struct overlay *ov, int io_threads)
{
    int threads = io_threads > 0 ? io_threads : 1;

    if (zmq_curve_keypair (ov->public_key, ov->secret_key) < 0 ||
        !(ov->prover = prover_create (ov->loop, &ov->auth)) ||
        !(ov->zl = zloop_create (ov->loop, threads, turn_cb, flush_cb, ov)))
        return -1;
    start_tick (ov);
    return presence_init (ov) < 0 ? -1 : children_init (ov);
}

struct overlay *overlay_create (const struct overlay_conf *conf, const struct overlay_ops *ops,
                                void *arg, flux_error_t *errp)
{
    struct overlay *ov;

    if (check_conf (conf, errp) < 0)
        return NULL;
    if (!(ov = calloc (1, sizeof (*ov))))
        goto nomem;
    ov->ops = ops;
    ov->arg = arg;
    ev_init (&ov->tick, tick_cb);
    ov->tick.data = ov;
    if (copy_conf (ov, conf) < 0 || parent_init (ov) < 0)
        goto nomem;
    if (!(ov->topo = topology_create (conf->topology, conf->size, conf->parents, errp)))
        goto fail;
    ov->status = topology_child_first (ov->topo, ov->rank) < 0 ? OVERLAY_FULL : OVERLAY_PARTIAL;
    ov->status_since = ov_now (ov);
    if (ov->size > 1 && start (ov, conf->io_threads) < 0) {
        errprintf (errp, "cannot start ZeroMQ: %s", zmq_strerror (errno));
        goto fail;
    }
    return ov;
nomem:
    errprintf (errp, "out of memory");
    errno = ENOMEM;
fail:
    overlay_destroy (ov);
    return NULL;
}

void overlay_destroy (struct overlay *ov)
{
    if (ov) {
        int saved = errno;
        ev_timer_stop (ov->loop, &ov->tick);
        presence_fini (ov);
        parent_fini (ov);
        children_fini (ov);
        prover_destroy (ov->prover);
        zloop_destroy (ov->zl);
        topology_destroy (ov->topo);
        explicit_bzero (&ov->auth.token, sizeof (ov->auth.token));
        explicit_bzero (ov->secret_key, sizeof (ov->secret_key));
        free (ov->auth.munge_socket);
        free (ov->uuid);
        free (ov->hostname);
        free (ov->instance);
        free (ov);
        errno = saved;
    }
}

static bool keeps_places (const struct topology *old, const struct topology *new)
{
    for (uint32_t rank = 1; rank < topology_size (old); rank++)
        if (topology_parent (old, rank) != topology_parent (new, rank))
            return false;
    return true;
}

int overlay_grow (struct overlay *ov, uint32_t size, flux_error_t *errp)
{
    struct topology *topo;

    errno = EINVAL;
    if (size <= ov->size)
        return errprintf (errp, "there are %u ranks already", ov->size);
    if (strcmp (topology_uri (ov->topo), "custom") == 0)
        return errprintf (errp, "a tree with a custom topology cannot grow");
    if (!(topo = topology_create (topology_uri (ov->topo), size, NULL, errp)))
        return -1;
    if (!keeps_places (ov->topo, topo)) {
        topology_destroy (topo);
        errno = EINVAL;
        return errprintf (errp, "a tree with topology %s cannot grow", topology_uri (ov->topo));
    }
    if (presence_grow (ov, size) < 0 ||
        (ov->children.reach && reach_grow (ov->children.reach, size) < 0)) {
        topology_destroy (topo);
        return errprintf (errp, "out of memory");
    }
    topology_destroy (ov->topo);
    ov->topo = topo;
    ov->size = size;
    return 0;
}

int overlay_bind (struct overlay *ov, const char *uri, flux_error_t *errp)
{
    if (!ov->zl || ov->children.endpoint) {
        errno = EINVAL;
        return errprintf (errp,
                          ov->zl ? "already bound" : "an instance of size 1 needs no overlay");
    }
    return children_bind (ov, uri, errp);
}

const char *overlay_endpoint (const struct overlay *ov)
{
    return ov->children.endpoint;
}

const char *overlay_pubkey (const struct overlay *ov)
{
    return ov->zl ? ov->public_key : NULL;
}

void overlay_refuse_children (struct overlay *ov)
{
    ov->children.refuse = true;
    admit_waiting (ov);
}

int overlay_send_parent (struct overlay *ov, const flux_msg_t *msg)
{
    return parent_send (ov, msg);
}

int overlay_send_child (struct overlay *ov, uint32_t rank, const flux_msg_t *msg)
{
    struct child *c = children_by_rank (ov, rank);

    if (!c) {
        errno = EHOSTUNREACH;
        return -1;
    }
    return children_send (ov, c, msg);
}

int overlay_respond (struct overlay *ov, const flux_msg_t *response)
{
    const char *uuid = flux_msg_route_last (response);
    struct child *c = uuid ? children_by_uuid (ov, uuid) : NULL;

    if (c)
        return children_send (ov, c, response);
    if (uuid && ov->parent.state == PARENT_UP && strcmp (uuid, ov->parent.uuid) == 0)
        return parent_send (ov, response);
    errno = EHOSTUNREACH;
    return -1;
}

int overlay_bcast (struct overlay *ov, const flux_msg_t *msg)
{
    return children_bcast (ov, msg);
}

int overlay_child_route (const struct overlay *ov, uint32_t dst)
{
    struct child *c = ov->children.reach ? reach_lookup (ov->children.reach, dst) : NULL;

    if (!c) {
        errno = EHOSTUNREACH;
        return -1;
    }
    return (int)c->rank;
}

int overlay_parent (const struct overlay *ov)
{
    return ov->parent.state == PARENT_UP ? (int)ov->parent.ancestors[ov->parent.current].rank : -1;
}

bool overlay_has_children (const struct overlay *ov)
{
    return topology_child_first (ov->topo, ov->rank) >= 0;
}

bool overlay_online (const struct overlay *ov, uint32_t rank)
{
    return rank == ov->rank || overlay_child_route (ov, rank) >= 0;
}

int overlay_online_count (const struct overlay *ov)
{
    return 1 + (ov->children.reach ? reach_count (ov->children.reach) : 0);
}

const char *overlay_peer_uuid (const struct overlay *ov, uint32_t rank)
{
    struct child *c = children_by_rank (ov, rank);

    if (c)
        return c->uuid;
    return overlay_parent (ov) == (int)rank ? ov->parent.uuid : NULL;
}

int overlay_peer_rank (const struct overlay *ov, const char *uuid)
{
    struct child *c = children_by_uuid (ov, uuid);

    if (c)
        return (int)c->rank;
    return overlay_parent (ov) >= 0 && strcmp (uuid, ov->parent.uuid) == 0 ? overlay_parent (ov)
                                                                           : -1;
}

uint32_t overlay_event_gap (struct overlay *ov)
{
    uint32_t gap = ov->parent.event_gap;

    ov->parent.event_gap = 0;
    return gap;
}

int overlay_disconnect_child (struct overlay *ov, uint32_t rank, const char *reason)
{
    struct child *c = children_by_rank (ov, rank);
    flux_msg_t *msg;

    if (!c) {
        errno = ENOENT;
        return -1;
    }
    if ((msg = ov_control (CONTROL_DISCONNECT, DISCONNECT_LEAVE))) {
        children_send (ov, c, msg);
        flux_msg_destroy (msg);
    }
    children_doom (ov, c, "%s", reason ? reason : "administrative disconnect");
    return 0;
}

const struct topology *overlay_topology (const struct overlay *ov)
{
    return ov->topo;
}

int overlay_set_instance (struct overlay *ov, const char *instance, const unsigned char *token)
{
    char *copy = strdup (instance);

    if (!copy)
        return -1;
    free (ov->instance);
    ov->instance = copy;
    if (token)
        memcpy (ov->auth.token, token, sizeof (ov->auth.token));
    return 0;
}
