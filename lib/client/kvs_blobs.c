/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Commits with large values. Their bytes go to the content store as they are, and the commit names
 * them by their blobrefs (valref, RFC 11): no base64, no JSON. Who may not use the content store,
 * as guests may not, sends them with the commit. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/rpc.h>

#include "lib/client/kvs_private.h"
#include "lib/client/treeobj.h"

#define CHUNK (64u << 20) // of one request
#define DIGEST_MAX 32
#define NAME_MAX_ 48 // of a request among those of a commit

struct commit {
    char *ns;
    int flags;
    json_t *ops;
    const struct kvs_blob **blobs; // by operation, or NULL
};

static void commit_destroy (void *arg)
{
    struct commit *c = arg;
    int saved_errno = errno;

    for (size_t i = 0; c->blobs && i < json_array_size (c->ops); i++)
        kvs_blob_decref ((struct kvs_blob *)c->blobs[i]);
    free (c->blobs);
    json_decref (c->ops);
    free (c->ns);
    free (c);
    errno = saved_errno;
}

/* The operations are copied as far as they will be changed: a txn may be used again. */
static struct commit *commit_create (const char *ns, int flags, flux_kvs_txn_t *txn)
{
    struct commit *c = calloc (1, sizeof (*c));
    json_t *ops = kvs_txn_ops (txn), *op;
    size_t i;

    if (!c)
        return NULL;
    c->flags = flags;
    if (!(c->ns = strdup (ns)) || !(c->ops = json_array ()) ||
        !(c->blobs = calloc (json_array_size (ops) + 1, sizeof (c->blobs[0]))))
        goto nomem;
    json_array_foreach (ops, i, op)
    {
        struct kvs_blob *b = kvs_txn_blob (txn, op);
        if (json_array_append_new (c->ops, b ? json_copy (op) : json_incref (op)) < 0)
            goto nomem;
        c->blobs[i] = kvs_blob_incref (b);
    }
    return c;
nomem:
    commit_destroy (c);
    errno = ENOMEM;
    return NULL;
}

static flux_future_t *send_commit (flux_t *h, const struct commit *c)
{
    return flux_rpc_pack (h, "kvs.commit", FLUX_NODEID_ANY, 0, "{s:s s:i s:O}", "namespace", c->ns,
                          "flags", c->flags, "ops", c->ops);
}

/* Go on with the commit, when rc says that it is complete. */
static void go_on (flux_future_t *prev, struct commit *c, int rc)
{
    flux_future_t *f = NULL;

    if (rc < 0 || !(f = send_commit (flux_future_get_flux (prev), c)) ||
        flux_future_continue (prev, f) < 0) {
        flux_future_continue_error (prev, errno, NULL);
        flux_future_destroy (f);
    }
    flux_future_destroy (prev);
}

static int set_dirent (struct commit *c, size_t i, json_t *dirent)
{
    if (dirent && json_object_set_new (json_array_get (c->ops, i), "dirent", dirent) == 0)
        return 0;
    errno = ENOMEM;
    return -1;
}

static void chunk_name (char *buf, size_t i, size_t at)
{
    snprintf (buf, NAME_MAX_, "%zu.%zu", i, at);
}

static json_t *blobref (const unsigned char *digest, size_t len)
{
    char text[8 + 2 * DIGEST_MAX];
    char *p = stpcpy (text, len == 20 ? "sha1-" : "sha256-");

    for (size_t i = 0; i < len; i++)
        p += sprintf (p, "%02x", digest[i]);
    return json_string (text);
}

static json_t *make_valref (flux_future_t *all, const struct kvs_blob *b, size_t i)
{
    json_t *refs = json_array ();
    char name[NAME_MAX_];
    const void *digest;
    size_t len;

    for (size_t at = 0; at < b->len; at += CHUNK) {
        chunk_name (name, i, at);
        if (flux_rpc_get_raw (flux_future_get_child (all, name), &digest, &len) < 0 ||
            (len != 20 && len != DIGEST_MAX)) {
            json_decref (refs);
            errno = EPROTO;
            return NULL;
        }
        json_array_append_new (refs, blobref (digest, len));
    }
    return json_pack ("{s:o s:s s:i}", "data", refs, "type", "valref", "ver", 1);
}

static void stored (flux_future_t *all, void *arg)
{
    struct commit *c = arg;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < json_array_size (c->ops); i++) {
        if (c->blobs[i])
            rc = set_dirent (c, i, make_valref (all, c->blobs[i], i));
    }
    go_on (all, c, rc);
}

static void not_stored (flux_future_t *all, void *arg)
{
    struct commit *c = arg;
    int rc = errno == EPERM || errno == ENOSYS ? 0 : -1;

    for (size_t i = 0; rc == 0 && i < json_array_size (c->ops); i++) {
        if (c->blobs[i])
            rc = set_dirent (c, i, treeobj_val (c->blobs[i]->data, c->blobs[i]->len));
    }
    go_on (all, c, rc);
}

static int store (flux_t *h, flux_future_t *all, const struct kvs_blob *b, size_t i)
{
    char name[NAME_MAX_];

    for (size_t at = 0; at < b->len; at += CHUNK) {
        size_t len = b->len - at < CHUNK ? b->len - at : CHUNK;
        flux_future_t *f = flux_rpc_raw (h, "content.store", b->data + at, len, FLUX_NODEID_ANY, 0);
        chunk_name (name, i, at);
        if (!f || flux_future_push (all, name, f) < 0) {
            flux_future_destroy (f);
            return -1;
        }
    }
    return 0;
}

flux_future_t *kvs_commit_blobs (flux_t *h, const char *ns, int flags, flux_kvs_txn_t *txn)
{
    struct commit *c = commit_create (ns, flags, txn);
    flux_future_t *all = c ? flux_future_wait_all_create () : NULL, *next = NULL;
    int rc = all ? 0 : -1;

    if (all)
        flux_future_set_flux (all, h);
    for (size_t i = 0; rc == 0 && i < json_array_size (c->ops); i++) {
        if (c->blobs[i])
            rc = store (h, all, c->blobs[i], i);
    }
    if (rc == 0 && (rc = flux_future_aux_set (all, NULL, c, commit_destroy)) == 0) {
        struct commit *owned = c;
        c = NULL;
        if (!(next = flux_future_and_then (all, stored, owned)) ||
            flux_future_or_then (all, not_stored, owned) != next)
            rc = -1;
    }
    if (rc < 0) {
        int saved_errno = errno;
        if (next) // which owns the other
            flux_future_destroy (next);
        else
            flux_future_destroy (all);
        if (c)
            commit_destroy (c);
        errno = saved_errno;
        return NULL;
    }
    return next;
}
