/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Futures that wait for all, or any, of several. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <flux/future.h>

#include "lib/client/future_private.h"

struct child {
    UT_hash_handle hh; // in the order of pushing
    flux_future_t *parent;
    flux_future_t *f;
    bool seen; // ready, and counted
    char name[];
};

struct composite {
    struct child *children;
    struct child *cursor;
    unsigned int ready;
    unsigned int anonymous;
    int errnum; // of a child that failed
    bool any;
};

static void composite_destroy (void *arg)
{
    struct composite *c = arg;
    struct child *child, *tmp;

    HASH_ITER (hh, c->children, child, tmp)
    {
        HASH_DEL (c->children, child);
        flux_future_destroy (child->f);
        free (child);
    }
    free (c);
}

static struct composite *composite_of (flux_future_t *f)
{
    struct composite *c = f ? future_own_aux_get (f, "flux::composite") : NULL;

    if (!c)
        errno = EINVAL;
    return c;
}

static void finish (flux_future_t *f, int errnum)
{
    if (errnum)
        flux_future_fulfill_error (f, errnum, NULL);
    else
        flux_future_fulfill (f, NULL, NULL);
}

/* A child may be fulfilled again; "all" counts it once. */
static void on_child (flux_future_t *f, void *arg)
{
    struct child *child = arg;
    struct composite *c = composite_of (child->parent);
    int errnum = flux_future_get (f, NULL) < 0 ? errno : 0;

    if (errnum)
        c->errnum = errnum;
    if (c->any) {
        finish (child->parent, errnum);
        return;
    }
    if (!child->seen) {
        child->seen = true;
        c->ready++;
    }
    if (c->ready == HASH_COUNT (c->children))
        finish (child->parent, c->errnum);
}

/* What waits for the composite, waits for the children: same reactor, same handle. */
static void init (flux_future_t *f, void *arg)
{
    struct composite *c = arg;
    struct child *child, *tmp;

    if (!c->any && !c->children)
        flux_future_fulfill (f, NULL, NULL);
    HASH_ITER (hh, c->children, child, tmp)
    {
        flux_t *h = flux_future_get_flux (f);
        flux_future_set_reactor (child->f, flux_future_get_reactor (f));
        if (h)
            flux_future_set_flux (child->f, h);
        if (flux_future_then (child->f, -1., on_child, child) < 0) {
            flux_future_fulfill_error (f, errno, NULL);
            return;
        }
    }
}

static flux_future_t *composite_create (bool any)
{
    struct composite *c = calloc (1, sizeof (*c));
    flux_future_t *f = c ? flux_future_create (init, c) : NULL;

    if (!f || flux_future_aux_set (f, "flux::composite", c, composite_destroy) < 0) {
        flux_future_destroy (f);
        free (c);
        return NULL;
    }
    c->any = any;
    return f;
}

flux_future_t *flux_future_wait_all_create (void)
{
    return composite_create (false);
}

flux_future_t *flux_future_wait_any_create (void)
{
    return composite_create (true);
}

static struct child *find (struct composite *c, const char *name)
{
    struct child *child;

    HASH_FIND_STR (c->children, name, child);
    return child;
}

int flux_future_push (flux_future_t *cf, const char *name, flux_future_t *f)
{
    struct composite *c = composite_of (cf);
    char number[16];

    if (!c || !f) {
        errno = EINVAL;
        return -1;
    }
    if (!name) {
        snprintf (number, sizeof (number), "%u", c->anonymous++);
        name = number;
    }
    if (find (c, name)) {
        errno = EEXIST;
        return -1;
    }
    struct child *child = calloc (1, sizeof (*child) + strlen (name) + 1);
    if (!child)
        return -1;
    strcpy (child->name, name);
    child->f = f;
    child->parent = cf;
    HASH_ADD_STR (c->children, name, child);
    if (!flux_future_get_flux (cf) && flux_future_get_flux (f))
        flux_future_set_flux (cf, flux_future_get_flux (f));
    return 0;
}

flux_future_t *flux_future_get_child (flux_future_t *cf, const char *name)
{
    struct composite *c = composite_of (cf);
    struct child *child = c && name ? find (c, name) : NULL;

    if (!name)
        errno = EINVAL;
    return child ? child->f : NULL;
}

const char *flux_future_first_child (flux_future_t *cf)
{
    struct composite *c = composite_of (cf);

    if (!c)
        return NULL;
    c->cursor = c->children;
    return c->cursor ? c->cursor->name : NULL;
}

const char *flux_future_next_child (flux_future_t *cf)
{
    struct composite *c = composite_of (cf);

    if (!c || !c->cursor)
        return NULL;
    c->cursor = c->cursor->hh.next;
    return c->cursor ? c->cursor->name : NULL;
}
