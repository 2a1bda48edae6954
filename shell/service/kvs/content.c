/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The cache of blobs. */

#include "config.h"
#include "shell/service/kvs/content.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <flux/message.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/content_private.h"
#include "shell/service/kvs/limits.h"

struct entry *content_lookup (struct content *c, const uint8_t *digest)
{
    struct entry *e;
    HASH_FIND (hh, c->entries, digest, c->alg->size, e);
    return e;
}

struct entry *content_insert (struct content *c, const uint8_t *digest)
{
    struct entry *e = calloc (1, sizeof (*e));
    if (!e)
        return NULL;
    memcpy (e->digest, digest, c->alg->size);
    e->c = c;
    HASH_ADD (hh, c->entries, digest, c->alg->size, e);
    return e;
}

static size_t weight (const struct entry *e)
{
    return e->len + sizeof (*e);
}

void content_set_data (struct content *c, struct entry *e, void *data, size_t len, bool dirty)
{
    e->data = data;
    e->len = len;
    e->valid = true;
    e->dirty = dirty;
    if (dirty) {
        DL_APPEND (c->dirty, e);
        c->dirty_bytes += weight (e);
        c->dirty_count++;
    } else {
        DL_APPEND (c->clean, e);
        c->clean_bytes += weight (e);
    }
}

int content_set_payload (struct content *c, struct entry *e, const flux_msg_t *msg,
                         const void *data, size_t len, bool dirty)
{
    void *copy = (void *)data;

    if (len >= CONTENT_SHARE_MIN) {
        e->owner = flux_msg_incref (msg);
    } else {
        if (!(copy = malloc (len + 1)))
            return -1;
        if (len > 0)
            memcpy (copy, data, len);
    }
    content_set_data (c, e, copy, len, dirty);
    return 0;
}

static void unlist (struct content *c, struct entry *e)
{
    if (!e->valid)
        return;
    if (e->dirty) {
        DL_DELETE (c->dirty, e);
        c->dirty_bytes -= weight (e);
        c->dirty_count--;
    } else {
        DL_DELETE (c->clean, e);
        c->clean_bytes -= weight (e);
    }
}

void content_set_clean (struct content *c, struct entry *e)
{
    unlist (c, e);
    content_set_data (c, e, e->data, e->len, false);
}

void content_set_dirty (struct content *c, struct entry *e)
{
    unlist (c, e);
    content_set_data (c, e, e->data, e->len, true);
}

void content_remove (struct content *c, struct entry *e)
{
    unlist (c, e);
    HASH_DEL (c->entries, e);
    if (e->owner)
        flux_msg_decref (e->owner);
    else
        free (e->data);
    free (e);
}

void content_shrink (struct content *c, size_t max)
{
    struct entry *e, *tmp;
    DL_FOREACH_SAFE (c->clean, e, tmp)
    {
        if (c->clean_bytes <= max)
            break;
        if (!e->holds && e->next) // the last one may be in somebody's hands
            content_remove (c, e);
    }
}

static void touch (struct content *c, struct entry *e)
{
    if (!e->dirty && e->next) {
        DL_DELETE (c->clean, e);
        DL_APPEND (c->clean, e);
    }
}

const struct digest_alg *content_alg (const struct content *c)
{
    return c->alg;
}

const char *content_hash_name (const struct content *c)
{
    return c->alg->name;
}

const char *content_backing_path (const struct content *c)
{
    return c->path;
}

bool content_is_durable (const struct content *c)
{
    return c->statedir != NULL;
}

/* Rank 0: bring a blob from the backing store. */
static struct entry *fault (struct content *c, const uint8_t *digest)
{
    struct entry *e;
    size_t len;
    void *data;

    if (!c->backing) {
        errno = ENOENT;
        return NULL;
    }
    if (!(data = backing_get (c->backing, digest, &len)))
        return NULL;
    if (!(e = content_insert (c, digest))) {
        free (data);
        return NULL;
    }
    content_set_data (c, e, data, len, false);
    content_shrink (c, CONTENT_CACHE_BYTES);
    return e;
}

