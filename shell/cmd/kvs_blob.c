/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Large values by way of the content store, see kvs_blob.h. */

#include "config.h"

#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/client/treeobj.h"
#include "shell/cmd/blobref.h"
#include "shell/cmd/kvs_blob.h"

enum { WINDOW = 4 };

/* ---- store: some requests are under way at a time */

struct store {
    flux_t *h;
    const char *hash;
    json_t *refs;
    flux_future_t *sent[WINDOW];
    size_t begun, done;
};

static int finish_oldest (struct store *s)
{
    flux_future_t *f = s->sent[s->done++ % WINDOW];
    char ref[BLOBREF_MAX];
    const void *digest;
    size_t n;
    int rc = flux_rpc_get_raw (f, &digest, &n);

    if (rc == 0 && (rc = blobref_encode (s->hash, digest, n, ref, sizeof (ref))) == 0)
        json_array_append_new (s->refs, json_string (ref));
    flux_future_destroy (f);
    return rc;
}

static int store_all (struct store *s, const char *data, size_t len)
{
    for (size_t at = 0; at < len; at += BLOB_CHUNK) {
        size_t n = len - at < BLOB_CHUNK ? len - at : BLOB_CHUNK;
        if (s->begun - s->done == WINDOW && finish_oldest (s) < 0)
            return -1;
        flux_future_t *f = flux_rpc_raw (s->h, "content.store", data + at, n, FLUX_NODEID_ANY, 0);
        if (!f)
            return -1;
        s->sent[s->begun++ % WINDOW] = f;
    }
    while (s->done < s->begun)
        if (finish_oldest (s) < 0)
            return -1;
    return 0;
}

char *kvs_blobs_store (flux_t *h, const char *data, size_t len)
{
    struct store s = {.h = h, .hash = flux_attr_get (h, "content.hash"), .refs = json_array ()};
    char *text = NULL;

    if (s.hash && s.refs && store_all (&s, data, len) == 0) {
        json_t *o = json_pack ("{s:O s:s s:i}", "data", s.refs, "type", "valref", "ver", 1);
        text = o ? json_dumps (o, JSON_COMPACT) : NULL;
        json_decref (o);
    }
    int saved_errno = errno;
    while (s.done < s.begun)
        flux_future_destroy (s.sent[s.done++ % WINDOW]);
    json_decref (s.refs);
    errno = saved_errno;
    return text;
}

/* ---- load */

static flux_future_t *load_begin (flux_t *h, const char *ref)
{
    unsigned char digest[BLOBREF_DIGEST_MAX];
    size_t n = blobref_decode (ref, digest);

    return flux_rpc_raw (h, "content.load", digest, n, FLUX_NODEID_ANY, 0);
}

/* One request ahead of the one that is waited for. */
static int load_refs (flux_t *h, const json_t *refs, kvs_blob_f out, void *arg)
{
    size_t count = json_array_size (refs), len;
    flux_future_t *next = load_begin (h, json_string_value (json_array_get (refs, 0))), *f;
    const void *data;
    int rc = 0;

    for (size_t i = 0; rc == 0 && i < count; i++) {
        f = next;
        next =
            i + 1 < count ? load_begin (h, json_string_value (json_array_get (refs, i + 1))) : NULL;
        if (!f || flux_rpc_get_raw (f, &data, &len) < 0) {
            errno = i > 0 ? EIO : errno;
            rc = -1;
        } else if (len > 0)
            out (data, len, arg);
        int saved_errno = errno;
        flux_future_destroy (f);
        errno = saved_errno;
    }
    flux_future_destroy (next);
    return rc;
}

static int decode_val (const json_t *o, kvs_blob_f out, void *arg)
{
    void *data;
    size_t len;

    if (treeobj_decode_val (o, &data, &len) < 0)
        return -1;
    if (len > 0)
        out (data, len, arg);
    free (data);
    return 0;
}

int kvs_blobs_load (flux_t *h, const char *treeobj, kvs_blob_f out, void *arg)
{
    json_t *o = treeobj_decode (treeobj);
    int rc = -1;

    if (!o)
        return -1;
    if (treeobj_is (o, "valref"))
        rc = load_refs (h, treeobj_data (o), out, arg);
    else if (treeobj_is (o, "val"))
        rc = decode_val (o, out, arg);
    else
        errno = EINVAL;
    int saved_errno = errno;
    json_decref (o);
    errno = saved_errno;
    return rc;
}
