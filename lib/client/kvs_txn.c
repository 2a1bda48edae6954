/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>
#include <utlist.h>

#include "lib/client/kvs_private.h"
#include "lib/client/treeobj.h"
#include "lib/util/buf.h"
#include "lib/util/fail.h"

#define BLOB_MIN (1u << 20) // a value that is worth a request of its own

struct flux_kvs_txn {
    json_t *ops;
    struct kvs_blob *blobs;
};

flux_kvs_txn_t *flux_kvs_txn_create (void)
{
    flux_kvs_txn_t *txn = calloc (1, sizeof (*txn));

    if (txn && !(txn->ops = json_array ())) {
        free (txn);
        errno = ENOMEM;
        return NULL;
    }
    return txn;
}

struct kvs_blob *kvs_blob_incref (struct kvs_blob *b)
{
    if (b)
        b->refcount++;
    return b;
}

void kvs_blob_decref (struct kvs_blob *b)
{
    if (b && --b->refcount == 0) {
        free (b->data);
        free (b);
    }
}

static void drop_blobs (flux_kvs_txn_t *txn)
{
    struct kvs_blob *b, *tmp;

    LL_FOREACH_SAFE (txn->blobs, b, tmp)
    kvs_blob_decref (b);
    txn->blobs = NULL;
}

bool kvs_txn_has_blobs (const flux_kvs_txn_t *txn)
{
    return txn->blobs != NULL;
}

struct kvs_blob *kvs_txn_blob (const flux_kvs_txn_t *txn, const json_t *op)
{
    struct kvs_blob *b;

    LL_FOREACH (txn->blobs, b)
    {
        if (b->op == op)
            return b;
    }
    return NULL;
}

void flux_kvs_txn_destroy (flux_kvs_txn_t *txn)
{
    if (txn) {
        int saved_errno = errno;
        drop_blobs (txn);
        json_decref (txn->ops);
        free (txn);
        errno = saved_errno;
    }
}

json_t *kvs_txn_ops (flux_kvs_txn_t *txn)
{
    return txn->ops;
}

static bool args_ok (const flux_kvs_txn_t *txn, int flags, int allowed, const char *key)
{
    return txn && key && *key && (flags & ~allowed) == 0;
}

/* Takes the reference of dirent, NULL is the failure of the caller. */
static int add (flux_kvs_txn_t *txn, int flags, const char *key, json_t *dirent)
{
    if (!dirent)
        return -1;
    json_t *op = json_pack ("{s:s s:i s:o}", "key", key, "flags", flags, "dirent", dirent);
    if (!op)
        return fail (EINVAL); // a key that is not UTF-8
    return json_array_append_new (txn->ops, op) < 0 ? fail (ENOMEM) : 0;
}

static int add_blob (flux_kvs_txn_t *txn, int flags, const char *key, const void *data, size_t len)
{
    struct kvs_blob *b = calloc (1, sizeof (*b));

    if (!b || !(b->data = malloc (len)) || add (txn, flags, key, json_null ()) < 0) {
        free (b ? b->data : NULL);
        free (b);
        return -1;
    }
    memcpy (b->data, data, len);
    b->len = len;
    b->refcount = 1;
    b->op = json_array_get (txn->ops, json_array_size (txn->ops) - 1);
    LL_PREPEND (txn->blobs, b);
    return 0;
}

int flux_kvs_txn_put_raw (flux_kvs_txn_t *txn, int flags, const char *key, const void *data,
                          size_t len)
{
    if (!args_ok (txn, flags, FLUX_KVS_APPEND, key) || (!data && len > 0))
        return fail (EINVAL);
    if (len >= BLOB_MIN && !(flags & FLUX_KVS_APPEND))
        return add_blob (txn, flags, key, data, len);
    return add (txn, flags, key, treeobj_val (data, len));
}

int flux_kvs_txn_put (flux_kvs_txn_t *txn, int flags, const char *key, const char *value)
{
    return flux_kvs_txn_put_raw (txn, flags, key, value, value ? strlen (value) : 0);
}

