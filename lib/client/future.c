/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/flog.h>
#include <flux/msg_handler.h>
#include <flux/watcher.h>

#include "lib/client/future_private.h"
#include "lib/client/handle_private.h"
#include "lib/client/reactor_private.h"
#include "lib/util/aux.h"

struct result {
    struct result *next;
    void *value;
    flux_free_f free_fn;
    int errnum; // not 0: an error
    char *errstr;
};

/* "now": waiting with a reactor and a clone of the handle made for it, so that nothing else runs
 * meanwhile. Plain RPCs wait without, see handle_wait(). */
struct now {
    flux_reactor_t *r;
    flux_t *h;
    flux_watcher_t *timer;
    bool running;
    bool init_called;
};

/* "then": a continuation in the reactor. */
struct then {
    struct ready ready;
    flux_future_t *f;
    flux_reactor_t *r;
    flux_watcher_t *timer;
    double timeout;
    flux_continuation_f cb;
    void *arg;
    bool init_called;
};

struct flux_future {
    int refcount;
    bool has_result;
    struct result result;
    struct result *queue; // results after this one
    struct result **queue_end;
    struct result *fatal;
    flux_reactor_t *r;
    flux_t *h;
    struct aux_item *aux;
    flux_future_init_f init;
    void *init_arg;
    struct now *now;
    struct then *then;
    flux_future_t *embed; // what it was fulfilled with
    struct rpc *rpc;
};

static int fail (int errnum)
{
    errno = errnum;
    return -1;
}

flux_future_t *flux_future_create (flux_future_init_f cb, void *arg)
{
    flux_future_t *f = calloc (1, sizeof (*f));

    if (f) {
        f->refcount = 1;
        f->init = cb;
        f->init_arg = arg;
        f->queue_end = &f->queue;
    }
    return f;
}

void flux_future_incref (flux_future_t *f)
{
    if (f)
        f->refcount++;
}

void flux_future_decref (flux_future_t *f)
{
    flux_future_destroy (f);
}

static void result_clear (struct result *res)
{
    if (res->value && res->free_fn)
        res->free_fn (res->value);
    free (res->errstr);
    *res = (struct result){0};
}

static void now_destroy (struct now *now)
{
    if (now) {
        flux_watcher_destroy (now->timer);
        flux_close (now->h);
        flux_reactor_destroy (now->r);
        free (now);
    }
}

static void then_destroy (struct then *then)
{
    if (then) {
        reactor_ready_remove (then->r, &then->ready);
        flux_watcher_destroy (then->timer);
        flux_reactor_decref (then->r);
        free (then);
    }
}

/* Move the next queued result into place. */
static bool next_result (flux_future_t *f)
{
    struct result *res = f->queue;

    if (!res)
        return false;
    if (!(f->queue = res->next))
        f->queue_end = &f->queue;
    f->result = *res;
    f->result.next = NULL;
    f->has_result = true;
    free (res);
    return true;
}

void flux_future_destroy (flux_future_t *f)
{
    if (!f || --f->refcount > 0)
        return;
    int saved_errno = errno;
    then_destroy (f->then);
    rpc_destroy (f->rpc);
    flux_future_destroy (f->embed); // before aux: see future_chain.c
    aux_destroy (&f->aux);
    do
        result_clear (&f->result);
    while (next_result (f));
    if (f->fatal)
        result_clear (f->fatal);
    free (f->fatal);
    now_destroy (f->now);
    flux_decref (f->h);
    free (f);
    errno = saved_errno;
}

bool flux_future_is_ready (flux_future_t *f)
{
    return f && (f->has_result || f->fatal);
}

/* The result that counts. */
static const struct result *current (const flux_future_t *f)
{
    if (f->fatal)
        return f->fatal;
    return f->has_result ? &f->result : NULL;
}

static void announce (flux_future_t *f)
{
    if (f->now) {
        flux_watcher_stop (f->now->timer);
        flux_reactor_stop (f->now->r);
    }
    if (f->then)
        reactor_ready_add (f->then->r, &f->then->ready);
}