int content_get (struct content *c, const uint8_t *digest, const void **datap, size_t *lenp)
{
    struct entry *e = content_lookup (c, digest);
    if (!e && router_rank (c->rt) == 0 && !(e = fault (c, digest)))
        return -1;
    if (!e || !e->valid) {
        errno = EAGAIN;
        return -1;
    }
    touch (c, e);
    *datap = e->data;
    *lenp = e->len;
    return 0;
}

int content_put (struct content *c, void *data, size_t len, uint8_t *digest)
{
    struct entry *e;
    if (len > CONTENT_BLOB_MAX) {
        errno = EFBIG;
        return -1;
    }
    c->alg->hash (data, len, digest);
    if ((e = content_lookup (c, digest))) {
        touch (c, e);
        free (data);
        return 0;
    }
    if (!(e = content_insert (c, digest)))
        return -1;
    content_set_data (c, e, data, len, true);
    if (content_is_write_due (c))
        content_write_soon (c);
    return 0;
}

int content_put_payload (struct content *c, const flux_msg_t *msg, const void *data, size_t len,
                         uint8_t *digest)
{
    struct entry *e;

    c->alg->hash (data, len, digest);
    content_note_stored (c, digest);
    if ((e = content_lookup (c, digest))) {
        touch (c, e);
        return 0;
    }
    if (!(e = content_insert (c, digest)))
        return -1;
    if (content_set_payload (c, e, msg, data, len, true) < 0) {
        content_remove (c, e);
        return -1;
    }
    if (content_is_write_due (c))
        content_write_soon (c);
    return 0;
}

/* ---- loads */

static void waiter_call (struct content *c, struct entry *e, struct load_waiter *w, int errnum)
{
    if (w->msg) {
        if (errnum)
            router_respond_error (c->rt, w->msg, errnum, NULL);
        else
            router_respond_raw (c->rt, w->msg, e->data, e->len);
        flux_msg_decref (w->msg);
    } else if (w->cb) {
        if (!errnum)
            e->holds++;
        w->cb (c, e->digest, errnum, w->arg);
    }
    free (w);
}

static void load_finish (struct content *c, struct entry *e, int errnum)
{
    struct load_waiter *w;
    e->rpc = 0;
    e->holds++;
    while ((w = e->waiters)) {
        e->waiters = w->next;
        waiter_call (c, e, w, errnum);
    }
    e->holds--;
    if (errnum)
        content_remove (c, e);
    else
        content_shrink (c, CONTENT_CACHE_BYTES);
}

static void load_response (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct entry *e = arg;
    struct content *c = e->c;
    uint8_t digest[DIGEST_MAX];
    const void *data = NULL;
    size_t len = 0;
    int errnum = 0;

    if (flux_msg_get_errnum (msg, &errnum) < 0)
        errnum = EPROTO;
    if (errnum == 0 && flux_msg_has_payload (msg) && flux_msg_get_payload (msg, &data, &len) < 0)
        errnum = EPROTO;
    if (errnum == 0) {
        c->alg->hash (data ? data : "", len, digest);
        if (memcmp (digest, e->digest, c->alg->size) != 0)
            errnum = EPROTO;
        else if (content_set_payload (c, e, msg, data ? data : "", len, false) < 0)
            errnum = ENOMEM;
    }
    load_finish (c, e, errnum);
}

static struct load_waiter *waiter_add (struct entry *e, const flux_msg_t *msg, content_load_f cb,
                                       void *arg)
{
    struct load_waiter *w = calloc (1, sizeof (*w));
    if (!w)
        return NULL;
    w->msg = msg ? flux_msg_incref (msg) : NULL;
    w->cb = cb;
    w->arg = arg;
    LL_APPEND (e->waiters, w);
    return w;
}

static struct entry *load_begin (struct content *c, const uint8_t *digest)
{
    struct entry *e = content_lookup (c, digest);
    if (!e && router_rank (c->rt) == 0)
        return fault (c, digest);
    if (!e && !(e = content_insert (c, digest)))
        return NULL;
    if (!e->valid && !e->rpc) {
        e->rpc = router_rpc_raw (c->rt, "content.load", FLUX_NODEID_UPSTREAM, 0, digest,
                                 c->alg->size, load_response, e);
        if (!e->rpc) {
            int saved_errno = errno;
            content_remove (c, e);
            errno = saved_errno;
            return NULL;
        }
    }
    return e;
}

