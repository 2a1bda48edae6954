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
 *
 *   parent.c      the states
 *   parent_io.c   what it sends and is sent
 *   parent_api.c  what the broker asks for */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/private.h"

static void close_socket (struct overlay *ov)
{
    struct parent *p = &ov->parent;

    prover_cancel (ov->prover, ov);
    probe_stop (&p->probe);
    zsock_destroy (p->zs);
    p->zs = NULL;
    p->uuid[0] = '\0';
}

void parent_set_timer (struct overlay *ov, double after)
{
    struct parent *p = &ov->parent;

    ev_timer_stop (ov->loop, &p->timer);
    ev_timer_set (&p->timer, after, 0.);
    ev_timer_start (ov->loop, &p->timer);
}

/* What was to be sent is not. */
static void parent_forget (struct parent *p)
{
    bundle_clear (&p->out);
    outq_clear (&p->q);
}

void parent_final (struct overlay *ov, int errnum, const char *reason)
{
    struct parent *p = &ov->parent;

    ev_timer_stop (ov->loop, &p->timer);
    close_socket (ov);
    parent_forget (p);
    p->state = PARENT_GONE;
    ov_log (ov, errnum ? 3 : 7, "no parent any more: %s", reason);
    if (ov->ops->parent_down)
        ov->ops->parent_down (ov, true, errnum, reason, ov->arg);
}

/* Choose whom to try next, and when. */
void parent_next_try (struct overlay *ov, int errnum, const char *reason)
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
    parent_set_timer (ov, pause);
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
    parent_next_try (ov, errnum, reason);
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
    parent_forget (p); // its senders hear EHOSTUNREACH; it must not be done after all
    if (ov->heal_timeout <= 0 || p->ancestor_count == 0) {
        parent_final (ov, EHOSTUNREACH, reason);
        return;
    }
    ov_log (ov, 4, "lost parent rank %u: %s", p->ancestors[p->current].rank, reason);
    heal_start (&p->heal, p->ancestor_count, ov_now (ov), heal_time (ov), OVERLAY_HEAL_ATTEMPT,
                ov->connect_timeout);
    p->root_refused = 0;
    parent_next_try (ov, EHOSTUNREACH, reason);
    if (p->state == PARENT_GONE)
        return;
    parent_orphan (ov, true);
    if (ov->ops->parent_down)
        ov->ops->parent_down (ov, false, EHOSTUNREACH, reason, ov->arg);
}

#define PARENT_EVENTS                                                                              \
    (ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_CLOSED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |            \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)

static void monitor_cb (uint16_t event, uint32_t value, void *arg)
{
    struct overlay *ov = arg;
    struct parent *p = &ov->parent;
    bool closed = event == ZMQ_EVENT_DISCONNECTED || event == ZMQ_EVENT_CLOSED;

    if (!ov_monitored (ov, "parent", PARENT_EVENTS, event, value))
        return;

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
    int events = ov->zmqdebug ? ZMQ_EVENT_ALL : PARENT_EVENTS;

    if (!(p->zs = zsock_create (ov->zl, ZMQ_DEALER, parent_ready, ov)) ||
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
            parent_set_timer (ov, p->patience);
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
        parent_next_try (ov, EHOSTUNREACH, "moving to another parent");
    }
    if (!ov->children.reach_dirty)
        return;
    ov->children.reach_dirty = false;
    parent_send_routes (ov);
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
    parent_forget (p);
    for (int i = 0; i < p->ancestor_count; i++) {
        free (p->ancestors[i].uri);
        free (p->ancestors[i].key);
    }
    free (p->ancestors);
}
