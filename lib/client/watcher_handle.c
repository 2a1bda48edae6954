/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The watcher of a handle. Messages may lie in memory already, where no poll sees them; so before
 * the loop waits it is asked what the handle has, and kept from waiting if that is anything. */

#include <errno.h>
#include <stdlib.h>

#include "lib/client/handle_private.h"
#include "lib/client/reactor_private.h"
#include "lib/client/watcher_private.h"
#include "lib/codec/msgio.h"

struct handle_watcher {
    flux_t *h;
    int events;
    bool active;
    bool pending; // seen before the wait
    bool called;  // in this turn
    ev_prepare prepare;
    ev_check check;
    ev_idle idle;
    ev_io io;
    ev_io out; // while a send that did not wait has left something behind
};

/* These two come and go; whether the loop is to go on, it counts by the others. */
static void set_idle (struct ev_loop *loop, ev_idle *idle, bool on)
{
    if (on == (ev_is_active (idle) != 0))
        return;
    if (on) {
        ev_idle_start (loop, idle);
        ev_unref (loop);
    } else {
        ev_ref (loop);
        ev_idle_stop (loop, idle);
    }
}

static void set_io (struct ev_loop *loop, ev_io *io, bool on)
{
    if (on == (ev_is_active (io) != 0))
        return;
    if (on) {
        ev_io_start (loop, io);
        ev_unref (loop);
    } else {
        ev_ref (loop);
        ev_io_stop (loop, io);
    }
}

/* The fd is another one after flux_reconnect(). */
static void follow_fd (flux_watcher_t *w)
{
    struct handle_watcher *hw = w->data;
    struct ev_loop *loop = watcher_loop (w);
    int fd = handle_watch_fd (hw->h);

    if (fd == hw->io.fd || fd < 0)
        return;
    bool on = ev_is_active (&hw->io);
    ev_io_stop (loop, &hw->io);
    set_io (loop, &hw->out, false);
    ev_io_set (&hw->io, fd, hw->io.events & (EV_READ | EV_WRITE));
    ev_io_set (&hw->out, fd, EV_WRITE);
    if (on)
        ev_io_start (loop, &hw->io);
}

static void on_prepare (struct ev_loop *loop, ev_prepare *p, int revents)
{
    flux_watcher_t *w = p->data;
    struct handle_watcher *hw = w->data;

    hw->called = false;
    follow_fd (w);
    set_io (loop, &hw->out, handle_has_output (hw->h));
    hw->pending = (hw->events & FLUX_POLLIN) && handle_has_message (hw->h);
    set_idle (loop, &hw->idle, hw->pending);
}

/* Once per turn, whether for what lay in memory or for what came in. */
static void run (flux_watcher_t *w)
{
    struct handle_watcher *hw = w->data;

    if (hw->called || reactor_stopping (w->r))
        return;
    hw->called = true;
    int revents = flux_pollevents (hw->h);

    if (revents < 0)
        revents = FLUX_POLLERR;
    revents &= hw->events;
    if (revents)
        watcher_call (w, revents);
}

static void on_check (struct ev_loop *loop, ev_check *c, int revents)
{
    flux_watcher_t *w = c->data;
    struct handle_watcher *hw = w->data;

    if (hw->pending) {
        hw->pending = false;
        run (w);
    }
}

static void on_io (struct ev_loop *loop, ev_io *io, int revents)
{
    run (io->data);
}

static void on_writable (struct ev_loop *loop, ev_io *io, int revents)
{
    flux_watcher_t *w = io->data;
    struct handle_watcher *hw = w->data;

    (void)msgio_flush (handle_msgio (hw->h)); // an error is seen by who reads
}

static void on_idle (struct ev_loop *loop, ev_idle *idle, int revents)
{
}

static void start (flux_watcher_t *w)
{
    struct handle_watcher *hw = w->data;
    struct ev_loop *loop = watcher_loop (w);

    hw->active = true;
    ev_prepare_start (loop, &hw->prepare);
    ev_check_start (loop, &hw->check);
    ev_io_start (loop, &hw->io);
}

static void stop (flux_watcher_t *w)
{
    struct handle_watcher *hw = w->data;
    struct ev_loop *loop = watcher_loop (w);

    hw->active = hw->pending = false;
    ev_prepare_stop (loop, &hw->prepare);
    ev_check_stop (loop, &hw->check);
    ev_io_stop (loop, &hw->io);
    set_idle (loop, &hw->idle, false);
    set_io (loop, &hw->out, false);
}

static bool active (const flux_watcher_t *w)
{
    return ((struct handle_watcher *)w->data)->active;
}

static void destroy (flux_watcher_t *w)
{
    free (w->data);
}

static const struct watcher_kind handle_kind = {start, stop, active, destroy, 3};

flux_watcher_t *flux_handle_watcher_create (flux_reactor_t *r, flux_t *h, int events,
                                            flux_watcher_f cb, void *arg)
{
    int fd = h ? handle_watch_fd (h) : -1;
    flux_watcher_t *w;
    struct handle_watcher *hw;

    if (!h)
        errno = EINVAL;
    if (fd < 0 || !(w = watcher_create (r, &handle_kind, cb, arg)))
        return NULL;
    if (!(hw = w->data = calloc (1, sizeof (*hw)))) {
        flux_reactor_decref (r);
        free (w);
        return NULL;
    }
    hw->h = h;
    hw->events = events | FLUX_POLLERR;
    ev_prepare_init (&hw->prepare, on_prepare);
    ev_check_init (&hw->check, on_check);
    ev_idle_init (&hw->idle, on_idle);
    // an fd of edges (flux_pollfd) is always read; only a plain one can be waited on for room
    int ev = EV_READ | (handle_fd_is_plain (h) && (events & FLUX_POLLOUT) ? EV_WRITE : 0);
    ev_io_init (&hw->io, on_io, fd, ev);
    ev_io_init (&hw->out, on_writable, fd, EV_WRITE);
    hw->prepare.data = hw->check.data = hw->io.data = hw->out.data = w;
    return w;
}

flux_t *flux_handle_watcher_get_flux (flux_watcher_t *w)
{
    if (!w || w->kind != &handle_kind) {
        errno = EINVAL;
        return NULL;
    }
    return ((struct handle_watcher *)w->data)->h;
}
