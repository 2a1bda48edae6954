/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The watchers that libev has: fd, timer, periodic, prepare, check, idle, signal, stat. */

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client/watcher_private.h"

#define NEVER 1e30 // seconds from now

static int to_ev (int events)
{
    return (events & FLUX_POLLIN ? EV_READ : 0) | (events & FLUX_POLLOUT ? EV_WRITE : 0);
}

static int from_ev (int revents)
{
    return (revents & EV_READ ? FLUX_POLLIN : 0) | (revents & EV_WRITE ? FLUX_POLLOUT : 0) |
           (revents & EV_ERROR ? FLUX_POLLERR : 0);
}

static bool ev_active (const flux_watcher_t *w)
{
    return ev_is_active (&w->ev.any);
}

/* libev has stopped a timer that does not repeat before it calls. */
static void on_event (struct ev_loop *loop, ev_watcher *ew, int revents)
{
    flux_watcher_t *w = ew->data;

    if (w->expired)
        w->kind->stop (w);
    watcher_settle (w);
    watcher_call (w, from_ev (revents));
}

#define KIND(type)                                                                                 \
    static void type##_start (flux_watcher_t *w)                                                   \
    {                                                                                              \
        ev_##type##_start (watcher_loop (w), &w->ev.type);                                         \
    }                                                                                              \
    static void type##_stop (flux_watcher_t *w)                                                    \
    {                                                                                              \
        ev_##type##_stop (watcher_loop (w), &w->ev.type);                                          \
    }                                                                                              \
    static const struct watcher_kind type##_kind = {type##_start, type##_stop, ev_active, NULL, 1}

KIND (io);
KIND (timer);
KIND (prepare);
KIND (check);
KIND (idle);
KIND (signal);
KIND (stat);

/* The reschedule function may not change the loop; so when it says that it is over, the watcher is
 * put off for good, and stopped here or in on_event(). */
static void periodic_stop (flux_watcher_t *w)
{
    ev_periodic_stop (watcher_loop (w), &w->ev.periodic);
}

static void periodic_start (flux_watcher_t *w)
{
    w->expired = false;
    ev_periodic_start (watcher_loop (w), &w->ev.periodic);
    if (w->expired)
        periodic_stop (w);
}

static const struct watcher_kind periodic_kind = {periodic_start, periodic_stop, ev_active, NULL,
                                                  1};

static flux_watcher_t *create (flux_reactor_t *r, const struct watcher_kind *kind,
                               flux_watcher_f cb, void *arg)
{
    flux_watcher_t *w = watcher_create (r, kind, cb, arg);

    if (w) {
        ev_init (&w->ev.any, on_event);
        w->ev.any.data = w;
    }
    return w;
}

static flux_watcher_t *inval (void)
{
    errno = EINVAL;
    return NULL;
}

void flux_watcher_set_priority (flux_watcher_t *w, int priority)
{
    if (!w || priority < EV_MINPRI || priority > EV_MAXPRI || w->kind->active != ev_active)
        return;
    bool active = ev_active (w); // libev wants a stopped watcher
    flux_watcher_stop (w);
    ev_set_priority (&w->ev.any, priority);
    if (active)
        flux_watcher_start (w);
}

flux_watcher_t *flux_fd_watcher_create (flux_reactor_t *r, int fd, int events, flux_watcher_f cb,
                                        void *arg)
{
    if (fd < 0)
        return inval ();
    flux_watcher_t *w = create (r, &io_kind, cb, arg);
    if (w)
        ev_io_set (&w->ev.io, fd, to_ev (events));
    return w;
}

int flux_fd_watcher_get_fd (flux_watcher_t *w)
{
    if (!w || w->kind != &io_kind) {
        errno = EINVAL;
        return -1;
    }
    return w->ev.io.fd;
}

flux_watcher_t *flux_timer_watcher_create (flux_reactor_t *r, double after, double repeat,
                                           flux_watcher_f cb, void *arg)
{
    if (!(after >= 0.) || !(repeat >= 0.))
        return inval ();
    flux_watcher_t *w = create (r, &timer_kind, cb, arg);
    if (w)
        ev_timer_set (&w->ev.timer, after, repeat);
    return w;
}

