/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CLIENT_WATCHER_PRIVATE_H
#define FLUX_CLIENT_WATCHER_PRIVATE_H

#include <ev.h>
#include <flux/watcher.h>

/* What a kind of watcher does. `active` tells whether the loop counts it. */
struct watcher_kind {
    void (*start) (flux_watcher_t *w);
    void (*stop) (flux_watcher_t *w);
    bool (*active) (const flux_watcher_t *w);
    void (*destroy) (flux_watcher_t *w); // or NULL
    int count;                           // how often the loop counts it while active
};

struct flux_watcher {
    flux_reactor_t *r;
    const struct watcher_kind *kind;
    flux_watcher_f cb;
    void *arg;
    bool unreferenced;
    bool discounted; // the loop was told not to count it
    union {
        ev_watcher any;
        ev_io io;
        ev_timer timer;
        ev_periodic periodic;
        ev_prepare prepare;
        ev_check check;
        ev_idle idle;
        ev_signal signal;
        ev_stat stat;
    } ev;
    flux_reschedule_f reschedule; // periodic
    bool expired;                 // periodic: reschedule said so
    char *path;                   // stat
    void *data;                   // of a kind of its own
};

flux_watcher_t *watcher_create (flux_reactor_t *r, const struct watcher_kind *kind,
                                flux_watcher_f cb, void *arg);
struct ev_loop *watcher_loop (const flux_watcher_t *w);
void watcher_call (flux_watcher_t *w, int revents);

/* After the watcher became (in)active by other means than start and stop. */
void watcher_settle (flux_watcher_t *w);

#endif /* !FLUX_CLIENT_WATCHER_PRIVATE_H */
