/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* ZeroMQ sockets on a libev loop, and their monitors. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/overlay/limits.h"
#include "lib/overlay/zloop.h"

struct zsock {
    struct zloop *zl;
    void *sock; // NULL once destroyed; the struct is freed later
    zsock_f cb;
    void *arg;
    ev_io w;
    bool dirty;
    bool watched;
    bool unsent; // a send found no room
    struct zsock *monitor;
    zmon_f monitor_cb;
    void *monitor_arg;
    struct zsock *prev, *next;
};

struct zloop {
    struct ev_loop *loop;
    void *ctx;
    zturn_f turn;
    zturn_f flush;
    void *arg;
    bool deferred;
    unsigned monitors; // for their names
    ev_prepare prepare;
    ev_check check;
    ev_idle idle;
    ev_timer retry;
    struct zsock *socks;
};

static void sweep (struct zloop *zl)
{
    struct zsock *zs, *tmp;

    DL_FOREACH_SAFE (zl->socks, zs, tmp)
    {
        if (!zs->sock) {
            DL_DELETE (zl->socks, zs);
            free (zs);
        }
    }
}

static bool has_input (struct zsock *zs)
{
    int events = 0;
    size_t size = sizeof (events);

    if (zmq_getsockopt (zs->sock, ZMQ_EVENTS, &events, &size) < 0)
        return false;
    if (!(events & ZMQ_POLLIN))
        zs->dirty = false;
    return events & ZMQ_POLLIN;
}

/* May the loop sleep? */
static void prepare_cb (struct ev_loop *loop, ev_prepare *w, int revents)
{
    struct zloop *zl = w->data;
    struct zsock *zs;
    bool busy;

    sweep (zl);
    if (zl->flush)
        zl->flush (zl->arg);
    busy = zl->deferred;
    DL_FOREACH (zl->socks, zs)
    {
        if (zs->watched && zs->dirty && has_input (zs))
            busy = true;
    }
    if (busy)
        ev_idle_start (loop, &zl->idle);
    else
        ev_idle_stop (loop, &zl->idle);
}

static void check_cb (struct ev_loop *loop, ev_check *w, int revents)
{
    struct zloop *zl = w->data;
    struct zsock *zs;

    /* Sockets that callbacks add come last and are not dirty; destroyed ones stay until sweep ().
     */
    DL_FOREACH (zl->socks, zs)
    {
        if (zs->sock && zs->watched && zs->dirty)
            zs->cb (zs, zs->arg);
    }
    if (zl->deferred) {
        zl->deferred = false;
        zl->turn (zl->arg);
    }
}

/* It only keeps the loop from sleeping. */
static void idle_cb (struct ev_loop *loop, ev_idle *w, int revents)
{
}

static void io_cb (struct ev_loop *loop, ev_io *w, int revents)
{
    struct zsock *zs = w->data;

    zs->dirty = true;
    zs->cb (zs, zs->arg);
}

/* That there is room again is news that any call may have taken, also one for another peer of the
 * same socket. */
static void retry_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct zloop *zl = w->data;
    struct zsock *zs;

    ev_timer_stop (loop, w);
    DL_FOREACH (zl->socks, zs)
    {
        if (!zs->sock || !zs->unsent)
            continue;
        zs->unsent = false;
        zs->dirty = true;
        zs->cb (zs, zs->arg);
    }
}

static void no_room (struct zsock *zs)
{
    struct zloop *zl = zs->zl;

    zs->unsent = true;
    if (!ev_is_active (&zl->retry))
        ev_timer_again (zl->loop, &zl->retry);
}

struct zloop *zloop_create (struct ev_loop *loop, int io_threads, zturn_f turn, zturn_f flush,
                            void *arg)
{
    struct zloop *zl = calloc (1, sizeof (*zl));

    if (!zl)
        return NULL;
    if (!(zl->ctx = zmq_ctx_new ())) {
        free (zl);
        return NULL;
    }
    zmq_ctx_set (zl->ctx, ZMQ_IO_THREADS, io_threads);
    zl->loop = loop;
    zl->turn = turn;
    zl->flush = flush;
    zl->arg = arg;
    ev_prepare_init (&zl->prepare, prepare_cb);
    ev_check_init (&zl->check, check_cb);
    ev_idle_init (&zl->idle, idle_cb);
    ev_timer_init (&zl->retry, retry_cb, 0., OVERLAY_RETRY_TIME);
    /* After those of others, who may send from theirs: sending takes the event of a socket's fd. */
    ev_set_priority (&zl->prepare, EV_MINPRI);
    zl->prepare.data = zl->check.data = zl->idle.data = zl->retry.data = zl;
    ev_prepare_start (loop, &zl->prepare);
    ev_check_start (loop, &zl->check);
    return zl;
}

