/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Watchers of eventlogs that read more slowly than is written, or come when much is there: they get
 * it as fast as they take it, from a copy of the log, before they are told of more. So many bytes
 * are held for all of them; the others wait for their turn. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/codec/limits.h"
#include "shell/service/job_info/watch_private.h"

#define LIVE_BACKLOG_MAX (64u << 20)
#define HELD_MAX (512u << 20)
#define PATIENCE 0.01 // seconds until a client is looked at again that has not read enough

static bool is_full (const struct watch *watch)
{
    return router_backlog (watch->w->rt, watch->msg) > CLIENT_BACKLOG_MAX;
}

/* To catch up takes a copy of the whole log: not for each new part of it. */
bool catchup_is_due (const struct watch *watch, size_t len)
{
    if (watch->sent == 0)
        return len > WATCH_BIG || (len > 0 && is_full (watch));
    return len > 0 && router_backlog (watch->w->rt, watch->msg) > LIVE_BACKLOG_MAX;
}

void catchup_begin (struct watch *watch)
{
    struct watches *w = watch->w;

    if (watch->kw)
        kvs_local_watch_stop (watch->kw);
    watch->kw = NULL;
    watch->behind = true;
    if (!ev_is_active (&w->timer)) {
        ev_timer_set (&w->timer, 0., 0.);
        ev_timer_start (router_loop (w->rt), &w->timer);
    }
}

void catchup_drop (struct watch *watch)
{
    if (watch->data)
        watch->w->held -= watch->len;
    free (watch->data);
    watch->data = NULL;
}

static int load (struct watch *watch)
{
    struct watches *w = watch->w;

    if (watch->data)
        return 0;
    if (kvs_local_get (w->kvs, NULL, watch->key, &watch->data, &watch->len) < 0)
        return -1;
    w->held += watch->len;
    return 0;
}

/* Whole lines of some size, unless one is longer. */
static void send_some (struct watch *watch)
{
    const char *from = watch->data + watch->sent, *end = watch->data + watch->len;
    const char *to = (size_t)(end - from) > WATCH_BIG ? memrchr (from, '\n', WATCH_BIG) : end - 1;

    if (!to)
        to = memchr (from, '\n', end - from);
    size_t n = to ? (size_t)(to + 1 - from) : (size_t)(end - from);
    logwatch_send_lines (watch, from, n);
    watch->sent += n;
}

/* False: it must wait. */
static bool go_on (struct watch *watch)
{
    if (is_full (watch) || (!watch->data && watch->w->held >= HELD_MAX))
        return false;
    if (load (watch) < 0) {
        logwatch_end (watch, errno, NULL);
        return true;
    }
    if (watch->sent < watch->len)
        send_some (watch);
    if (watch->sent >= watch->len) {
        catchup_drop (watch);
        watch->behind = false;
        logwatch_follow (watch);
    }
    return true;
}

static void timer_cb (struct ev_loop *loop, ev_timer *timer, int revents)
{
    struct watches *w = timer->data;
    struct watch *watch, *tmp;
    bool any = false, moved = false;

    DL_FOREACH_SAFE (w->list, watch, tmp)
    {
        if (watch->behind) {
            any = true;
            moved = go_on (watch) || moved;
        }
    }
    ev_timer_set (timer, moved ? 0. : PATIENCE, 0.);
    if (any)
        ev_timer_start (loop, timer);
}

void catchup_init (struct watches *w)
{
    ev_init (&w->timer, timer_cb);
    w->timer.data = w;
}
