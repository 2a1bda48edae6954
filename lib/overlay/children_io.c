/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What children send, and what is sent to them. */

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <utlist.h>

#include "lib/overlay/private.h"

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
    bool was_empty = c->q.count == 0;
    int rc = -1, errnum;

    if (was_empty && (rc = try_send (ov, c, w)) < 0 && errno != EAGAIN)
        children_doom (ov, c, "lost connection");
    else if (rc < 0 && (rc = outq_push (&c->q, w, ov->queue_max)) < 0)
        children_doom (ov, c, "does not read: more than %zu bytes wait for it", ov->queue_max);
    if (was_empty && c->q.count > 0)
        ov->children.queued++;
    c->traffic.tx_batches++;
    errnum = errno;
    wire_close (w);
    errno = errnum;
    return rc;
}

int children_flush_one (struct overlay *ov, struct child *c)
{
    struct wire w;

    if (c->out.len == 0)
        return 0;
    DL_DELETE2 (ov->children.unsent, c, prev_unsent, next_unsent);
    if (bundle_wire (&c->out, &w) < 0) {
        bundle_clear (&c->out);
        children_doom (ov, c, "out of memory");
        return -1;
    }
    return child_write (ov, c, &w);
}

void children_flush (struct overlay *ov)
{
    while (ov->children.unsent)
        children_flush_one (ov, ov->children.unsent);
}

/* One more is in its bundle, which leaves with the turn, or now when it is enough. */
static int bundled (struct overlay *ov, struct child *c, bool first)
{
    if (first)
        DL_APPEND2 (ov->children.unsent, c, prev_unsent, next_unsent);
    return c->out.len >= OVERLAY_BUNDLE ? children_flush_one (ov, c) : 0;
}

static int check_child (struct child *c)
{
    if (!c->doomed && c->state != CHILD_OUT)
        return 0;
    errno = EHOSTUNREACH;
    return -1;
}

static int send_message (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    bool first = c->out.len == 0;
    struct wire w;

    if (bundle_takes (msg))
        return bundle_add (&c->out, msg) < 0 ? -1 : bundled (ov, c, first);
    if (wire_encode (&w, msg) < 0)
        return -1;
    children_flush_one (ov, c);
    return child_write (ov, c, &w);
}

int children_send (struct overlay *ov, struct child *c, const flux_msg_t *msg)
{
    if (check_child (c) < 0 || send_message (ov, c, msg) < 0)
        return -1;
    count_tx (ov, &c->traffic, (size_t)flux_msg_encode_size (msg));
    ov_trace (ov, "tx", c->rank, msg);
    return 0;
}

/* One of many that are sent the same. */
static int send_wire (struct overlay *ov, struct child *c, const struct wire *w)
{
    bool first = c->out.len == 0;
    struct wire copy;

    if (check_child (c) < 0)
        return -1;
    if (w->count == 1)
        return bundle_add_wire (&c->out, w) < 0 ? -1 : bundled (ov, c, first);
    if (wire_copy (&copy, w) < 0)
        return -1;
    children_flush_one (ov, c);
    return child_write (ov, c, &copy);
}

int children_bcast (struct overlay *ov, const flux_msg_t *msg)
{
    struct child *c, *tmp;
    struct wire w;
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
        if (send_wire (ov, c, &w) == 0) {
            count_tx (ov, &c->traffic, w.size);
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
        children_down (ov, c, false, "goodbye");
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

/* Keep the table small when many connect and say nothing good: the oldest of those goes. */
static void make_room (struct overlay *ov)
{
    struct child *c, *tmp;

    if (ov->children.pending < OVERLAY_PENDING_MAX)
        return;
    HASH_ITER (hh, ov->children.by_id, c, tmp)
    {
        if (c->state != CHILD_IN && c->state != CHILD_WAITING) {
            children_free (ov, c);
            return;
        }
    }
}

/* Is this fd what the message came by? The connection may be closed, and the number given to
 * another. ZeroMQ tells only the address of the host, which is good enough to spare those of
 * others. */
static bool same_host (struct overlay *ov, zmq_msg_t *part, int fd)
{
    const char *addr = zmq_msg_gets (part, "Peer-Address");
    struct sockaddr_storage ss;
    socklen_t len = sizeof (ss);
    char host[NI_MAXHOST];

    if (!ov->children.curve)
        return true;
    return addr && getpeername (fd, (struct sockaddr *)&ss, &len) == 0 &&
           getnameinfo ((struct sockaddr *)&ss, len, host, sizeof (host), NULL, 0,
                        NI_NUMERICHOST) == 0 &&
           strcmp (host, addr) == 0;
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
    if (same_host (ov, &parts[1], c->fd))
        c->inode = children_fd_inode (c->fd);
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

/* The messages of a connection, as long as it is heard. Returns how many there were. */
static int take_messages (struct overlay *ov, struct child *c, struct wire_in *in)
{
    flux_msg_t *msg;
    int count = 0;

    do {
        count++;
        c->traffic.rx++;
        if (!(msg = wire_next (in)))
            bad_message (ov, c);
        else if (c->state == CHILD_IN)
            child_message (ov, c, msg);
        else
            admit_message (ov, c, msg);
        flux_msg_destroy (msg);
    } while (msg && wire_more (in) && check_child (c) == 0);
    return count;
}

static int receive (struct overlay *ov, zmq_msg_t *parts, int n)
{
    struct child *c = n >= 2 ? connection (ov, parts) : NULL;
    size_t size = 0;
    struct wire_in in;
    int count = 1;

    wire_in_open (&in, parts + 1, n - 1);
    for (int i = 1; i < n && i <= WIRE_PARTS; i++)
        size += zmq_msg_size (&parts[i]);
    if (c && check_child (c) == 0) {
        c->traffic.rx_batches++;
        c->traffic.rx_bytes += size;
        c->traffic.rx_last = ov_now (ov);
        if (n > WIRE_PARTS + 1 || (c->state != CHILD_IN && size > OVERLAY_HELLO_MAX))
            bad_message (ov, c);
        else
            count = take_messages (ov, c, &in);
    }
    wire_in_close (&in);
    return count;
}

void children_ready (struct zsock *zs, void *arg)
{
    struct overlay *ov = arg;
    zmq_msg_t parts[WIRE_PARTS + 1];
    int n;

    for (int count = 0; count < OVERLAY_TURN_MESSAGES;) {
        if ((n = zsock_recv (zs, parts, WIRE_PARTS + 1)) < 0)
            break;
        count += receive (ov, parts, n);
        zmq_msg_close (&parts[0]);
    }
    flush_queues (ov);
}