/* Without memory for it, this error comes instead. */
static void give (flux_future_t *f, struct result res)
{
    if (f->fatal) {
        result_clear (&res);
        return;
    }
    if (!f->has_result) {
        f->result = res;
        f->has_result = true;
    } else {
        struct result *queued = malloc (sizeof (*queued));
        if (!queued) {
            result_clear (&res);
            flux_future_fatal_error (f, ENOMEM, NULL);
            return;
        }
        *queued = res;
        *f->queue_end = queued;
        f->queue_end = &queued->next;
    }
    announce (f);
}

void flux_future_fulfill (flux_future_t *f, void *result, flux_free_f free_fn)
{
    if (f)
        give (f, (struct result){.value = result, .free_fn = free_fn});
    else if (result && free_fn)
        free_fn (result);
}

static char *dup_or_null (const char *s)
{
    return s ? strdup (s) : NULL;
}

void flux_future_fulfill_error (flux_future_t *f, int errnum, const char *errstr)
{
    if (f)
        give (f,
              (struct result){.errnum = errnum ? errnum : EINVAL, .errstr = dup_or_null (errstr)});
}

void flux_future_fatal_error (flux_future_t *f, int errnum, const char *errstr)
{
    if (!f)
        return;
    if (!f->fatal && (f->fatal = calloc (1, sizeof (*f->fatal)))) {
        f->fatal->errnum = errnum ? errnum : EINVAL;
        f->fatal->errstr = dup_or_null (errstr);
    }
    announce (f);
}

int flux_future_fulfill_with (flux_future_t *f, flux_future_t *p)
{
    if (!f || !p || f == p)
        return fail (EINVAL);
    if (f->embed && f->embed != p)
        return fail (EEXIST);
    if (!flux_future_is_ready (p))
        return fail (EAGAIN);
    if (p->fatal)
        flux_future_fatal_error (f, p->fatal->errnum, p->fatal->errstr);
    else if (p->result.errnum)
        flux_future_fulfill_error (f, p->result.errnum, p->result.errstr);
    else {
        // p still shows the value, but f owns it
        flux_future_fulfill (f, p->result.value, p->result.free_fn);
        p->result.free_fn = NULL;
    }
    if (!f->embed) {
        f->embed = p;
        flux_future_incref (p);
    }
    return 0;
}

static void on_then_timeout (flux_reactor_t *r, flux_watcher_t *w, int revents, void *arg)
{
    flux_future_fulfill_error (arg, ETIMEDOUT, NULL);
}

static int arm_then_timer (flux_future_t *f)
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

void flux_future_reset (flux_future_t *f)
{
    if (!f)
        return;
    result_clear (&f->result);
    f->has_result = false;
    if (f->then) {
        reactor_ready_remove (f->then->r, &f->then->ready);
        (void)arm_then_timer (f);
    }
    if (next_result (f))
        announce (f);
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
    else if (arm_then_timer (f) < 0)
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
    const struct result *res = current (f);
    if (res->errnum)
        return fail (res->errnum);
    if (result)
        *result = res->value;
    return 0;
}

bool flux_future_has_error (flux_future_t *f)
{
    const struct result *res = f ? current (f) : NULL;

    return res && res->errnum;
}

const char *flux_future_error_string (flux_future_t *f)
{
    const struct result *res = f ? current (f) : NULL;

    if (!res || !res->errnum)
        return NULL;
    return res->errstr ? res->errstr : flux_strerror (res->errnum);
}

void *flux_future_aux_get (flux_future_t *f, const char *name)
{
    void *val = NULL;

    if (!f) {
        errno = EINVAL;
        return NULL;
    }
    for (; f && !val; f = f->embed)
        val = aux_get (f->aux, name);
    return val;
}

void *future_own_aux_get (const flux_future_t *f, const char *name)
{
    return aux_get (f->aux, name);
}

int flux_future_aux_set (flux_future_t *f, const char *name, void *aux, flux_free_f destroy)
{
    return f ? aux_set (&f->aux, name, aux, destroy) : fail (EINVAL);
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

void future_set_rpc (flux_future_t *f, struct rpc *rpc)
{
    f->rpc = rpc;
}

struct rpc *future_rpc (const flux_future_t *f)
{
    while (f && !f->rpc)
        f = f->embed;
    return f ? f->rpc : NULL;
}
