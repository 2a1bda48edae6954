/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <flux/attr.h>
#include <flux/flog.h>
#include <flux/rpc.h>

#include "lib/util/errprintf.h"

#define FLAG_IMMUTABLE 1

struct attr {
    UT_hash_handle hh;
    char *val;
    bool immutable; // need not be asked for again
    char name[];
};

struct cache {
    struct attr *attrs;
    struct attr *cursor;
};

static void attr_remove (struct cache *c, struct attr *a)
{
    if (c->cursor == a)
        c->cursor = NULL;
    HASH_DEL (c->attrs, a);
    free (a->val);
    free (a);
}

static void cache_destroy (void *arg)
{
    struct cache *c = arg;

    while (c->attrs)
        attr_remove (c, c->attrs);
    free (c);
}

static struct cache *cache_get (flux_t *h)
{
    struct cache *c = flux_aux_get (h, "flux::attr");

    if (c)
        return c;
    if ((c = calloc (1, sizeof (*c))) && flux_aux_set (h, "flux::attr", c, cache_destroy) < 0) {
        free (c);
        return NULL;
    }
    return c;
}

static const char *cache_put (struct cache *c, const char *name, const char *val, bool immutable)
{
    struct attr *a;
    char *cpy = strdup (val);

    if (!cpy)
        return NULL;
    HASH_FIND_STR (c->attrs, name, a);
    if (!a) {
        if (!(a = calloc (1, sizeof (*a) + strlen (name) + 1))) {
            free (cpy);
            return NULL;
        }
        strcpy (a->name, name);
        HASH_ADD_STR (c->attrs, name, a);
    }
    free (a->val);
    a->val = cpy;
    a->immutable = immutable;
    return cpy;
}

static const char *ask (flux_t *h, struct cache *c, const char *name)
{
    const char *val, *cached = NULL;
    int flags = 0;
    flux_future_t *f = flux_rpc_pack (h, "attr.get", FLUX_NODEID_ANY, 0, "{s:s}", "name", name);

    if (f && flux_rpc_get_unpack (f, "{s:s s?i}", "value", &val, "flags", &flags) == 0)
        cached = cache_put (c, name, val, flags & FLAG_IMMUTABLE);
    flux_future_destroy (f);
    return cached;
}

/* In a `flux proxy` to another host the parent is on that host, too (flux-environment(7)). */
static const char *on_remote (struct cache *c, const char *uri)
{
    const char *remote = getenv ("FLUX_PROXY_REMOTE"), *cached = NULL;
    char *s;

    if (!uri || !remote || strncmp (uri, "local://", 8) != 0)
        return uri;
    if (asprintf (&s, "ssh://%s%s", remote, uri + 8) < 0)
        return NULL;
    cached = cache_put (c, "parent-remote-uri", s, false);
    free (s);
    return cached;
}

const char *flux_attr_get (flux_t *h, const char *name)
{
    struct cache *c;
    struct attr *a;

    if (!h || !name) {
        errno = EINVAL;
        return NULL;
    }
    if (!(c = cache_get (h)))
        return NULL;
    HASH_FIND_STR (c->attrs, name, a);
    const char *val = a && a->immutable ? a->val : ask (h, c, name);
    return strcmp (name, "parent-uri") == 0 ? on_remote (c, val) : val;
}

int flux_attr_set_ex (flux_t *h, const char *name, const char *val, bool force, flux_error_t *errp)
{
    flux_future_t *f;
    int rc = -1;

    if (!h || !name) {
        errno = EINVAL;
        return errprintf (errp, "%s", flux_strerror (errno));
    }
    if (!val)
        f = flux_rpc_pack (h, "attr.rm", FLUX_NODEID_ANY, 0, "{s:s}", "name", name);
    else if (force)
        f = flux_rpc_pack (h, "attr.set", FLUX_NODEID_ANY, 0, "{s:s s:s s:b}", "name", name,
                           "value", val, "force", 1);
    else
        f = flux_rpc_pack (h, "attr.set", FLUX_NODEID_ANY, 0, "{s:s s:s}", "name", name, "value",
                           val);
    if (f && flux_rpc_get (f, NULL) == 0)
        rc = 0;
    else
        errprintf (errp, "%s", future_strerror (f, errno));
    flux_future_destroy (f);
    return rc;
}

int flux_attr_set (flux_t *h, const char *name, const char *val)
{
    return flux_attr_set_ex (h, name, val, false, NULL);
}

int flux_attr_set_cacheonly (flux_t *h, const char *name, const char *val)
{
    struct cache *c;
    struct attr *a;

    if (!h || !name) {
        errno = EINVAL;
        return -1;
    }
    if (!(c = cache_get (h)))
        return -1;
    if (val)
        return cache_put (c, name, val, true) ? 0 : -1;
    HASH_FIND_STR (c->attrs, name, a);
    if (a)
        attr_remove (c, a);
    return 0;
}

static const char *cursor_name (struct cache *c)
{
    while (c->cursor && !c->cursor->immutable)
        c->cursor = c->cursor->hh.next;
    return c->cursor ? c->cursor->name : NULL;
}

const char *flux_attr_cache_first (flux_t *h)
{
    struct cache *c = h ? cache_get (h) : NULL;

    if (!c)
        return NULL;
    c->cursor = c->attrs;
    return cursor_name (c);
}

const char *flux_attr_cache_next (flux_t *h)
{
    struct cache *c = h ? cache_get (h) : NULL;

    if (!c || !c->cursor)
        return NULL;
    c->cursor = c->cursor->hh.next;
    return cursor_name (c);
}

static int get_number (flux_t *h, const char *name, uint32_t *val)
{
    const char *s = flux_attr_get (h, name);
    char *end;

    if (!s)
        return -1;
    errno = 0;
    unsigned long n = strtoul (s, &end, 10);
    if (errno || *end || end == s || n > UINT32_MAX) {
        errno = EPROTO;
        return -1;
    }
    if (val)
        *val = n;
    return 0;
}

int flux_get_rank (flux_t *h, uint32_t *rank)
{
    return get_number (h, "rank", rank);
}

int flux_get_size (flux_t *h, uint32_t *size)
{
    return get_number (h, "size", size);
}

/* Each broker knows when it started; the instance started with rank 0. */
int flux_get_instance_starttime (flux_t *h, double *starttime)
{
    flux_future_t *f = flux_rpc_pack (h, "attr.get", 0, 0, "{s:s}", "name", "broker.starttime");
    const char *s;
    char *end;
    int rc = -1;

    if (f && flux_rpc_get_unpack (f, "{s:s}", "value", &s) == 0) {
        double t = strtod (s, &end);
        if (end == s || *end)
            errno = EPROTO;
        else {
            if (starttime)
                *starttime = t;
            rc = 0;
        }
    }
    flux_future_destroy (f);
    return rc;
}
