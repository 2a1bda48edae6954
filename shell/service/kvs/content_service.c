/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The requests content.* and, on rank 0, content-backing.* (RFC 10). */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "shell/service/kvs/content_private.h"
#include "shell/service/kvs/limits.h"

/* A blob on its way to rank 0. */
struct store_op {
    struct content *c;
    const flux_msg_t *msg;
    uint8_t digest[DIGEST_MAX];
    uint32_t rpc;
    struct store_op *next;
};

/* Request payload: bytes or nothing. */
static int get_raw (const flux_msg_t *msg, const void **datap, size_t *lenp)
{
    *datap = "";
    *lenp = 0;
    return flux_msg_has_payload (msg) ? flux_msg_get_payload (msg, datap, lenp) : 0;
}

static const uint8_t *get_digest (const struct content *c, const flux_msg_t *msg)
{
    const void *data;
    size_t len;
    if (get_raw (msg, &data, &len) < 0 || len != c->alg->size) {
        errno = EPROTO;
        return NULL;
    }
    return data;
}

static void load_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    const uint8_t *digest = get_digest (c, msg);
    if (!digest || content_load_wait (c, digest, msg, NULL, NULL) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

/* ---- store */

static void store_finish (struct store_op *op, int errnum)
{
    struct content *c = op->c;
    struct entry *e = content_lookup (c, op->digest);
    struct flush_waiter *w;

    if (e && e->stores > 0)
        e->stores--;
    if (e && e->dirty && (errnum == 0 || (e->stores == 0 && e->holds > 0)))
        content_set_clean (c, e);
    else if (e && e->dirty && e->stores == 0)
        content_remove (c, e);
    if (errnum)
        router_respond_error (c->rt, op->msg, errnum, NULL);
    else
        router_respond_raw (c->rt, op->msg, op->digest, c->alg->size);
    flux_msg_decref (op->msg);
    LL_DELETE (c->stores, op);
    free (op);
    while (!c->stores && (w = c->up_flush_waiters)) {
        c->up_flush_waiters = w->next;
        router_respond (c->rt, w->msg, NULL);
        flux_msg_decref (w->msg);
        free (w);
    }
}

static void store_response (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct store_op *op = arg;
    struct content *c = op->c;
    int errnum = 0;
    if (flux_msg_get_errnum (msg, &errnum) < 0)
        errnum = EPROTO;
    store_finish (op, errnum);
    content_shrink (c, CONTENT_CACHE_BYTES);
}

/* The blob is kept in the cache, and readable here, while it is on its way. */
static int store_upstream (struct content *c, const flux_msg_t *msg, const void *data, size_t len)
{
    struct store_op *op = calloc (1, sizeof (*op));
    struct entry *e;
    if (!op)
        return -1;
    c->alg->hash (data, len, op->digest);
    op->c = c;
    if (!(op->rpc = router_rpc_raw (c->rt, "content.store", FLUX_NODEID_UPSTREAM, 0, data, len,
                                    store_response, op))) {
        free (op);
        return -1;
    }
    op->msg = flux_msg_incref (msg);
    LL_APPEND (c->stores, op);
    if (!content_lookup (c, op->digest) && (e = content_insert (c, op->digest)) &&
        content_set_payload (c, e, msg, data, len, true) < 0)
        content_remove (c, e);
    if ((e = content_lookup (c, op->digest)) && e->dirty)
        e->stores++;
    return 0;
}

static void store_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    uint8_t digest[DIGEST_MAX];
    const void *data;
    size_t len;

    if (get_raw (msg, &data, &len) < 0)
        goto error;
    if (len > CONTENT_BLOB_MAX) {
        errno = EFBIG;
        goto error;
    }
    if (router_rank (rt) > 0) {
        if (store_upstream (c, msg, data, len) < 0)
            goto error;
        return;
    }
    if (content_put_payload (c, msg, data, len, digest) < 0)
        goto error;
    router_respond_raw (rt, msg, digest, c->alg->size);
    return;
error:
    router_respond_error (rt, msg, errno, errno == EFBIG ? "blob is too large" : NULL);
}

/* ---- the rest */

static void validate_done (struct content *c, const uint8_t *digest, int errnum, void *arg)
{
    const flux_msg_t *msg = arg;
    if (errnum)
        router_respond_error (c->rt, msg, errnum, NULL);
    else {
        content_unhold (c, digest);
        router_respond (c->rt, msg, NULL);
    }
    flux_msg_decref (msg);
}

static void validate_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    const uint8_t *digest = get_digest (c, msg);
    if (!digest || content_load (c, digest, validate_done, (void *)flux_msg_incref (msg)) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        if (digest)
            flux_msg_decref (msg);
    }
}

