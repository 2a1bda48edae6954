/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Chains of futures: `next` stands for what a callback will do with the result of `prev`.
 *
 * The link between them belongs to both. prev is destroyed by a callback, or else with next. Which
 * of the two it was, the link learns from prev's own end. A next that was fulfilled with prev holds
 * a reference too, and lets go of it before its link (flux_future_destroy()). */

#include <errno.h>
#include <stdlib.h>
#include <flux/future.h>

#include "lib/client/future_private.h"
#include "lib/util/fail.h"

struct link {
    int refcount;
    flux_future_t *prev; // NULL once destroyed
    flux_future_t *next; // NULL once destroyed
    bool continued;
    bool reset; // prev was, in a callback
    flux_continuation_f and_cb;
    void *and_arg;
    flux_continuation_f or_cb;
    void *or_arg;
};

static void link_decref (void *arg)
{
    struct link *l = arg;

    if (--l->refcount == 0)
        free (l);
}

static void on_prev_destroyed (void *arg)
{
    struct link *l = arg;

    l->prev = NULL;
    link_decref (l);
}

static void on_next_destroyed (void *arg)
{
    struct link *l = arg;
    flux_future_t *prev = l->prev;

    l->next = NULL;
    if (!l->reset)
        flux_future_destroy (prev);
    link_decref (l);
}

static void propagate (flux_future_t *from, flux_future_t *to)
{
    flux_reactor_t *r = flux_future_get_reactor (from);
    flux_t *h = flux_future_get_flux (from);

    if (r)
        flux_future_set_reactor (to, r);
    if (h)
        flux_future_set_flux (to, h);
}

/* Call what is set for this outcome. A callback that resets prev will be called again. */
static void on_prev (flux_future_t *prev, void *arg)
{
    struct link *l = arg;
    bool failed = flux_future_get (prev, NULL) < 0;
    flux_continuation_f cb = failed ? l->or_cb : l->and_cb;

    l->refcount++;
    l->continued = false;
    flux_future_incref (prev);
    if (cb)
        cb (prev, failed ? l->or_arg : l->and_arg);
    if (!flux_future_is_ready (prev))
        l->reset = true;
    if (l->next && !l->continued && flux_future_is_ready (prev) &&
        flux_future_fulfill_with (l->next, prev) < 0)
        flux_future_fatal_error (l->next, errno, NULL);
    flux_future_decref (prev);
    link_decref (l);
}

static void init (flux_future_t *f, void *arg)
{
    struct link *l = arg;

    if (!l->prev) {
        flux_future_fulfill_error (f, EINVAL, NULL);
        return;
    }
    propagate (f, l->prev);
    if (flux_future_then (l->prev, -1., on_prev, l) < 0)
        flux_future_fulfill_error (f, errno, NULL);
}

static struct link *link_create (flux_future_t *prev)
{
    struct link *l = calloc (1, sizeof (*l));

    if (!l || !(l->next = flux_future_create (init, l))) {
        free (l);
        return NULL;
    }
    l->refcount = 1;
    l->prev = prev;
    if (flux_future_aux_set (prev, "flux::chain", l, on_prev_destroyed) < 0) {
        flux_future_destroy (l->next);
        free (l);
        return NULL;
    }
    l->refcount++;
    if (flux_future_aux_set (l->next, NULL, l, on_next_destroyed) < 0) {
        l->refcount--;
        flux_future_destroy (l->next);
        (void)flux_future_aux_set (prev, "flux::chain", NULL, NULL);
        return NULL;
    }
    flux_t *h = flux_future_get_flux (prev);
    if (h) // which knows its reactor when one is needed
        flux_future_set_flux (l->next, h);
    else
        flux_future_set_reactor (l->next, flux_future_get_reactor (prev));
    return l;
}

static struct link *link_of (flux_future_t *prev)
{
    struct link *l = prev ? future_own_aux_get (prev, "flux::chain") : NULL;

    if (!l)
        errno = EINVAL;
    return l;
}

flux_future_t *flux_future_and_then (flux_future_t *prev, flux_continuation_f cb, void *arg)
{
    struct link *l = link_of (prev);

    if (!prev || (!l && !(l = link_create (prev))))
        return NULL;
    l->and_cb = cb;
    l->and_arg = arg;
    return l->next;
}

flux_future_t *flux_future_or_then (flux_future_t *prev, flux_continuation_f cb, void *arg)
{
    struct link *l = link_of (prev);

    if (!prev || (!l && !(l = link_create (prev))))
        return NULL;
    l->or_cb = cb;
    l->or_arg = arg;
    return l->next;
}

/* f has its result: it becomes next's, which keeps f. */
static void on_continued (flux_future_t *f, void *arg)
{
    flux_future_t *next = arg;

    if (flux_future_fulfill_with (next, f) < 0)
        flux_future_fatal_error (next, errno, NULL);
}

static void destroy_future (void *f)
{
    flux_future_destroy (f);
}

int flux_future_continue (flux_future_t *prev, flux_future_t *f)
{
    struct link *l = link_of (prev);

    if (!l || !l->next)
        return fail (EINVAL);
    l->continued = true;
    if (!f)
        return 0;
    if (f == prev)
        return flux_future_fulfill_with (l->next, f);
    propagate (prev, f);
    if (flux_future_then (f, -1., on_continued, l->next) < 0)
        return -1;
    // with next gone nobody waits for f
    return flux_future_aux_set (l->next, NULL, f, destroy_future);
}

void flux_future_continue_error (flux_future_t *prev, int errnum, const char *errstr)
{
    struct link *l = link_of (prev);

    if (l && l->next) {
        l->continued = true;
        flux_future_fulfill_error (l->next, errnum, errstr);
    }
}

int flux_future_fulfill_next (flux_future_t *prev, void *result, flux_free_f free_fn)
{
    struct link *l = link_of (prev);

    if (!l || !l->next)
        return fail (EINVAL);
    l->continued = true;
    flux_future_fulfill (l->next, result, free_fn);
    return 0;
}
