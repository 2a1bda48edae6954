/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <flux/flog.h>

#include "lib/client/future_private.h"
#include "lib/client/future_struct.h"
#include "lib/util/aux.h"
#include "lib/util/fail.h"

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
const struct result *future_result (const flux_future_t *f)
{
    if (f->fatal)
        return f->fatal;
    return f->has_result ? &f->result : NULL;
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
    future_announce (f);
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
    future_announce (f);
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

void flux_future_reset (flux_future_t *f)
{
    if (!f)
        return;
    result_clear (&f->result);
    f->has_result = false;
    if (f->then) {
        reactor_ready_remove (f->then->r, &f->then->ready);
        (void)future_arm_then (f);
    }
    if (next_result (f))
        future_announce (f);
}

bool flux_future_has_error (flux_future_t *f)
{
    const struct result *res = f ? future_result (f) : NULL;

    return res && res->errnum;
}

const char *flux_future_error_string (flux_future_t *f)
{
    const struct result *res = f ? future_result (f) : NULL;

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