int flux_kvs_txn_vpack (flux_kvs_txn_t *txn, int flags, const char *key, const char *fmt,
                        va_list ap)
{
    if (!args_ok (txn, flags, FLUX_KVS_APPEND, key) || !fmt)
        return fail (EINVAL);
    json_t *o = json_vpack_ex (NULL, 0, fmt, ap);
    char *s = o ? json_dumps (o, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;
    int rc = s ? flux_kvs_txn_put (txn, flags, key, s) : fail (EINVAL);
    json_decref (o);
    free (s);
    return rc;
}

int flux_kvs_txn_pack (flux_kvs_txn_t *txn, int flags, const char *key, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_kvs_txn_vpack (txn, flags, key, fmt, ap);
    va_end (ap);
    return rc;
}

int flux_kvs_txn_put_treeobj (flux_kvs_txn_t *txn, int flags, const char *key, const char *treeobj)
{
    if (!args_ok (txn, flags, 0, key) || !treeobj)
        return fail (EINVAL);
    return add (txn, flags, key, treeobj_decode (treeobj));
}

int flux_kvs_txn_mkdir (flux_kvs_txn_t *txn, int flags, const char *key)
{
    if (!args_ok (txn, flags, 0, key))
        return fail (EINVAL);
    return add (txn, flags, key, treeobj_dir ());
}

int flux_kvs_txn_unlink (flux_kvs_txn_t *txn, int flags, const char *key)
{
    if (!args_ok (txn, flags, 0, key))
        return fail (EINVAL);
    return add (txn, flags, key, json_null ());
}

int flux_kvs_txn_symlink (flux_kvs_txn_t *txn, int flags, const char *key, const char *ns,
                          const char *target)
{
    if (!args_ok (txn, flags, 0, key) || !target)
        return fail (EINVAL);
    return add (txn, flags, key, treeobj_symlink (ns, target));
}

int flux_kvs_txn_clear (flux_kvs_txn_t *txn)
{
    if (!txn)
        return fail (EINVAL);
    drop_blobs (txn);
    return json_array_clear (txn->ops);
}

bool flux_kvs_txn_is_empty (flux_kvs_txn_t *txn)
{
    return !txn || json_array_size (txn->ops) == 0;
}

/* All appends to one key. */
struct appends {
    UT_hash_handle hh;
    json_t *op; // the first, which will stand for all
    struct buf data;
    int count;
    const char *key;
};

static void appends_free (struct appends **all)
{
    struct appends *a, *tmp;

    HASH_ITER (hh, *all, a, tmp)
    {
        HASH_DEL (*all, a);
        json_decref (a->op);
        buf_clear (&a->data);
        free (a);
    }
}

static struct appends *appends_get (struct appends **all, const char *key, json_t *op)
{
    struct appends *a;

    HASH_FIND_STR (*all, key, a);
    if (!a && (a = calloc (1, sizeof (*a)))) {
        a->op = json_incref (op);
        a->key = key; // lives in op
        HASH_ADD_KEYPTR (hh, *all, a->key, strlen (a->key), a);
    }
    return a;
}

/* 1: keep this operation, 0: it was joined to an earlier one. */
static int join (struct appends **all, json_t *op)
{
    const char *key;
    int flags;
    json_t *dirent;
    struct appends *a;
    void *data;
    size_t len;

    if (json_unpack (op, "{s:s s:i s:o}", "key", &key, "flags", &flags, "dirent", &dirent) < 0)
        return fail (EINVAL);
    if (!(flags & FLUX_KVS_APPEND)) {
        HASH_FIND_STR (*all, key, a);
        return a ? fail (EINVAL) : 1;
    }
    if (!(a = appends_get (all, key, op)) || treeobj_decode_val (dirent, &data, &len) < 0)
        return -1;
    int rc = buf_append (&a->data, data, len);
    free (data);
    return rc < 0 ? -1 : ++a->count == 1;
}

static int replace_data (struct appends *a)
{
    if (a->count == 1)
        return 0;
    json_t *dirent = treeobj_val (a->data.data, a->data.len);
    return dirent ? json_object_set_new (a->op, "dirent", dirent) : -1;
}

int kvs_txn_compact (flux_kvs_txn_t *txn)
{
    struct appends *all = NULL, *a, *tmp;
    json_t *ops = json_array (), *op;
    size_t i;
    int rc = ops ? 0 : -1;

    json_array_foreach (txn->ops, i, op)
    {
        if (rc >= 0 && (rc = join (&all, op)) > 0)
            rc = json_array_append (ops, op);
    }
    HASH_ITER (hh, all, a, tmp)
    {
        if (rc >= 0)
            rc = replace_data (a);
    }
    appends_free (&all);
    if (rc < 0) {
        json_decref (ops);
        return -1;
    }
    json_decref (txn->ops);
    txn->ops = ops;
    return 0;
}
