/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A copy is a lookup of the object and a put of it elsewhere. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client/kvs_private.h"

struct copy {
    int flags;
    char *srcns; // or NULL
    char *srckey;
    char *dstns; // or NULL
    char *dstkey;
};

static void copy_destroy (void *arg)
{
    struct copy *c = arg;

    free (c->srcns);
    free (c->srckey);
    free (c->dstns);
    free (c->dstkey);
    free (c);
}

static char *dup_or_null (const char *s)
{
    return s ? strdup (s) : NULL;
}

static struct copy *copy_create (const char *srcns, const char *srckey, const char *dstns,
                                 const char *dstkey, int flags)
{
    struct copy *c = calloc (1, sizeof (*c));

    if (!c)
        return NULL;
    c->flags = flags;
    c->srcns = dup_or_null (srcns);
    c->srckey = strdup (srckey);
    c->dstns = dup_or_null (dstns);
    c->dstkey = strdup (dstkey);
    if ((srcns && !c->srcns) || !c->srckey || (dstns && !c->dstns) || !c->dstkey) {
        copy_destroy (c);
        return NULL;
    }
    return c;
}

/* Go on with a commit of txn, whose filling gave rc. */
static void commit (flux_future_t *prev, const char *ns, int flags, flux_kvs_txn_t *txn, int rc)
{
    flux_future_t *f = NULL;

    if (rc < 0 || !(f = flux_kvs_commit (flux_future_get_flux (prev), ns, flags, txn)) ||
        flux_future_continue (prev, f) < 0) {
        flux_future_continue_error (prev, errno, NULL);
        flux_future_destroy (f);
    }
    flux_kvs_txn_destroy (txn);
    flux_future_destroy (prev);
}

static void put (flux_future_t *prev, void *arg)
{
    struct copy *c = arg;
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    const char *treeobj;
    int rc = -1;

    if (txn && flux_kvs_lookup_get_treeobj (prev, &treeobj) == 0)
        rc = flux_kvs_txn_put_treeobj (txn, 0, c->dstkey, treeobj);
    commit (prev, c->dstns, c->flags, txn, rc);
}

static void unlink_src (flux_future_t *prev, void *arg)
{
    struct copy *c = arg;
    flux_kvs_txn_t *txn = flux_kvs_txn_create ();
    int rc = txn ? flux_kvs_txn_unlink (txn, 0, c->srckey) : -1;

    commit (prev, c->srcns, c->flags, txn, rc);
}

static flux_future_t *start (flux_t *h, struct copy *c)
{
    flux_future_t *lookup = flux_kvs_lookup (h, c->srcns, FLUX_KVS_TREEOBJ, c->srckey);
    flux_future_t *f;

    if (!lookup || !(f = flux_future_and_then (lookup, put, c))) {
        flux_future_destroy (lookup);
        return NULL;
    }
    return f;
}

static flux_future_t *copy_or_move (flux_t *h, const char *srcns, const char *srckey,
                                    const char *dstns, const char *dstkey, int flags, bool move)
{
    struct copy *c;
    flux_future_t *f = NULL, *f2;

    if (!h || !srckey || !dstkey) {
        errno = EINVAL;
        return NULL;
    }
    if (!(c = copy_create (srcns, srckey, dstns, dstkey, flags)) || !(f = start (h, c)))
        goto error;
    if (move) {
        if (!(f2 = flux_future_and_then (f, unlink_src, c)))
            goto error;
        f = f2;
    }
    if (flux_future_aux_set (f, NULL, c, copy_destroy) == 0)
        return f;
error:
    flux_future_destroy (f);
    if (c)
        copy_destroy (c);
    return NULL;
}

flux_future_t *flux_kvs_copy (flux_t *h, const char *srcns, const char *srckey, const char *dstns,
                              const char *dstkey, int commit_flags)
{
    return copy_or_move (h, srcns, srckey, dstns, dstkey, commit_flags, false);
}

flux_future_t *flux_kvs_move (flux_t *h, const char *srcns, const char *srckey, const char *dstns,
                              const char *dstkey, int commit_flags)
{
    return copy_or_move (h, srcns, srckey, dstns, dstkey, commit_flags, true);
}
