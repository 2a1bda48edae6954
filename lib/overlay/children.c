/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The side towards the children: a ROUTER socket, and what is known of each connection.
 *
 * ZeroMQ names each connection by itself (a child cannot choose the name), so a connection that
 * broke and came back is a new one and says a new hello. That it broke is told by the socket's
 * monitor, by the fd of the connection, which ZeroMQ also gives with each message.
 *
 *   children.c       who is there, who goes
 *   children_io.c    what they send and are sent
 *   children_bind.c  where they connect */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utlist.h>

#include "lib/overlay/private.h"

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

void children_moved (struct overlay *ov, struct child *c)
{
    c->moved = true;
    children_doom (ov, c, "it has another parent");
}

/* The fd is looked at only if it still is the socket that it was. */
uint64_t children_fd_inode (int fd)
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

void children_free (struct overlay *ov, struct child *c)
{
    drop_hello (ov, c);
    HASH_DEL (ov->children.by_id, c);
    if (c->state != CHILD_IN)
        ov->children.pending--;
    if (c->out.len > 0)
        DL_DELETE2 (ov->children.unsent, c, prev_unsent, next_unsent);
    bundle_clear (&c->out);
    outq_clear (&c->q);
    free (c);
}

/* Stop to listen to a connection; it is closed soon, so that the peer can read why. What it had
 * sent before may still come, so its entry stays a while when it has closed itself. */
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
void children_down (struct overlay *ov, struct child *c, bool lost, const char *reason)
{
    if (c->doomed)
        ov->children.doomed--;
    c->doomed = false;
    HASH_DELETE (hh_uuid, ov->children.by_uuid, c);
    reach_del_all (ov->children.reach, c);
    children_flush_one (ov, c); // it may hear why
    outq_clear (&c->q);
    children_out (ov, c);
    ov->children.reach_dirty = true;
    zloop_defer (ov->zl);
    ov_log (ov, lost ? 4 : 7, "child rank %u is %s: %s", c->rank, lost ? "lost" : "offline",
            reason);
    if (c->moved)
        record_forget (ov, c->rank);
    else
        record_set (ov, c->rank, lost ? OVERLAY_LOST : OVERLAY_OFFLINE, lost ? reason : NULL);
    if (ov->ops->peer_down)
        ov->ops->peer_down (ov, c->rank, c->uuid, lost, reason, ov->arg);
}

void children_drop_lost (struct overlay *ov, struct child *c, const char *reason)
{
    children_down (ov, c, true, reason);
}

void children_monitor (uint16_t event, uint32_t value, void *arg)
{
    struct overlay *ov = arg;
    struct child *c, *tmp;

    if (!ov_monitored (ov, "children", ZMQ_EVENT_DISCONNECTED, event, value))
        return;
    HASH_ITER (hh, ov->children.by_id, c, tmp)
    {
        if (c->fd != (int)value)
            continue;
        if (c->state == CHILD_IN)
            children_down (ov, c, true, c->doomed ? c->doom_reason : "lost connection");
        else
            children_out (ov, c);
        c->fd = -1;
        c->inode = 0;
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
    return c && c->state != CHILD_OUT ? c : NULL;
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
        if (c->kick_at > ov_now (ov))
            continue;
        if (c->fd < 0 || c->kick_at + OVERLAY_PENDING_TIME <= ov_now (ov))
            children_free (ov, c);
        else if (c->inode != 0 && children_fd_inode (c->fd) == c->inode)
            shutdown (c->fd, SHUT_RDWR); // the monitor will tell
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
            children_down (ov, c, true, c->doom_reason);
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
            if (c->state != CHILD_OUT && c->state != CHILD_WAITING &&
                now - c->born > OVERLAY_PENDING_TIME)
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
    children_flush (ov);
    HASH_CLEAR (hh_uuid, ch->by_uuid);
    HASH_ITER (hh, ch->by_id, c, tmp)
    children_free (ov, c);
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
