/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The handle: a connector, messages put back, matchtags, and what hangs on it. A clone has only its
 * own aux items and dispatch; all else is done by the handle it was cloned from. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <flux/msglist.h>

#include "lib/client/handle_private.h"
#include "lib/client/handle_struct.h"
#include "lib/client/tags.h"
#include "lib/util/aux.h"
#include "lib/util/fail.h"

flux_t *handle_root (flux_t *h)
{
    return h->root;
}

struct dispatch *handle_dispatch (flux_t *h)
{
    return h->dispatch;
}

void handle_set_dispatch (flux_t *h, struct dispatch *d)
{
    h->dispatch = d;
}

void *handle_impl (flux_t *h)
{
    return h->root->impl;
}

struct msgio *handle_msgio (flux_t *h)
{
    return h->root->io;
}

flux_t *flux_handle_create (void *impl, const struct flux_handle_ops *ops, int flags)
{
    flux_t *h = calloc (1, sizeof (*h));

    if (!h)
        return NULL;
    h->root = h;
    h->refcount = 1;
    h->flags = flags;
    h->pollfd = h->queue_eventfd = -1;
    if (!(h->tags = tags_create ()) || !(h->queue = flux_msglist_create ())) {
        tags_destroy (h->tags);
        free (h);
        return NULL;
    }
    h->ops = ops;
    h->impl = impl;
    return h;
}

void handle_set_msgio (flux_t *h, struct msgio *io)
{
    h->io = io;
}

void handle_abandon (flux_t *h)
{
    h->ops = NULL;
    flux_handle_destroy (h);
}

void handle_on_closed (flux_t *h, flux_free_f cb, void *arg)
{
    h->on_closed = cb;
    h->on_closed_arg = arg;
}

flux_t *flux_clone (flux_t *orig)
{
    flux_t *h;

    if (!orig) {
        errno = EINVAL;
        return NULL;
    }
    if (!(h = calloc (1, sizeof (*h))))
        return NULL;
    h->root = flux_incref (orig->root);
    h->refcount = 1;
    h->flags = orig->flags | FLUX_O_CLONE;
    h->pollfd = h->queue_eventfd = -1;
    return h;
}

flux_t *flux_incref (flux_t *h)
{
    if (h)
        h->refcount++;
    return h;
}

static void root_fini (flux_t *h)
{
    if (h->pollfd >= 0)
        close (h->pollfd);
    if (h->queue_eventfd >= 0)
        close (h->queue_eventfd);
    if (h->ops && h->ops->impl_destroy)
        h->ops->impl_destroy (h->impl);
    if (h->on_closed)
        h->on_closed (h->on_closed_arg);
    if ((h->flags & FLUX_O_MATCHDEBUG) && tags_used (h->tags) > 0)
        fprintf (stderr, "MATCHDEBUG: %u matchtags still in use\n", tags_used (h->tags));
    tags_destroy (h->tags);
    flux_msglist_destroy (h->queue);
    flux_msglist_destroy (h->lost);
}

void flux_handle_destroy (flux_t *h)
{
    if (!h || --h->refcount > 0 || h->closing)
        return;
    int saved_errno = errno;
    h->closing = true;
    handle_send_now (h);
    aux_destroy (&h->aux);
    if (h->root == h)
        root_fini (h);
    else
        flux_handle_destroy (h->root);
    free (h);
    errno = saved_errno;
}

void flux_close (flux_t *h)
{
    flux_handle_destroy (h);
}

void flux_decref (flux_t *h)
{
    flux_handle_destroy (h);
}

static void reactor_destroy_cb (void *arg)
{
    flux_reactor_destroy (arg);
}

int flux_set_reactor (flux_t *h, flux_reactor_t *r)
{
    if (!h || !r)
        return fail (EINVAL);
    if (aux_get (h->aux, "flux::reactor"))
        return fail (EEXIST);
    return aux_set (&h->aux, "flux::reactor", r, NULL);
}

flux_reactor_t *flux_get_reactor (flux_t *h)
{
    flux_reactor_t *r;

    if (!h) {
        errno = EINVAL;
        return NULL;
    }
    if ((r = aux_get (h->aux, "flux::reactor")))
        return r;
    if ((r = flux_reactor_create (0)) &&
        aux_set (&h->aux, "flux::reactor", r, reactor_destroy_cb) < 0) {
        flux_reactor_destroy (r);
        return NULL;
    }
    return r;
}

int flux_opt_set (flux_t *h, const char *option, const void *val, size_t len)
{
    if (!h || !option || !h->root->ops->setopt)
        return fail (EINVAL);
    return h->root->ops->setopt (h->root->impl, option, val, len);
}

int flux_opt_get (flux_t *h, const char *option, void *val, size_t len)
{
    if (!h || !option || !h->root->ops->getopt)
        return fail (EINVAL);
    return h->root->ops->getopt (h->root->impl, option, val, len);
}

void flux_comms_error_set (flux_t *h, flux_comms_error_f fun, void *arg)
{
    h->root->comms_error = fun;
    h->root->comms_error_arg = arg;
}

/* 0: try again. */
int handle_comms_error (flux_t *h, int errnum)
{
    int rc = -1;

    errno = errnum;
    if (h->comms_error && !h->in_comms_error) {
        h->in_comms_error = true;
        rc = h->comms_error (h, h->comms_error_arg);
        h->in_comms_error = false;
    }
    return rc;
}

void *flux_aux_get (flux_t *h, const char *name)
{
    if (!h) {
        errno = EINVAL;
        return NULL;
    }
    return aux_get (h->aux, name);
}

int flux_aux_set (flux_t *h, const char *name, void *aux, flux_free_f destroy)
{
    return h ? aux_set (&h->aux, name, aux, destroy) : fail (EINVAL);
}

#define FLAGS_SETTABLE                                                                             \
    (FLUX_O_TRACE | FLUX_O_CLONE | FLUX_O_NONBLOCK | FLUX_O_MATCHDEBUG | FLUX_O_TEST_NOSUB)

void flux_flags_set (flux_t *h, int flags)
{
    h->flags |= flags & FLAGS_SETTABLE;
}

void flux_flags_unset (flux_t *h, int flags)
{
    h->flags &= ~flags;
}

int flux_flags_get (flux_t *h)
{
    return h->flags;
}