static void flush_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    if (router_rank (rt) == 0) {
        if (content_flush_add (c, msg, NULL, NULL) < 0)
            router_respond_error (rt, msg, errno, NULL);
        return;
    }
    if (c->stores) {
        struct flush_waiter *w = calloc (1, sizeof (*w));
        if (!w) {
            router_respond_error (rt, msg, ENOMEM, NULL);
            return;
        }
        w->msg = flux_msg_incref (msg);
        LL_APPEND (c->up_flush_waiters, w);
        return;
    }
    router_respond (rt, msg, NULL);
}

static void dropcache_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    struct entry *e, *tmp;
    DL_FOREACH_SAFE (c->clean, e, tmp)
    {
        if (!e->holds)
            content_remove (c, e);
    }
    router_respond (rt, msg, NULL);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    size_t count = HASH_COUNT (c->entries), valid = 0;
    struct entry *e;
    DL_COUNT (c->clean, e, valid);
    router_respond_pack (rt, msg, "{s:I s:I s:I s:I s:I s:I s:b}", "count", (json_int_t)count,
                         "valid", (json_int_t)(valid + c->dirty_count), "dirty",
                         (json_int_t)c->dirty_count, "size",
                         (json_int_t)(c->clean_bytes + c->dirty_bytes), "flush-batch-count",
                         (json_int_t)c->batch_entries_count, "batches", (json_int_t)c->batches_done,
                         "backing", c->backing != NULL);
}

/* ---- checkpoints: kept by rank 0, other ranks pass the request on */

static void relay_response (struct router *rt, const flux_msg_t *response, void *arg)
{
    const flux_msg_t *msg = arg;
    const char *s = NULL;
    int errnum = 0;
    if (flux_msg_get_errnum (response, &errnum) < 0)
        errnum = EPROTO;
    if (errnum == 0 && flux_msg_has_payload (response) && flux_msg_get_string (response, &s) < 0)
        errnum = EPROTO;
    if (errnum)
        router_respond_error (rt, msg, errnum, NULL);
    else
        router_respond (rt, msg, s);
    flux_msg_decref (msg);
}

static void relay (struct router *rt, const flux_msg_t *msg, const char *topic)
{
    const char *s = NULL;
    if ((flux_msg_has_payload (msg) && flux_msg_get_string (msg, &s) < 0) ||
        !router_rpc (rt, topic, 0, 0, s, relay_response, (void *)flux_msg_incref (msg)))
        router_respond_error (rt, msg, errno, NULL);
}

static void checkpoint_get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    if (router_rank (rt) > 0)
        relay (rt, msg, "content.checkpoint-get");
    else if (json_array_size (c->checkpoints) == 0)
        router_respond_error (rt, msg, ENOENT, "there is no checkpoint");
    else
        router_respond_pack (rt, msg, "{s:O}", "value", c->checkpoints);
}

static void checkpoint_put_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct content *c = arg;
    json_t *value;
    if (router_rank (rt) > 0) {
        relay (rt, msg, "content.checkpoint-put");
        return;
    }
    if (flux_msg_unpack (msg, "{s:o}", "value", &value) < 0 || !json_is_object (value))
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (content_checkpoint_add (c, value) < 0 || content_flush_add (c, msg, NULL, NULL) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        c->pinned = true;
}

static void register_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    router_respond_error (rt, msg, EBUSY, "the backing store is built in");
}

void content_service_clear (struct content *c)
{
    struct store_op *op, *tmp;
    struct flush_waiter *w;
    LL_FOREACH_SAFE (c->stores, op, tmp)
    {
        router_rpc_forget (c->rt, op->rpc);
        router_respond_error (c->rt, op->msg, ENOSYS, NULL);
        flux_msg_decref (op->msg);
        free (op);
    }
    c->stores = NULL;
    while ((w = c->up_flush_waiters)) {
        c->up_flush_waiters = w->next;
        router_respond_error (c->rt, w->msg, ENOSYS, NULL);
        flux_msg_decref (w->msg);
        free (w);
    }
}

const struct handler_row content_rows[] = {
    {"load", load_cb, FLUX_ROLE_OWNER},
    {"store", store_cb, FLUX_ROLE_OWNER},
    {"validate", validate_cb, FLUX_ROLE_OWNER},
    {"flush", flush_cb, FLUX_ROLE_OWNER},
    {"dropcache", dropcache_cb, FLUX_ROLE_OWNER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"checkpoint-get", checkpoint_get_cb, FLUX_ROLE_OWNER},
    {"checkpoint-put", checkpoint_put_cb, FLUX_ROLE_OWNER},
    {"register-backing", register_cb, FLUX_ROLE_OWNER},
    {"unregister-backing", register_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

/* Clients that go by the cache (flux content load --bypass-cache). */
const struct handler_row content_backing_rows[] = {
    {"load", load_cb, FLUX_ROLE_OWNER},
    {"store", store_cb, FLUX_ROLE_OWNER},
    {"validate", validate_cb, FLUX_ROLE_OWNER},
    {"checkpoint-get", checkpoint_get_cb, FLUX_ROLE_OWNER},
    {"checkpoint-put", checkpoint_put_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};
