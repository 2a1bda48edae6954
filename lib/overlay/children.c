/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The side towards the children: a ROUTER socket, and what is known of each connection.
 *
 * ZeroMQ names each connection by itself (a child cannot choose the name), so a connection that
 * broke and came back is a new one and says a new hello. That it broke is told by the socket's
 * monitor, by the fd of the connection, which ZeroMQ also gives with each message. */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/overlay/private.h"
#include "lib/util/errprintf.h"

struct child *children_by_rank (const struct overlay *ov, uint32_t rank)
{
    struct child *c = ov->children.reach ? reach_lookup (ov->children.reach, rank) : NULL;

    return c && c->rank == rank ? c : NULL;
}

struct child *children_by_uuid (const struct overlay *ov, const char *uuid)
{
    struct child *c;

    HASH_FIND (hh_uuid, ov->children.by_uuid, uuid, strlen (uuid), c);
    return c;
}

void children_doom (struct overlay *ov, struct child *c, const char *fmt, ...)
{
    va_list ap;

    if (c->state != CHILD_IN || c->doomed)
        return;
    va_start (ap, fmt);
    vsnprintf (c->doom_reason, sizeof (c->doom_reason), fmt, ap);
    va_end (ap);
    c->doomed = true;
    ov->children.doomed++;
    zloop_defer (ov->zl);
}

/* The fd is looked at only if it still is the socket that it was. */
static uint64_t fd_inode (int fd)
{
    struct stat sb;

    return fd >= 0 && fstat (fd, &sb) == 0 ? (uint64_t)sb.st_ino : 0;
}

/* Its hello is of no interest any more. */
static void drop_hello (struct overlay *ov, struct child *c)
{
    if (c->hello)
        prover_cancel (ov->prover, c);
    flux_msg_decref (c->hello);
    c->hello = NULL;
}

static void child_free (struct overlay *ov, struct child *c)
{
    drop_hello (ov, c);
    HASH_DEL (ov->children.by_id, c);
    if (c->state != CHILD_IN)
        ov->children.pending--;
    outq_clear (&c->q);
    free (c);
}

/* Stop to listen to a connection; it is closed soon, so that the peer can read why. */
void children_out (struct overlay *ov, struct child *c)
{
    drop_hello (ov, c);
    if (c->state == CHILD_IN)
        ov->children.pending++;
    c->state = CHILD_OUT;
    c->kick_at = ov_now (ov) + OVERLAY_KICK_DELAY;
    if (!ev_is_active (&ov->children.kick)) {
        ov->children.kick.repeat = OVERLAY_KICK_DELAY;
        ev_timer_again (ov->loop, &ov->children.kick);
    }
}

/* A child that was in is gone. The connection is kept, unheard, until it is closed. */
static void child_down (struct overlay *ov, struct child *c, bool lost, const char *reason)
{
    if (c->doomed)
        ov->children.doomed--;
    c->doomed = false;
    HASH_DELETE (hh_uuid, ov->children.by_uuid, c);
    reach_del_all (ov->children.reach, c);
    outq_clear (&c->q);
    children_out (ov, c);
    ov->children.reach_dirty = true;
    zloop_defer (ov->zl);
    ov_log (ov, lost ? 4 : 7, "child rank %u is %s: %s", c->rank, lost ? "lost" : "offline",
            reason);
    record_set (ov, c->rank, lost ? OVERLAY_LOST : OVERLAY_OFFLINE, lost ? reason : NULL);
    if (ov->ops->peer_down)
        ov->ops->peer_down (ov, c->rank, c->uuid, lost, reason, ov->arg);
}

void children_drop_lost (struct overlay *ov, struct child *c, const char *reason)
{
    child_down (ov, c, true, reason);
}

/* ROUTER takes the name of the connection first. */
static int try_send (struct overlay *ov, struct child *c, struct wire *w)
{
    zmq_msg_t parts[WIRE_PARTS + 1];
    int rc;

    if (zmq_msg_init_size (&parts[0], c->id_len) < 0)
        return -1;
    memcpy (zmq_msg_data (&parts[0]), c->id, c->id_len);
    for (int i = 0; i < w->count; i++) {
        zmq_msg_init (&parts[i + 1]);
        zmq_msg_move (&parts[i + 1], &w->part[i]);
    }
    rc = zsock_send (ov->children.zs, parts, w->count + 1);
    for (int i = 0; i < w->count; i++) {
        zmq_msg_move (&w->part[i], &parts[i + 1]);
        zmq_msg_close (&parts[i + 1]);
    }
    zmq_msg_close (&parts[0]);
    return rc;
}

