/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The side towards the parent: a DEALER socket for each try, so that nothing of an old link reaches
 * a new one, and the search for another parent when the link is lost.
 *
 *   NONE -> CHALLENGE -> PROVING -> HELLO -> UP -> LEAVING -> GONE
 *             ^  |           |        |       |
 *            WAIT <---------------------------+     (each try ends in UP or WAIT, the last one in
 * GONE)
 *
 * What is sent up meanwhile is queued for the parent to come. When a connect fails, a probe tells
 * why, so that a dead rank 0 is not looked for as long as one that is behind a cut link. Children
 * are told when a broker lost its way to rank 0: should it give up, they don't begin to count anew.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"
#include "lib/util/errprintf.h"

static void close_socket (struct overlay *ov)
{
    struct parent *p = &ov->parent;

    prover_cancel (ov->prover, ov);
    probe_stop (&p->probe);
    zsock_destroy (p->zs);
    p->zs = NULL;
    p->uuid[0] = '\0';
}

static void set_timer (struct overlay *ov, double after)
{
    struct parent *p = &ov->parent;

    ev_timer_stop (ov->loop, &p->timer);
    ev_timer_set (&p->timer, after, 0.);
    ev_timer_start (ov->loop, &p->timer);
}

void parent_final (struct overlay *ov, int errnum, const char *reason)
{
    struct parent *p = &ov->parent;

    ev_timer_stop (ov->loop, &p->timer);
    close_socket (ov);
    outq_clear (&p->q);
    p->state = PARENT_GONE;
    ov_log (ov, errnum ? 3 : 7, "no parent any more: %s", reason);
    if (ov->ops->parent_down)
        ov->ops->parent_down (ov, true, errnum, reason, ov->arg);
}

/* Choose whom to try next, and when. */
static void next_try (struct overlay *ov, int errnum, const char *reason)
{
    struct parent *p = &ov->parent;
    double pause;
    int next = heal_next (&p->heal, ov_now (ov), &pause, &p->patience);

    close_socket (ov);
    if (next < 0) {
        parent_final (ov, errnum, reason);
        return;
    }
    p->current = next;
    p->state = PARENT_WAIT;
    set_timer (ov, pause);
}

void parent_orphan (struct overlay *ov, bool orphan)
{
    struct parent *p = &ov->parent;
    flux_msg_t *msg;

    if (orphan == (p->orphan_since > 0))
        return;
    p->orphan_since = orphan ? ov_now (ov) : 0;
    if ((msg = ov_control (CONTROL_HEARTBEAT, orphan ? HEARTBEAT_ORPHAN : HEARTBEAT_WELL)))
        children_bcast (ov, msg);
    flux_msg_destroy (msg);
}

/* Nobody listens where rank 0 was, and its host says so. */
static bool root_is_dead (struct parent *p, int errnum)
{
    if (!p->ever_up || p->ancestors[p->current].rank != 0)
        return false;
    p->root_refused = errnum == ECONNREFUSED ? p->root_refused + 1 : 0;
    return p->root_refused >= OVERLAY_ROOT_REFUSED;
}

/* A try failed. A refusal is for good: that candidate is not asked again. */
void parent_failed (struct overlay *ov, int errnum, const char *reason, bool refused)
{
    struct parent *p = &ov->parent;
    struct ancestor gone = p->ancestors[p->current];

    ov_log (ov, p->ever_up && !refused ? 6 : 4, "rank %u is no parent for us: %s", gone.rank,
            reason);
    if (root_is_dead (p, errnum)) {
        parent_final (ov, EHOSTUNREACH, "rank 0 is gone");
        return;
    }
    if (refused) {
        heal_drop (&p->heal);
        p->ancestor_count--;
        memmove (&p->ancestors[p->current], &p->ancestors[p->current + 1],
                 (size_t)(p->ancestor_count - p->current) * sizeof (gone));
        free (gone.uri);
        free (gone.key);
    }
    next_try (ov, errnum, reason);
}

/* The time that is left when our parent has looked for rank 0 before us. */
static double heal_time (struct overlay *ov)
{
    double left = ov->heal_timeout;

    if (ov->parent.orphan_since > 0) {
        left -= ov_now (ov) - ov->parent.orphan_since;
        if (left < OVERLAY_HEAL_MIN)
            left = OVERLAY_HEAL_MIN < ov->heal_timeout ? OVERLAY_HEAL_MIN : ov->heal_timeout;
    }
    return left;
}