int content_load_wait (struct content *c, const uint8_t *digest, const flux_msg_t *msg,
                       content_load_f cb, void *arg)
{
    struct entry *e = load_begin (c, digest);
    if (!e)
        return -1;
    if (!e->valid)
        return waiter_add (e, msg, cb, arg) ? 0 : -1;
    touch (c, e);
    if (msg)
        return router_respond_raw (c->rt, msg, e->data, e->len);
    e->holds++;
    cb (c, e->digest, 0, arg);
    return 0;
}

int content_load (struct content *c, const uint8_t *digest, content_load_f cb, void *arg)
{
    return content_load_wait (c, digest, NULL, cb, arg);
}

void content_unhold (struct content *c, const uint8_t *digest)
{
    struct entry *e = content_lookup (c, digest);
    if (e && e->holds > 0)
        e->holds--;
}

void content_load_cancel (struct content *c, content_load_f cb, void *arg)
{
    struct entry *e, *tmp;
    struct load_waiter *w;
    HASH_ITER (hh, c->entries, e, tmp)
    {
        LL_FOREACH (e->waiters, w)
        {
            if (w->cb == cb && w->arg == arg)
                w->cb = NULL;
        }
    }
}

/* ---- life */

static void entry_drop (struct content *c, struct entry *e)
{
    struct load_waiter *w;
    if (e->rpc)
        router_rpc_forget (c->rt, e->rpc);
    while ((w = e->waiters)) {
        e->waiters = w->next;
        waiter_call (c, e, w, ENOSYS);
    }
    content_remove (c, e);
}

void content_destroy (struct content *c)
{
    struct entry *e, *tmp;
    if (!c)
        return;
    int saved_errno = errno;
    router_service_remove (c->rt, "content");
    if (router_rank (c->rt) == 0)
        router_service_remove (c->rt, "content-backing");
    content_collect_abort (c, ENOSYS);
    if (c->batch_busy)
        backing_wait (c->backing);
    backing_close (c->backing);
    content_service_clear (c);
    content_write_clear (c);
    HASH_ITER (hh, c->entries, e, tmp)
    entry_drop (c, e);
    json_decref (c->checkpoints);
    free (c->recent.ring);
    free (c->rundir);
    free (c->statedir);
    free (c->path);
    free (c);
    errno = saved_errno;
}

static int set_config (struct content *c, const struct content_config *conf, flux_error_t *errp)
{
    if (!(c->alg = digest_alg_find (conf->hash ? conf->hash : "sha1")))
        return errprintf (errp, "content.hash: %s is not one of sha1, sha256", conf->hash);
    if ((conf->rundir && !(c->rundir = strdup (conf->rundir))) ||
        (conf->statedir && !(c->statedir = strdup (conf->statedir))))
        return errprintf (errp, "out of memory");
    const char *dir = c->statedir ? c->statedir : c->rundir;
    const char *name = c->statedir ? "content.lmdb" : "content.spool";
    if (dir && asprintf (&c->path, "%s/%s", dir, name) < 0) {
        c->path = NULL;
        return errprintf (errp, "out of memory");
    }
    return 0;
}

struct content *content_create (struct router *rt, const struct content_config *conf,
                                flux_error_t *errp)
{
    struct content *c = calloc (1, sizeof (*c));
    bool first = router_rank (rt) == 0;

    if (!c) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    c->rt = rt;
    c->gc_min = conf->gc_min ? conf->gc_min : CONTENT_GC_MIN;
    if (set_config (c, conf, errp) < 0)
        goto error;
    if (first && c->statedir && content_open_backing (c, false, errp) < 0 && errno != ENOENT)
        goto error;
    if (router_service_add (rt, "content", content_rows, c) < 0 ||
        (first && router_service_add (rt, "content-backing", content_backing_rows, c) < 0)) {
        errprintf (errp, "content: %s", strerror (errno));
        goto error;
    }
    return c;
error:
    content_destroy (c);
    return NULL;
}