static void count_tx (struct overlay *ov, struct traffic *t, size_t size)
{
    t->tx++;
    t->tx_bytes += size;
    t->tx_last = ov_now (ov);
}

/* Send, or queue. Consumes w. */
static int child_write (struct overlay *ov, struct child *c, struct wire *w)
{
    size_t size = w->size;
    bool was_empty = c->q.count == 0;
    int rc = -1;

    if (c->doomed || c->state == CHILD_OUT)
        errno = EHOSTUNREACH;
    else if (was_empty && (rc = try_send (ov, c, w)) < 0 && errno != EAGAIN)
        children_doom (ov, c, "lost connection");
    else if (rc < 0 && (rc = outq_push (&c->q, w, ov->queue_max)) < 0)
        children_doom (ov, c, "does not read: more than %zu bytes wait for it", ov->queue_max);
    if (rc == 0) {
        if (was_empty && c->q.count > 0)
            ov->children.queued++;
        count_tx (ov, &c->traffic, size);
    }
    wire_close (w);
    return rc;
}

int children_send (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    struct wire w;

    if (wire_encode (&w, msg) < 0 || child_write (ov, c, &w) < 0)
        return -1;
    ov_trace (ov, "tx", c->rank, msg);
    return 0;
}

int children_bcast (struct overlay *ov, const flux_msg_t *msg)
{
    struct child *c, *tmp;
    struct wire w, copy;
    uint32_t seq;
    int count = 0;

    if (!ov->children.zs)
        return 0;
    if (wire_encode (&w, msg) < 0)
        return -1;
    if (flux_msg_get_seq (msg, &seq) == 0 && seq != 0)
        replay_push (ov->children.replay, seq, &w);
    HASH_ITER (hh_uuid, ov->children.by_uuid, c, tmp)
    {
        if (wire_copy (&copy, &w) == 0 && child_write (ov, c, &copy) == 0) {
            ov_trace (ov, "tx", c->rank, msg);
            count++;
        }
    }
    wire_close (&w);
    return count;
}

static void flush_queues (struct overlay *ov)
{
    struct child *c, *tmp;
    struct wire *w;

    if (ov->children.queued == 0)
        return;
    ov->children.queued = 0;
    HASH_ITER (hh_uuid, ov->children.by_uuid, c, tmp)
    {
        while (!c->doomed && (w = outq_head (&c->q)) && try_send (ov, c, w) == 0)
            outq_pop (&c->q);
        if (c->q.count > 0)
            ov->children.queued++;
    }
}

/* Requests that are for the overlay itself. True when it was one. */
static bool own_request (struct overlay *ov, struct child *c, flux_msg_t *msg)
{
    json_t *add = NULL, *del = NULL, *starts = NULL;
    const char *topic;

    if (flux_msg_get_topic (msg, &topic) < 0 || strcmp (topic, TOPIC_ROUTES) != 0)
        return false;
    if (flux_msg_unpack (msg, "{s:o s:o s:o}", "add", &add, "starts", &starts, "del", &del) < 0 ||
        reach_del (ov->children.reach, c, del) < 0 || reach_add (ov->children.reach, c, add) < 0 ||
        reach_set_starts (ov->children.reach, c, add, starts) < 0)
        children_doom (ov, c, "sent a bad set of ranks");
    health_prune (ov);
    ov->children.reach_dirty = true;
    zloop_defer (ov->zl);
    return true;
}

static void control (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    flux_msg_t *reply;
    int type, status;

    if (flux_msg_get_control (msg, &type, &status) < 0 || type != CONTROL_STATUS)
        return;
    if (status >= OVERLAY_FULL && status <= OVERLAY_DEGRADED)
        record_set (ov, c->rank, status, NULL);
    else if (status == OVERLAY_OFFLINE) {
        if ((reply = ov_control (CONTROL_DISCONNECT, DISCONNECT_LEAVE)))
            children_send (ov, c, reply);
        flux_msg_destroy (reply);
        child_down (ov, c, false, "goodbye");
    }
}

