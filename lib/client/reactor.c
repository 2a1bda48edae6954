/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "lib/client/reactor_private.h"
#include "lib/util/monotime.h"

#define MOMENT 20e-6 // seconds

struct flux_reactor {
    struct ev_loop *loop;
    bool borrowed;
    int refcount;
    bool failed;
    bool stopping;
    struct ready *ready;
    struct ready *row_end; // to be done when all that is ready has been
    bool in_row;
    ev_idle idle;   // runs while something is ready, so that the loop does not wait
    ev_check check; // does it
};

struct ev_loop *reactor_loop (flux_reactor_t *r)
{
    return r->loop;
}

bool reactor_stopping (const flux_reactor_t *r)
{
    return r->stopping;
}

static void stop_ready (flux_reactor_t *r)
{
    ev_idle_stop (r->loop, &r->idle);
    ev_check_stop (r->loop, &r->check);
}

void reactor_ready_add (flux_reactor_t *r, struct ready *item)
{
    if (item->queued)
        return;
    item->queued = true;
    DL_APPEND (r->ready, item);
    ev_idle_start (r->loop, &r->idle);
    ev_check_start (r->loop, &r->check);
}

void reactor_ready_remove (flux_reactor_t *r, struct ready *item)
{
    if (!item->queued)
        return;
    item->queued = false;
    DL_DELETE (r->ready, item);
    if (!r->ready)
        stop_ready (r);
}

static void no_cb (struct ready *item)
{
}

bool reactor_in_row (const flux_reactor_t *r)
{
    return r->in_row;
}

void reactor_row_end (flux_reactor_t *r, struct ready *item)
{
    if (!item->queued) {
        item->queued = true;
        DL_APPEND (r->row_end, item);
    }
}

void reactor_row_end_remove (flux_reactor_t *r, struct ready *item)
{
    if (item->queued) {
        item->queued = false;
        DL_DELETE (r->row_end, item);
    }
}

static void end_row (flux_reactor_t *r)
{
    struct ready *item;

    r->in_row = false;
    while ((item = r->row_end)) {
        reactor_row_end_remove (r, item);
        item->cb (item);
    }
}

/* One round: what gets ready again by a callback waits behind the mark for the next turn. A
 * callback may run the reactor itself, which then may have taken the mark too. */
static void run_ready (struct ev_loop *loop, ev_check *check, int revents)
{
    flux_reactor_t *r = check->data;
    struct ready mark = {.cb = no_cb};
    double start = 0., now = monotime_now ();
    bool brief = false;

    flux_reactor_incref (r);
    reactor_ready_add (r, &mark);
    while (mark.queued) {
        struct ready *item = r->ready;
        reactor_ready_remove (r, item);
        r->in_row = brief && mark.queued && r->ready != &mark;
        item->cb (item);
        start = now;
        now = monotime_now ();
        brief = now - start < MOMENT;
    }
    end_row (r);
    flux_reactor_decref (r);
}

static void do_nothing (struct ev_loop *loop, ev_idle *idle, int revents)
{
}

flux_reactor_t *reactor_over (struct ev_loop *loop)
{
    flux_reactor_t *r = calloc (1, sizeof (*r));

    if (!r)
        return NULL;
    r->loop = loop;
    r->borrowed = true;
    r->refcount = 1;
    ev_idle_init (&r->idle, do_nothing);
    ev_check_init (&r->check, run_ready);
    r->check.data = r;
    return r;
}

flux_reactor_t *flux_reactor_create (int flags)
{
    struct ev_loop *loop;
    flux_reactor_t *r;

    if (flags != 0) {
        errno = EINVAL;
        return NULL;
    }
    if (!(loop = ev_loop_new (EVFLAG_NOSIGMASK | EVFLAG_SIGNALFD))) {
        errno = ENOMEM;
        return NULL;
    }
    if (!(r = reactor_over (loop))) {
        ev_loop_destroy (loop);
        return NULL;
    }
    r->borrowed = false;
    return r;
}

void flux_reactor_incref (flux_reactor_t *r)
{
    if (r)
        r->refcount++;
}

void flux_reactor_decref (flux_reactor_t *r)
{
    if (r && --r->refcount == 0) {
        int saved_errno = errno;
        stop_ready (r);
        if (!r->borrowed)
            ev_loop_destroy (r->loop);
        free (r);
        errno = saved_errno;
    }
}

void flux_reactor_destroy (flux_reactor_t *r)
{
    flux_reactor_decref (r);
}

int flux_reactor_run (flux_reactor_t *r, int flags)
{
    if (!r || (flags & ~(FLUX_REACTOR_NOWAIT | FLUX_REACTOR_ONCE))) {
        errno = EINVAL;
        return -1;
    }
    int ev_flags = 0;
    if (flags & FLUX_REACTOR_NOWAIT)
        ev_flags |= EVRUN_NOWAIT;
    if (flags & FLUX_REACTOR_ONCE)
        ev_flags |= EVRUN_ONCE;
    r->failed = r->stopping = false;
    flux_reactor_incref (r);
    end_row (r);
    int count = ev_run (r->loop, ev_flags);
    if (r->failed)
        count = -1;
    flux_reactor_decref (r);
    return count;
}

void flux_reactor_stop (flux_reactor_t *r)
{
    r->failed = false;
    r->stopping = true;
    ev_break (r->loop, EVBREAK_ALL);
}

void flux_reactor_stop_error (flux_reactor_t *r)
{
    r->failed = r->stopping = true;
    ev_break (r->loop, EVBREAK_ALL);
}

double flux_reactor_now (flux_reactor_t *r)
{
    return ev_now (r->loop);
}

void flux_reactor_now_update (flux_reactor_t *r)
{
    ev_now_update (r->loop);
}

double flux_reactor_time (void)
{
    return ev_time ();
}
