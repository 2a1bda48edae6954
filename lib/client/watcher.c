/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What all watchers share: start and stop, and being left out of the loop's count. */

#include <errno.h>
#include <stdlib.h>

#include "lib/client/reactor_private.h"
#include "lib/client/watcher_private.h"

flux_watcher_t *watcher_create (flux_reactor_t *r, const struct watcher_kind *kind,
                                flux_watcher_f cb, void *arg)
{
    flux_watcher_t *w;

    if (!r) {
        errno = EINVAL;
        return NULL;
    }
    if (!(w = calloc (1, sizeof (*w))))
        return NULL;
    w->r = r;
    flux_reactor_incref (r);
    w->kind = kind;
    w->cb = cb;
    w->arg = arg;
    return w;
}

struct ev_loop *watcher_loop (const flux_watcher_t *w)
{
    return reactor_loop (w->r);
}

void watcher_call (flux_watcher_t *w, int revents)
{
    if (w->cb)
        w->cb (w->r, w, revents, w->arg);
}

void watcher_settle (flux_watcher_t *w)
{
    bool discount = w->unreferenced && w->kind->active (w);

    if (discount == w->discounted)
        return;
    w->discounted = discount;
    for (int i = 0; i < w->kind->count; i++) {
        if (discount)
            ev_unref (watcher_loop (w));
        else
            ev_ref (watcher_loop (w));
    }
}

void flux_watcher_start (flux_watcher_t *w)
{
    if (w) {
        w->kind->start (w);
        watcher_settle (w);
    }
}

void flux_watcher_stop (flux_watcher_t *w)
{
    if (w) {
        w->kind->stop (w);
        watcher_settle (w);
    }
}

void flux_watcher_ref (flux_watcher_t *w)
{
    if (w) {
        w->unreferenced = false;
        watcher_settle (w);
    }
}

void flux_watcher_unref (flux_watcher_t *w)
{
    if (w) {
        w->unreferenced = true;
        watcher_settle (w);
    }
}

bool flux_watcher_is_active (flux_watcher_t *w)
{
    return w && w->kind->active (w);
}

bool flux_watcher_is_referenced (flux_watcher_t *w)
{
    return w && !w->unreferenced;
}

void flux_watcher_destroy (flux_watcher_t *w)
{
    int saved_errno = errno;

    if (w) {
        flux_watcher_stop (w);
        if (w->kind->destroy)
            w->kind->destroy (w);
        free (w->path);
        flux_reactor_decref (w->r);
        free (w);
    }
    errno = saved_errno;
}
