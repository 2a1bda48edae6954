/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the parent sends, and what is sent to it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"

static void told_leave (struct overlay *ov, int status)
{
    if (ov->parent.state == PARENT_LEAVING)
        parent_final (ov, 0, "goodbye");
    else if (status == DISCONNECT_UNKNOWN)
        parent_lost (ov, "the parent does not know this broker any more");
    else
        parent_final (ov, EHOSTDOWN, "the parent told this broker to leave");
}

static void control (struct overlay *ov, const flux_msg_t *msg)
{
    int type, status;

    if (flux_msg_get_control (msg, &type, &status) < 0)
        return;
    if (type == CONTROL_DISCONNECT)
        told_leave (ov, status);
    else if (type == CONTROL_HEARTBEAT)
        parent_orphan (ov, status == HEARTBEAT_ORPHAN);
}

/* The same event may come twice: by the old parent, and repeated by the new one. */
static bool seen_event (struct overlay *ov, const flux_msg_t *msg)
{
    struct parent *p = &ov->parent;
    uint32_t seq;

    if (flux_msg_get_seq (msg, &seq) < 0 || seq == 0)
        return false;
    if (p->last_event != 0 && !seq_after (seq, p->last_event)) {
        p->events_seen_twice++;
        return true;
    }
    p->last_event = seq;
    return false;
}

/* Ranks far below us that live elsewhere are the affair of the child on the way to them. */
static void elsewhere (struct overlay *ov, const flux_msg_t *msg)
{
    json_t *ranks;

    if (!ov->children.reach || flux_msg_unpack (msg, "{s:o}", "ranks", &ranks) < 0)
        return;
    health_elsewhere (ov, ranks);
    children_bcast (ov, msg);
}

static bool own_request (struct overlay *ov, const flux_msg_t *msg)
{
    const char *topic;
    json_t *list;

    if (flux_msg_get_topic (msg, &topic) < 0)
        return false;
    if (strcmp (topic, TOPIC_ELSEWHERE) == 0)
        elsewhere (ov, msg);
    else if (strcmp (topic, TOPIC_ANCESTORS) != 0)
        return false;
    else if (flux_msg_unpack (msg, "{s:o}", "ancestors", &list) == 0)
        join_ancestors (ov, list);
    return true;
}

static void parent_message (struct overlay *ov, flux_msg_t *msg)
{
    uint32_t rank = ov->parent.ancestors[ov->parent.current].rank;
    char uuid[OVERLAY_UUID_MAX + 1];
    int type = 0;

    flux_msg_get_type (msg, &type);
    ov_trace (ov, "rx", rank, msg);
    memcpy (uuid, ov->parent.uuid, sizeof (uuid));
    if (type == FLUX_MSGTYPE_CONTROL)
        control (ov, msg);
    else if (type == FLUX_MSGTYPE_EVENT && seen_event (ov, msg))
        ;
    else if (type != FLUX_MSGTYPE_REQUEST || !own_request (ov, msg))
        ov_deliver (ov, msg, rank, uuid, true);
}

static void take_message (struct overlay *ov, flux_msg_t *msg)
{
    struct parent *p = &ov->parent;

    p->traffic.rx++;
    if (!msg) {
        ov->malformed++;
        if (p->state == PARENT_UP)
            parent_lost (ov, "the parent sent a malformed message");
    } else if (p->state == PARENT_UP || p->state == PARENT_LEAVING)
        parent_message (ov, msg);
    else
        join_message (ov, msg);
    flux_msg_destroy (msg);
}

/* Returns how many messages there were. The socket may be another one after each. */
static int receive (struct overlay *ov, struct zsock *zs, zmq_msg_t *parts, int n)
{
    struct parent *p = &ov->parent;
    struct wire_in in;
    int count = 0;

    p->traffic.rx_batches++;
    p->traffic.rx_last = ov_now (ov);
    for (int i = 0; i < n && i < WIRE_PARTS; i++)
        p->traffic.rx_bytes += zmq_msg_size (&parts[i]);
    wire_in_open (&in, parts, n);
    do {
        take_message (ov, wire_next (&in));
        count++;
    } while (wire_more (&in) && p->zs == zs);
    wire_in_close (&in);
    return count;
}

static int try_send (struct parent *p, struct wire *w)
{
    return zsock_send (p->zs, w->part, w->count);
}

