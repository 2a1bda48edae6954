/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Waiting for a future, in the reactor ("then") or right here ("now"). */

#include <errno.h>
#include <stdlib.h>
#include <flux/msg_handler.h>

#include "lib/client/future_struct.h"
#include "lib/client/handle_private.h"
#include "lib/util/fail.h"

void now_destroy (struct now *now)
{
    if (now) {
        flux_watcher_destroy (now->timer);
        flux_close (now->h);
        flux_reactor_destroy (now->r);
        free (now);
    }
}

void then_destroy (struct then *then)
{
    if (then) {
        reactor_ready_remove (then->r, &then->ready);
        flux_watcher_destroy (then->timer);
        flux_reactor_decref (then->r);
        free (then);
    }
}

void future_announce (flux_future_t *f)
{
    if (f->now) {
        flux_watcher_stop (f->now->timer);
        flux_reactor_stop (f->now->r);
    }
    if (f->then)
        reactor_ready_add (f->then->r, &f->then->ready);
}

static void on_then_timeout (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    flux_future_fulfill_error (arg, ETIMEDOUT, NULL);
}

int future_arm_then (flux_future_t *f)
{
    struct then *then = f->then;

    flux_watcher_stop (then->timer);
    if (then->timeout < 0.)
        return 0;
    if (!then->timer &&
        !(then->timer = flux_timer_watcher_create (then->r, then->timeout, 0., on_then_timeout, f)))
        return -1;
    flux_reactor_now_update (then->r);
    flux_timer_watcher_reset (then->timer, then->timeout, 0.);
    flux_watcher_start (then->timer);
    return 0;
}

/* The continuation may destroy the future. */
static void on_ready (struct ready *ready)
{
    struct then *then = (struct then *)ready; // its first member

    flux_watcher_stop (then->timer);
    if (then->cb)
        then->cb (then->f, then->arg);
}

/* The reactor is asked for late: who only waits needs none. */
static int then_create (flux_future_t *f)
{
    flux_reactor_t *r = f->r ? f->r : f->h ? flux_get_reactor (f->h) : NULL;

    if (!r)
        return fail (EINVAL);
    if (f->then && f->then->r == r)
        return 0;
    then_destroy (f->then); // it was of a composite that was waited for
    if (!(f->then = calloc (1, sizeof (*f->then))))
        return -1;
    f->then->f = f;
    f->then->r = r;
    f->then->ready.cb = on_ready;
    flux_reactor_incref (r);
    return 0;
}

int flux_future_then (flux_future_t *f, double timeout, flux_continuation_f cb, void *arg)
{
    if (!f || !cb)
        return fail (EINVAL);
    if (then_create (f) < 0)
        return -1;
    f->then->cb = cb;
    f->then->arg = arg;
    f->then->timeout = timeout;
    if (flux_future_is_ready (f))
        reactor_ready_add (f->then->r, &f->then->ready);
    else if (future_arm_then (f) < 0)
        return -1;
    if (f->init && !f->then->init_called) {
        f->then->init_called = true;
        f->init (f, f->init_arg);
    }
    return 0;
}

static void on_now_timeout (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    errno = ETIMEDOUT;
    flux_reactor_stop_error (r);
}

static struct now *now_create (void)
{
    struct now *now = calloc (1, sizeof (*now));

    if (now && !(now->r = flux_reactor_create (0))) {
        free (now);
        return NULL;
    }
    return now;
}

static int arm_now_timer (struct now *now, double timeout)
{
    flux_watcher_stop (now->timer);
    if (timeout < 0.)
        return 0;
    if (!now->timer &&
        !(now->timer = flux_timer_watcher_create (now->r, timeout, 0., on_now_timeout, NULL)))
        return -1;
    flux_reactor_now_update (now->r);
    flux_timer_watcher_reset (now->timer, timeout, 0.);
    flux_watcher_start (now->timer);
    return 0;
}

/* Wait with a reactor of its own. */
static int wait_now (flux_future_t *f, double timeout)
{
    int rc = 0;

    if (!f->now && !(f->now = now_create ()))
        return -1;
    if (arm_now_timer (f->now, timeout) < 0)
        return -1;
    f->now->running = true;
    if (f->init && !f->now->init_called) {
        f->now->init_called = true;
        f->init (f, f->init_arg);
    }
    if (!flux_future_is_ready (f))
        rc = flux_reactor_run (f->now->r, 0);
    int errnum = errno;
    if (f->now->h)
        flux_dispatch_requeue (f->now->h);
    flux_watcher_stop (f->now->timer);
    f->now->running = false;
    errno = errnum;
    return rc < 0 ? -1 : 0;
}

int flux_future_wait_for (flux_future_t *f, double timeout)
{
    int rc;

    if (!f)
        return fail (EINVAL);
    if (flux_future_is_ready (f))
        return 0;
    if (timeout == 0.)
        return fail (ETIMEDOUT);
    if (f->rpc)
        rc = handle_wait (f->h, f, timeout);
    else
        rc = wait_now (f, timeout);
    if (rc < 0)
        return -1;
    return flux_future_is_ready (f) ? 0 : fail (EDEADLOCK);
}

int flux_future_get (flux_future_t *f, const void **result)
{
    if (flux_future_wait_for (f, -1.) < 0)
        return -1;
    const struct result *res = future_result (f);
    if (res->errnum)
        return fail (res->errnum);
    if (result)
        *result = res->value;
    return 0;
}

void flux_future_set_reactor (flux_future_t *f, flux_reactor_t *r)
{
    if (f)
        f->r = r;
}

flux_reactor_t *flux_future_get_reactor (flux_future_t *f)
{
    flux_reactor_t *r = NULL;

    if (f)
        r = f->now && f->now->running ? f->now->r : f->r;
    if (f && !r && f->h)
        r = f->r = flux_get_reactor (f->h);
    if (!r)
        errno = EINVAL;
    return r;
}

void flux_future_set_flux (flux_future_t *f, flux_t *h)
{
    if (f) {
        flux_incref (h);
        flux_decref (f->h);
        f->h = h;
    }
}

flux_t *flux_future_get_flux (flux_future_t *f)
{
    if (!f || !f->h) {
        errno = EINVAL;
        return NULL;
    }
    if (!f->now || !f->now->running)
        return f->h;
    if (!f->now->h) {
        flux_t *h = flux_clone (f->h);
        if (!h || flux_set_reactor (h, f->now->r) < 0) {
            flux_close (h);
            return NULL;
        }
        f->now->h = h;
    }
    return f->now->h;
}