/* A message of a child that is in. */
static void child_message (struct overlay *ov, struct child *c, flux_msg_t *msg)
{
    int type = 0;

    flux_msg_get_type (msg, &type);
    ov_trace (ov, "rx", c->rank, msg);
    if (type == FLUX_MSGTYPE_CONTROL)
        control (ov, c, msg);
    else if (type == FLUX_MSGTYPE_EVENT)
        ov->malformed++; // RFC 3: only rank 0 publishes
    else if (type != FLUX_MSGTYPE_REQUEST || !own_request (ov, c, msg))
        ov_deliver (ov, msg, c->rank, c->uuid, false);
}

/* Keep the table small when many connect and say nothing good: the oldest goes. */
static void make_room (struct overlay *ov)
{
    struct child *c, *tmp;

    if (ov->children.pending < OVERLAY_PENDING_MAX)
        return;
    HASH_ITER (hh, ov->children.by_id, c, tmp)
    {
        if (c->state != CHILD_IN) {
            child_free (ov, c);
            return;
        }
    }
}

static void copy_key (struct overlay *ov, struct child *c, zmq_msg_t *part)
{
    const char *key = ov->children.curve ? zmq_msg_gets (part, "User-Id") : "-";

    snprintf (c->key, sizeof (c->key), "%s", key ? key : "");
}

/* parts: the name of the connection, then the message. */
static struct child *connection (struct overlay *ov, zmq_msg_t *parts)
{
    size_t len = zmq_msg_size (&parts[0]);
    struct child *c;

    if (len == 0 || len > ROUTING_ID_MAX)
        return NULL;
    HASH_FIND (hh, ov->children.by_id, zmq_msg_data (&parts[0]), len, c);
    if (c)
        return c;
    zsock_monitor_drain (ov->children.zs); // its fd may have been that of one that has closed
    make_room (ov);
    if (!(c = calloc (1, sizeof (*c))))
        return NULL;
    memcpy (c->id, zmq_msg_data (&parts[0]), len);
    c->id_len = len;
    c->rank = FLUX_NODEID_ANY;
    c->born = ov_now (ov);
    c->fd = zmq_msg_get (&parts[1], ZMQ_SRCFD);
    c->inode = fd_inode (c->fd);
    copy_key (ov, c, &parts[1]);
    HASH_ADD (hh, ov->children.by_id, id, len, c);
    ov->children.pending++;
    return c;
}

static void bad_message (struct overlay *ov, struct child *c)
{
    ov->malformed++;
    if (c->state == CHILD_IN)
        children_doom (ov, c, "sent a malformed message");
    else
        children_out (ov, c);
}

static void receive (struct overlay *ov, zmq_msg_t *parts, int n)
{
    struct child *c = n >= 2 ? connection (ov, parts) : NULL;
    size_t size = 0;
    flux_msg_t *msg;

    for (int i = 1; i < n && i <= WIRE_PARTS; i++)
        size += zmq_msg_size (&parts[i]);
    if (!c || n > WIRE_PARTS + 1 || c->state == CHILD_OUT || c->doomed ||
        (c->state != CHILD_IN && size > OVERLAY_HELLO_MAX)) {
        for (int i = 1; i < n && i <= WIRE_PARTS; i++)
            zmq_msg_close (&parts[i]);
        if (c && c->state != CHILD_OUT && !c->doomed)
            bad_message (ov, c);
        return;
    }
    c->traffic.rx++;
    c->traffic.rx_bytes += size;
    c->traffic.rx_last = ov_now (ov);
    if (!(msg = wire_decode (parts + 1, n - 1)))
        bad_message (ov, c);
    else if (c->state == CHILD_IN)
        child_message (ov, c, msg);
    else
        admit_message (ov, c, msg);
    flux_msg_destroy (msg);
}