static void flush_queue (struct overlay *ov)
{
    struct parent *p = &ov->parent;
    struct wire *w;

    if (p->state != PARENT_UP && p->state != PARENT_LEAVING)
        return;
    while ((w = outq_head (&p->q)) && try_send (p, w) == 0)
        outq_pop (&p->q);
}

void parent_ready (struct zsock *zs, void *arg)
{
    struct overlay *ov = arg;
    zmq_msg_t parts[WIRE_PARTS];
    int n;

    for (int count = 0; count < OVERLAY_TURN_MESSAGES && ov->parent.zs == zs;) {
        if ((n = zsock_recv (zs, parts, WIRE_PARTS)) < 0)
            break;
        count += receive (ov, zs, parts, n);
    }
    if (ov->parent.zs == zs)
        flush_queue (ov);
}

/* Send now or when the peer takes it. Consumes w. */
static int enqueue (struct overlay *ov, struct wire *w)
{
    struct parent *p = &ov->parent;
    bool live = p->state == PARENT_UP || p->state == PARENT_LEAVING;
    int rc = -1;

    if (!live || p->q.count > 0 || ((rc = try_send (p, w)) < 0 && errno == EAGAIN))
        rc = outq_push (&p->q, w, ov->queue_max);
    p->traffic.tx_batches++;
    if (rc < 0 && errno == ENOBUFS && p->state == PARENT_UP) {
        p->move = -1;
        zloop_defer (ov->zl);
    }
    wire_close (w);
    return rc;
}

void parent_flush (struct overlay *ov)
{
    struct parent *p = &ov->parent;
    struct wire w;

    if (p->out.len > 0 && bundle_wire (&p->out, &w) == 0)
        (void)enqueue (ov, &w); // if it fails, the link does too
}

/* Past the queue: for the hello, before the parent lets anything else in. */
int parent_write (struct overlay *ov, const flux_msg_t *msg)
{
    struct wire w;
    int rc;

    if (!msg || wire_encode (&w, msg) < 0)
        return -1;
    rc = try_send (&ov->parent, &w);
    wire_close (&w);
    if (rc == 0)
        ov_trace (ov, "tx", ov->parent.ancestors[ov->parent.current].rank, msg);
    return rc;
}

static int send_message (struct overlay *ov, const flux_msg_t *msg)
{
    struct parent *p = &ov->parent;
    struct wire w;

    if (bundle_takes (msg)) {
        if (bundle_add (&p->out, msg) < 0)
            return -1;
        if (p->out.len >= OVERLAY_BUNDLE)
            parent_flush (ov);
        return 0;
    }
    if (wire_encode (&w, msg) < 0)
        return -1;
    parent_flush (ov);
    return enqueue (ov, &w);
}

int parent_send (struct overlay *ov, const flux_msg_t *msg)
{
    struct parent *p = &ov->parent;

    if (p->state == PARENT_NONE || p->state == PARENT_GONE) {
        errno = EHOSTUNREACH;
        return -1;
    }
    if (send_message (ov, msg) < 0)
        return -1;
    p->traffic.tx++;
    p->traffic.tx_bytes += (size_t)flux_msg_encode_size (msg);
    p->traffic.tx_last = ov_now (ov);
    ov_trace (ov, "tx", p->ancestors[p->current].rank, msg);
    return 0;
}

/* Told to the children: our parent, its parent, and so on. */
json_t *parent_ancestors (const struct overlay *ov)
{
    const struct parent *p = &ov->parent;
    json_t *list = json_array ();

    for (int i = p->current; p->state == PARENT_UP && i < p->ancestor_count; i++)
        json_array_append_new (list,
                               json_pack ("{s:i s:s s:s}", "rank", (int)p->ancestors[i].rank, "uri",
                                          p->ancestors[i].uri, "key", p->ancestors[i].key));
    return list;
}

void parent_send_routes (struct overlay *ov)
{
    json_t *add, *del, *starts;
    flux_msg_t *msg;

    if (ov->parent.state != PARENT_UP || !reach_changes (ov->children.reach, &add, &del))
        return;
    starts = reach_starts (ov->children.reach, add);
    if ((msg = ov_request (TOPIC_ROUTES,
                           json_pack ("{s:o s:o s:o}", "add", add, "starts", starts, "del", del))))
        parent_send (ov, msg);
    flux_msg_destroy (msg);
}