void zloop_destroy (struct zloop *zl)
{
    if (zl) {
        int saved = errno;
        ev_prepare_stop (zl->loop, &zl->prepare);
        ev_check_stop (zl->loop, &zl->check);
        ev_idle_stop (zl->loop, &zl->idle);
        ev_timer_stop (zl->loop, &zl->retry);
        sweep (zl);
        while (zmq_ctx_term (zl->ctx) < 0 && errno == EINTR)
            ;
        free (zl);
        errno = saved;
    }
}

void zloop_defer (struct zloop *zl)
{
    zl->deferred = true;
}

struct zsock *zsock_create (struct zloop *zl, int type, zsock_f cb, void *arg)
{
    struct zsock *zs = calloc (1, sizeof (*zs));

    if (!zs)
        return NULL;
    if (!(zs->sock = zmq_socket (zl->ctx, type))) {
        free (zs);
        return NULL;
    }
    zs->zl = zl;
    zs->cb = cb;
    zs->arg = arg;
    zs->w.data = zs;
    ev_init (&zs->w, io_cb);
    zsock_set_int (zs, ZMQ_LINGER, 0);
    DL_APPEND (zl->socks, zs);
    return zs;
}

void zsock_destroy (struct zsock *zs)
{
    if (zs && zs->sock) {
        int saved = errno;
        ev_io_stop (zs->zl->loop, &zs->w);
        if (zs->monitor) {
            zmq_socket_monitor (zs->sock, NULL, 0);
            zsock_destroy (zs->monitor);
        }
        zmq_close (zs->sock);
        zs->sock = NULL;
        zs->watched = false;
        errno = saved;
    }
}

int zsock_set_int (struct zsock *zs, int option, int value)
{
    return zmq_setsockopt (zs->sock, option, &value, sizeof (value));
}

int zsock_set_str (struct zsock *zs, int option, const char *value)
{
    return zmq_setsockopt (zs->sock, option, value, strlen (value));
}

void *zsock_zmq (struct zsock *zs)
{
    return zs->sock;
}

int zsock_watch (struct zsock *zs)
{
    int fd;
    size_t size = sizeof (fd);

    if (zmq_getsockopt (zs->sock, ZMQ_FD, &fd, &size) < 0)
        return -1;
    ev_io_set (&zs->w, fd, EV_READ);
    ev_io_start (zs->zl->loop, &zs->w);
    zs->watched = zs->dirty = true;
    return 0;
}

int zsock_recv (struct zsock *zs, zmq_msg_t *parts, int max)
{
    int count = 0;
    bool more = true;

    while (more) {
        zmq_msg_t extra, *msg = count < max ? &parts[count] : &extra;
        zmq_msg_init (msg);
        if (zmq_msg_recv (msg, zs->sock, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close (msg);
            for (int i = 0; i < count && i < max; i++)
                zmq_msg_close (&parts[i]);
            if (errno == EAGAIN)
                zs->dirty = false;
            return -1;
        }
        more = zmq_msg_more (msg);
        if (count++ >= max)
            zmq_msg_close (msg);
    }
    return count;
}

int zsock_send (struct zsock *zs, zmq_msg_t *parts, int count)
{
    zs->dirty = true;
    for (int i = 0; i < count; i++) {
        int flags = ZMQ_DONTWAIT | (i < count - 1 ? ZMQ_SNDMORE : 0);
        if (zmq_msg_send (&parts[i], zs->sock, flags) < 0) {
            if (errno == EAGAIN && zs->watched)
                no_room (zs);
            return -1;
        }
    }
    return 0;
}

/* An event is two parts: 16 bits of event and 32 of value, then the address. */
static void monitor_ready (struct zsock *mon, void *arg)
{
    struct zsock *zs = arg;
    zmq_msg_t parts[2];
    int n;

    while (mon->sock && (n = zsock_recv (mon, parts, 2)) >= 0) {
        uint16_t event = 0;
        uint32_t value = 0;
        if (zmq_msg_size (&parts[0]) == sizeof (event) + sizeof (value)) {
            const char *p = zmq_msg_data (&parts[0]);
            memcpy (&event, p, sizeof (event));
            memcpy (&value, p + sizeof (event), sizeof (value));
        }
        for (int i = 0; i < n && i < 2; i++)
            zmq_msg_close (&parts[i]);
        if (event != 0)
            zs->monitor_cb (event, value, zs->monitor_arg);
    }
}

int zsock_monitor (struct zsock *zs, int events, zmon_f cb, void *arg)
{
    char name[64];

    snprintf (name, sizeof (name), "inproc://monitor-%u", zs->zl->monitors++);
    zs->monitor_cb = cb;
    zs->monitor_arg = arg;
    if (zmq_socket_monitor (zs->sock, name, events) < 0)
        return -1;
    zs->monitor = zsock_create (zs->zl, ZMQ_PAIR, monitor_ready, zs);
    if (!zs->monitor || zmq_connect (zs->monitor->sock, name) < 0)
        return -1;
    return zsock_watch (zs->monitor);
}

void zsock_monitor_drain (struct zsock *zs)
{
    if (zs->monitor && zs->monitor->sock)
        monitor_ready (zs->monitor, zs);
}