static void ready_cb (struct zsock *zs, void *arg)
{
    struct overlay *ov = arg;
    zmq_msg_t parts[WIRE_PARTS + 1];
    int n;

    for (int i = 0; i < OVERLAY_TURN_MESSAGES; i++) {
        if ((n = zsock_recv (zs, parts, WIRE_PARTS + 1)) < 0)
            break;
        receive (ov, parts, n);
        zmq_msg_close (&parts[0]);
    }
    flush_queues (ov);
}

static void monitor_cb (uint16_t event, uint32_t value, void *arg)
{
    struct overlay *ov = arg;
    struct child *c, *tmp;

    if (event != ZMQ_EVENT_DISCONNECTED)
        return;
    HASH_ITER (hh, ov->children.by_id, c, tmp)
    {
        if (c->fd != (int)value)
            continue;
        if (c->state == CHILD_IN)
            child_down (ov, c, true, c->doomed ? c->doom_reason : "lost connection");
        child_free (ov, c);
    }
}

/* Before a new child counts, hear of the old connections that are gone: the kernel gives an fd
 * number again. ZeroMQ reports a close before it can accept the next. */
struct child *children_sync (struct overlay *ov, struct child *c)
{
    unsigned char id[ROUTING_ID_MAX];
    size_t len = c->id_len;

    memcpy (id, c->id, len);
    zsock_monitor_drain (ov->children.zs);
    HASH_FIND (hh, ov->children.by_id, id, len, c);
    return c;
}

static void kick_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct overlay *ov = w->data;
    struct child *c, *tmp;
    int left = 0;

    HASH_ITER (hh, ov->children.by_id, c, tmp)
    {
        if (c->state != CHILD_OUT)
            continue;
        left++;
        if (c->kick_at <= ov_now (ov) && c->inode != 0 && fd_inode (c->fd) == c->inode)
            shutdown (c->fd, SHUT_RDWR); // the monitor will tell, and the entry goes
        else if (c->kick_at + OVERLAY_PENDING_TIME <= ov_now (ov))
            child_free (ov, c);
    }
    if (left == 0)
        ev_timer_stop (loop, w);
}

void children_turn (struct overlay *ov)
{
    struct child *c, *tmp;

    if (ov->children.doomed == 0)
        return;
    HASH_ITER (hh_uuid, ov->children.by_uuid, c, tmp)
    {
        if (c->doomed)
            child_down (ov, c, true, c->doom_reason);
    }
}

void children_tick (struct overlay *ov, double now)
{
    bool orphan = ov->parent.orphan_since > 0;
    flux_msg_t *beat = ov_control (CONTROL_HEARTBEAT, orphan ? HEARTBEAT_ORPHAN : HEARTBEAT_WELL);
    struct child *c, *tmp;

    HASH_ITER (hh, ov->children.by_id, c, tmp)
    {
        if (c->state != CHILD_IN) {
            if (c->state != CHILD_OUT && now - c->born > OVERLAY_PENDING_TIME)
                children_out (ov, c);
            continue;
        }
        if (beat && ov->torpid_min > 0 && now - c->traffic.tx_last > .9 * ov->torpid_min)
            children_send (ov, c, beat);
        record_torpid (ov, c->rank,
                       ov->torpid_max > 0 && now - c->traffic.rx_last > ov->torpid_max);
    }
    flux_msg_destroy (beat);
}

int children_init (struct overlay *ov)
{
    int child;

    ev_init (&ov->children.kick, kick_cb);
    ov->children.kick.data = ov;
    for (child = topology_child_first (ov->topo, ov->rank); child >= 0;
         child = topology_child_next (ov->topo, ov->rank, child)) {
        if (!record_get (ov, (uint32_t)child))
            return -1;
    }
    return 0;
}

void children_fini (struct overlay *ov)
{
    struct children *ch = &ov->children;
    struct child *c, *tmp;
    struct record *r, *rtmp;

    if (!ov->zl)
        return;
    ev_timer_stop (ov->loop, &ch->kick);
    HASH_CLEAR (hh_uuid, ch->by_uuid);
    HASH_ITER (hh, ch->by_id, c, tmp)
    child_free (ov, c);
    HASH_ITER (hh, ch->records, r, rtmp)
    {
        HASH_DEL (ch->records, r);
        free (r);
    }
    if (ch->zs)
        zsock_set_int (ch->zs, ZMQ_LINGER, OVERLAY_LINGER_MS);
    zsock_destroy (ch->zs);
    zsock_destroy (ch->zap);
    reach_destroy (ch->reach);
    replay_destroy (ch->replay);
    free (ch->endpoint);
}