/* The link of a parent that had let us in is gone. */
void parent_lost (struct overlay *ov, const char *reason)
{
    struct parent *p = &ov->parent;

    close_socket (ov);
    outq_clear (&p->q); // its senders hear EHOSTUNREACH; it must not be done after all
    if (ov->heal_timeout <= 0 || p->ancestor_count == 0) {
        parent_final (ov, EHOSTUNREACH, reason);
        return;
    }
    ov_log (ov, 4, "lost parent rank %u: %s", p->ancestors[p->current].rank, reason);
    heal_start (&p->heal, p->ancestor_count, ov_now (ov), heal_time (ov), OVERLAY_HEAL_ATTEMPT,
                ov->connect_timeout);
    p->root_refused = 0;
    next_try (ov, EHOSTUNREACH, reason);
    if (p->state == PARENT_GONE)
        return;
    parent_orphan (ov, true);
    if (ov->ops->parent_down)
        ov->ops->parent_down (ov, false, EHOSTUNREACH, reason, ov->arg);
}

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

static void receive (struct overlay *ov, zmq_msg_t *parts, int n)
{
    struct parent *p = &ov->parent;
    flux_msg_t *msg;

    p->traffic.rx++;
    p->traffic.rx_last = ov_now (ov);
    for (int i = 0; i < n && i < WIRE_PARTS; i++)
        p->traffic.rx_bytes += zmq_msg_size (&parts[i]);
    if (!(msg = wire_decode (parts, n))) {
        ov->malformed++;
        if (p->state == PARENT_UP)
            parent_lost (ov, "the parent sent a malformed message");
        return;
    }
    if (p->state == PARENT_UP || p->state == PARENT_LEAVING)
        parent_message (ov, msg);
    else
        join_message (ov, msg);
    flux_msg_destroy (msg);
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

static void ready_cb (struct zsock *zs, void *arg)
{
    struct overlay *ov = arg;
    zmq_msg_t parts[WIRE_PARTS];
    int n;

    for (int i = 0; i < OVERLAY_TURN_MESSAGES && ov->parent.zs == zs; i++) {
        if ((n = zsock_recv (zs, parts, WIRE_PARTS)) < 0)
            break;
        receive (ov, parts, n);
    }
    if (ov->parent.zs == zs)
        flush_queue (ov);
}

static void monitor_cb (uint16_t event, uint32_t value, void *arg)
{
    struct overlay *ov = arg;
    struct parent *p = &ov->parent;
    bool closed = event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_CLOSED;

    switch (p->state) {
    case PARENT_UP:
        if (closed)
            parent_lost (ov, "lost connection");
        break;
    case PARENT_LEAVING:
        if (closed)
            parent_final (ov, 0, "goodbye");
        break;
    case PARENT_CHALLENGE:
    case PARENT_PROVING:
    case PARENT_HELLO:
        if (event == ZMQ_EVENT_CLOSED) {
            close_socket (ov);
            p->state = PARENT_PROBE;
            probe_start (&p->probe, p->ancestors[p->current].uri, p->patience);
        } else if (event == ZMQ_EVENT_DISCONNECTED)
            parent_failed (ov, EHOSTUNREACH, "it closed the connection", false);
        else if (event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)
            parent_failed (ov, ECONNRESET, "it closed the connection in the handshake (wrong key?)",
                           false);
        else
            parent_failed (ov, EPERM, "the CURVE handshake failed", false);
        break;
    default:
        break;
    }
}

static void probe_cb (int errnum, void *arg)
{
    parent_failed (arg, errnum ? errnum : EAGAIN, errnum ? strerror (errnum) : "cannot connect",
                   false);
}

static int dealer_options (struct overlay *ov, const char *uri, const char *key)
{
    struct zsock *zs = ov->parent.zs;
    int patience = (int)(ov->parent.patience * 1000) + 1;

    if (ov_socket_options (ov, zs, uri) < 0 || zsock_set_int (zs, ZMQ_RCVHWM, OVERLAY_HWM) < 0 ||
        zsock_set_int (zs, ZMQ_RECONNECT_IVL, -1) < 0)
        return -1;
    if (ov_uri_is_ipc (uri))
        return 0;
    if (zsock_set_int (zs, ZMQ_CONNECT_TIMEOUT, patience) < 0 ||
        zsock_set_str (zs, ZMQ_CURVE_SERVERKEY, key) < 0)
        return -1;
    return 0;
}

static int open_dealer (struct overlay *ov)
{
    struct parent *p = &ov->parent;
    const struct ancestor *a = &p->ancestors[p->current];
    int events = ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH;

    if (!(p->zs = zsock_create (ov->zl, ZMQ_DEALER, ready_cb, ov)) ||
        dealer_options (ov, a->uri, a->key) < 0 ||
        zsock_monitor (p->zs, events, monitor_cb, ov) < 0 ||
        zmq_connect (zsock_zmq (p->zs), a->uri) < 0 || zsock_watch (p->zs) < 0)
        return -1;
    return join_start (ov);
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct overlay *ov = w->data;
    struct parent *p = &ov->parent;

    switch (p->state) {
    case PARENT_WAIT:
        if (open_dealer (ov) < 0)
            parent_failed (ov, errno, zmq_strerror (errno), false);
        else
            set_timer (ov, p->patience);
        break;
    case PARENT_PROVING:
        parent_failed (ov, ETIMEDOUT, "munge does not answer in time", false);
        break;
    case PARENT_CHALLENGE:
    case PARENT_PROBE:
    case PARENT_HELLO:
        parent_failed (ov, ETIMEDOUT, "no answer in time", false);
        break;
    case PARENT_LEAVING:
        parent_final (ov, 0, "goodbye");
        break;
    default:
        break;
    }
}

/* Send now or when the peer takes it. Consumes w. */
static int enqueue (struct overlay *ov, struct wire *w)
{
    struct parent *p = &ov->parent;
    size_t size = w->size;
    bool live = p->state == PARENT_UP || p->state == PARENT_LEAVING;
    int rc = -1;

    if (live && p->q.count == 0 && (rc = try_send (p, w)) < 0 && errno != EAGAIN)
        size = 0;
    else if (rc < 0)
        rc = outq_push (&p->q, w, ov->queue_max);
    if (rc < 0 && errno == ENOBUFS && p->state == PARENT_UP) {
        p->move = -1;
        zloop_defer (ov->zl);
    }
    if (rc == 0) {
        p->traffic.tx++;
        p->traffic.tx_bytes += size;
        p->traffic.tx_last = ov_now (ov);
    }
    wire_close (w);
    return rc;
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

int parent_send (struct overlay *ov, const flux_msg_t *msg)
{
    struct wire w;

    if (ov->parent.state == PARENT_NONE || ov->parent.state == PARENT_GONE) {
        errno = EHOSTUNREACH;
        return -1;
    }
    if (wire_encode (&w, msg) < 0 || enqueue (ov, &w) < 0)
        return -1;
    ov_trace (ov, "tx", ov->parent.ancestors[ov->parent.current].rank, msg);
    return 0;
}

static int set_candidate (struct overlay *ov, uint32_t rank, const char *uri, const char *key)
{
    struct parent *p = &ov->parent;
    struct ancestor a = {.rank = rank, .uri = strdup (uri), .key = strdup (key)}, *list;

    list = realloc (p->ancestors, (size_t)(p->ancestor_count + 1) * sizeof (*list));
    if (list)
        p->ancestors = list;
    if (!list || !a.uri || !a.key) {
        free (a.uri);
        free (a.key);
        errno = ENOMEM;
        return -1;
    }
    memmove (list + 1, list, (size_t)p->ancestor_count * sizeof (*list));
    list[0] = a;
    p->ancestor_count++;
    return 0;
}

static int check_parent (struct overlay *ov, uint32_t rank, const char *uri, const char *key,
                         flux_error_t *errp)
{
    unsigned char bin[32];
    bool ipc = ov_uri_is_ipc (uri);

    errno = EINVAL;
    if (!*ov->instance)
        return errprintf (errp, "a broker needs the id of its instance");
    if (!ov->zl || !topology_is_below (ov->topo, ov->rank, rank))
        return errprintf (errp, "rank %u is no ancestor of rank %u in topology %s", rank, ov->rank,
                          topology_uri (ov->topo));
    if (strlen (uri) > OVERLAY_URI_MAX || (!ipc && strncmp (uri, "tcp://", 6) != 0))
        return errprintf (errp, "%s: neither tcp:// nor ipc://", uri);
    if (!ipc && (!key || strlen (key) != OVERLAY_KEY_SIZE - 1 || !zmq_z85_decode (bin, key)))
        return errprintf (errp, "the parent's key is not a CURVE key");
    return 0;
}

int overlay_connect_parent (struct overlay *ov, uint32_t parent_rank, const char *uri,
                            const char *parent_pubkey, flux_error_t *errp)
{
    struct parent *p = &ov->parent;

    if (check_parent (ov, parent_rank, uri, parent_pubkey, errp) < 0)
        return -1;
    if (p->state != PARENT_NONE && p->state != PARENT_GONE)
        return errprintf (errp, "there is a parent already");
    if (set_candidate (ov, parent_rank, uri, ov_uri_is_ipc (uri) ? "-" : parent_pubkey) < 0)
        return errprintf (errp, "out of memory");
    heal_start (&p->heal, 1, ov_now (ov), ov->connect_timeout > 0 ? ov->connect_timeout : 86400,
                ov->connect_timeout > 0 ? ov->connect_timeout : 86400, 86400);
    next_try (ov, ETIMEDOUT, "no time to connect");
    return 0;
}

int overlay_reparent (struct overlay *ov, uint32_t parent_rank, const char *uri,
                      const char *parent_pubkey, flux_error_t *errp)
{
    struct parent *p = &ov->parent;

    if (p->state == PARENT_NONE || p->state == PARENT_GONE)
        return overlay_connect_parent (ov, parent_rank, uri, parent_pubkey, errp);
    if (check_parent (ov, parent_rank, uri, parent_pubkey, errp) < 0)
        return -1;
    if (set_candidate (ov, parent_rank, uri, ov_uri_is_ipc (uri) ? "-" : parent_pubkey) < 0)
        return errprintf (errp, "out of memory");
    p->current++; // it moved
    p->move++;
    zloop_defer (ov->zl);
    return 0;
}

int overlay_goodbye (struct overlay *ov)
{
    struct parent *p = &ov->parent;
    flux_msg_t *msg;

    if (p->state == PARENT_GONE) {
        errno = EHOSTUNREACH;
        return -1;
    }
    if (p->state == PARENT_UP && (msg = ov_control (CONTROL_STATUS, OVERLAY_OFFLINE))) {
        parent_send (ov, msg);
        flux_msg_destroy (msg);
        set_timer (ov, OVERLAY_GOODBYE_TIME);
    } else
        set_timer (ov, 0.);
    p->state = PARENT_LEAVING;
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

static void send_routes (struct overlay *ov)
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

void parent_turn (struct overlay *ov)
{
    struct parent *p = &ov->parent;
    int move = p->move;

    p->move = 0;
    if (move != 0 && p->state == PARENT_UP)
        parent_lost (ov, move > 0 ? "moving to another parent" : "the parent does not read");
    else if (move > 0 && p->state != PARENT_NONE && p->state != PARENT_GONE) {
        heal_start (&p->heal, p->ancestor_count, ov_now (ov), ov->heal_timeout,
                    OVERLAY_HEAL_ATTEMPT, ov->connect_timeout);
        next_try (ov, EHOSTUNREACH, "moving to another parent");
    }
    if (!ov->children.reach_dirty)
        return;
    ov->children.reach_dirty = false;
    send_routes (ov);
    presence_turn (ov);
    if (ov->ops->online)
        ov->ops->online (ov, ov->arg);
}

void parent_tick (struct overlay *ov, double now)
{
    flux_msg_t *beat;

    if (ov->parent.state != PARENT_UP || ov->torpid_min <= 0 ||
        now - ov->parent.traffic.tx_last <= .9 * ov->torpid_min)
        return;
    if ((beat = ov_control (CONTROL_HEARTBEAT, HEARTBEAT_WELL)))
        parent_send (ov, beat);
    flux_msg_destroy (beat);
}

int parent_init (struct overlay *ov)
{
    probe_init (&ov->parent.probe, ov->loop, probe_cb, ov);
    ev_init (&ov->parent.timer, timer_cb);
    ov->parent.timer.data = ov;
    return 0;
}

void parent_fini (struct overlay *ov)
{
    struct parent *p = &ov->parent;

    ev_timer_stop (ov->loop, &p->timer);
    close_socket (ov);
    outq_clear (&p->q);
    for (int i = 0; i < p->ancestor_count; i++) {
        free (p->ancestors[i].uri);
        free (p->ancestors[i].key);
    }
    free (p->ancestors);
}