void flux_timer_watcher_reset (flux_watcher_t *w, double after, double repeat)
{
    if (!w || w->kind != &timer_kind)
        return;
    if (ev_active (w)) // its place in the heap depends on the time
        flux_watcher_stop (w);
    ev_timer_set (&w->ev.timer, after, repeat);
}

void flux_timer_watcher_again (flux_watcher_t *w)
{
    if (w && w->kind == &timer_kind) {
        ev_timer_again (watcher_loop (w), &w->ev.timer);
        watcher_settle (w);
    }
}

static ev_tstamp reschedule (ev_periodic *p, ev_tstamp now)
{
    flux_watcher_t *w = p->data;
    double next = w->reschedule (w, now, w->arg);

    if (next > now)
        return next;
    w->expired = true;
    return now + NEVER;
}

static bool periodic_args_ok (double offset, double interval)
{
    return offset >= 0. && interval >= 0.;
}

flux_watcher_t *flux_periodic_watcher_create (flux_reactor_t *r, double offset, double interval,
                                              flux_reschedule_f reschedule_cb, flux_watcher_f cb,
                                              void *arg)
{
    if (!periodic_args_ok (offset, interval))
        return inval ();
    flux_watcher_t *w = create (r, &periodic_kind, cb, arg);
    if (w) {
        w->reschedule = reschedule_cb;
        ev_periodic_set (&w->ev.periodic, offset, interval, reschedule_cb ? reschedule : NULL);
    }
    return w;
}

void flux_periodic_watcher_reset (flux_watcher_t *w, double next_wakeup, double interval,
                                  flux_reschedule_f reschedule_cb)
{
    if (!w || w->kind != &periodic_kind || !periodic_args_ok (next_wakeup, interval))
        return;
    flux_watcher_stop (w);
    w->reschedule = reschedule_cb;
    ev_periodic_set (&w->ev.periodic, next_wakeup, interval, reschedule_cb ? reschedule : NULL);
    flux_watcher_start (w);
}

double flux_watcher_next_wakeup (flux_watcher_t *w)
{
    if (w && w->kind == &periodic_kind)
        return ev_periodic_at (&w->ev.periodic);
    if (w && w->kind == &timer_kind) {
        struct ev_loop *loop = watcher_loop (w);
        return ev_now (loop) + ev_timer_remaining (loop, &w->ev.timer);
    }
    errno = EINVAL;
    return -1.;
}

flux_watcher_t *flux_prepare_watcher_create (flux_reactor_t *r, flux_watcher_f cb, void *arg)
{
    return create (r, &prepare_kind, cb, arg);
}

flux_watcher_t *flux_check_watcher_create (flux_reactor_t *r, flux_watcher_f cb, void *arg)
{
    return create (r, &check_kind, cb, arg);
}

flux_watcher_t *flux_idle_watcher_create (flux_reactor_t *r, flux_watcher_f cb, void *arg)
{
    return create (r, &idle_kind, cb, arg);
}

flux_watcher_t *flux_signal_watcher_create (flux_reactor_t *r, int signum, flux_watcher_f cb,
                                            void *arg)
{
    if (signum <= 0 || signum >= NSIG)
        return inval ();
    flux_watcher_t *w = create (r, &signal_kind, cb, arg);
    if (w)
        ev_signal_set (&w->ev.signal, signum);
    return w;
}

int flux_signal_watcher_get_signum (flux_watcher_t *w)
{
    if (!w || w->kind != &signal_kind) {
        errno = EINVAL;
        return -1;
    }
    return w->ev.signal.signum;
}

flux_watcher_t *flux_stat_watcher_create (flux_reactor_t *r, const char *path, double interval,
                                          flux_watcher_f cb, void *arg)
{
    if (!path)
        return inval ();
    flux_watcher_t *w = create (r, &stat_kind, cb, arg);
    if (w && !(w->path = strdup (path))) {
        flux_watcher_destroy (w);
        return NULL;
    }
    if (w)
        ev_stat_set (&w->ev.stat, w->path, interval);
    return w;
}

int flux_stat_watcher_get_rstat (flux_watcher_t *w, struct stat *stat, struct stat *prev)
{
    if (!w || w->kind != &stat_kind) {
        errno = EINVAL;
        return -1;
    }
    if (stat)
        *stat = w->ev.stat.attr;
    if (prev)
        *prev = w->ev.stat.prev;
    return 0;
}