/* Without CURVE the folder of the socket must keep others out. */
static int check_ipc_folder (const char *uri, flux_error_t *errp)
{
    char dir[OVERLAY_URI_MAX + 1], *slash;
    struct stat sb;

    snprintf (dir, sizeof (dir), "%s", uri + strlen ("ipc://"));
    if (dir[0] != '/' || !(slash = strrchr (dir, '/')) || slash == dir) {
        errno = EINVAL;
        return errprintf (errp, "%s: an absolute path in a folder is needed", uri);
    }
    *slash = '\0';
    if (stat (dir, &sb) < 0)
        return errprintf (errp, "%s: %s", dir, strerror (errno));
    if (!S_ISDIR (sb.st_mode) || sb.st_uid != geteuid () || (sb.st_mode & 077)) {
        errno = EPERM;
        return errprintf (errp, "%s must be a folder of yours with mode 0700", dir);
    }
    return 0;
}

static int router_options (struct overlay *ov, const char *uri)
{
    struct zsock *zs = ov->children.zs;

    if (ov_socket_options (ov, zs, uri) < 0 || zsock_set_int (zs, ZMQ_ROUTER_MANDATORY, 1) < 0 ||
        zsock_set_int (zs, ZMQ_RCVHWM, ov->child_rcvhwm) < 0)
        return -1;
    if (!ov->children.curve)
        return 0;
    return zsock_set_int (zs, ZMQ_CURVE_SERVER, 1) < 0 ||
                   zsock_set_str (zs, ZMQ_ZAP_DOMAIN, "flux") < 0
               ? -1
               : 0;
}

static char *last_endpoint (struct zsock *zs)
{
    char uri[OVERLAY_URI_MAX + 1] = "";
    size_t size = sizeof (uri);

    if (zmq_getsockopt (zsock_zmq (zs), ZMQ_LAST_ENDPOINT, uri, &size) < 0)
        return NULL;
    return strdup (uri);
}

static int open_router (struct overlay *ov, const char *uri)
{
    struct children *ch = &ov->children;

    if (!(ch->reach = reach_create (ov->size, ov->rank)) ||
        !(ch->replay = replay_create (OVERLAY_REPLAY_EVENTS, OVERLAY_REPLAY_BYTES)) ||
        (ch->curve && !(ch->zap = zap_create (ov->zl))) ||
        !(ch->zs = zsock_create (ov->zl, ZMQ_ROUTER, ready_cb, ov)) ||
        router_options (ov, uri) < 0 ||
        zsock_monitor (ch->zs, ZMQ_EVENT_DISCONNECTED, monitor_cb, ov) < 0 ||
        zmq_bind (zsock_zmq (ch->zs), uri) < 0 || zsock_watch (ch->zs) < 0 ||
        !(ch->endpoint = last_endpoint (ch->zs)))
        return -1;
    return 0;
}

int children_bind (struct overlay *ov, const char *uri, flux_error_t *errp)
{
    struct children *ch = &ov->children;
    bool ipc = ov_uri_is_ipc (uri);

    if (strlen (uri) > OVERLAY_URI_MAX || (!ipc && strncmp (uri, "tcp://", 6) != 0)) {
        errno = EINVAL;
        return errprintf (errp, "%s: neither tcp:// nor ipc://", uri);
    }
    if (ipc && check_ipc_folder (uri, errp) < 0)
        return -1;
    ch->curve = !ipc;
    if (open_router (ov, uri) < 0) {
        errprintf (errp, "bind %s: %s", uri, zmq_strerror (errno));
        zsock_destroy (ch->zs);
        zsock_destroy (ch->zap);
        reach_destroy (ch->reach);
        replay_destroy (ch->replay);
        ch->zs = ch->zap = NULL;
        ch->reach = NULL;
        ch->replay = NULL;
        return -1;
    }
    return 0;
}
