/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a watcher's owner gets: an object, or the part of a value that it has not seen. */

#include "config.h"
#include <errno.h>
#include <string.h>
#include "shell/service/kvs/treeobj.h"
#include "shell/service/kvs/watch_private.h"

void watch_fail (struct watcher *w, int errnum, const char *text)
{
    if (w->dead)
        return;
    watch_end (w);
    if (w->msg)
        router_respond_error (w->kvs->rt, w->msg, errnum, text);
    else
        w->cb (w->kvs, w->key, NULL, 0, errnum, w->arg);
}

void watch_sentinel (struct watcher *w)
{
    if ((w->flags & KVS_SENTINEL) && !w->sentinel_sent && w->msg)
        router_respond (w->kvs->rt, w->msg, NULL);
    w->sentinel_sent = true;
}

static void gave (struct watcher *w)
{
    w->responded = true;
    watch_sentinel (w);
    if (w->flags & KVS_STREAM)
        watch_fail (w, ENODATA, NULL);
    else if (!(w->flags & KVS_WATCH) && w->msg)
        watch_end (w);
}

static void give_data (struct watcher *w, const char *data, size_t len)
{
    struct buf b = {0};
    if (!w->msg) { // a copy: the callback may change the very value
        buf_append (&b, data, len);
        if (b.err)
            watch_fail (w, b.err, NULL);
        else
            w->cb (w->kvs, w->key, b.data ? b.data : "", len, 0, w->arg);
        buf_clear (&b);
    } else {
        struct base64_slice s = {data, len};
        buf_puts (&b, "{\"val\":");
        treeobj_append_val (&b, &s, 1);
        buf_putc (&b, '}');
        if (b.err) {
            watch_fail (w, b.err, NULL);
            return;
        }
        router_respond (w->kvs->rt, w->msg, b.data);
        buf_clear (&b);
    }
    if (!w->dead)
        gave (w);
}

/* The part of a value that this watcher has not seen. */
static bool give_appended (struct watcher *w, struct walk *walk, struct node *n)
{
    size_t ntail = w->offset < WATCH_TAIL ? w->offset : WATCH_TAIL, total;
    size_t from = w->offset - ntail;
    const char *data;
    char *copy;

    if (n->type != NODE_VAL) {
        watch_fail (w, n->type == NODE_DIR ? EISDIR : EINVAL,
                    "only a value can be watched for appends");
        return true;
    }
    if (tree_read_from (walk, node_val (n), from, &data, &total, &copy) < 0)
        return false;
    if (total < w->offset || memcmp (data, w->tail, ntail) != 0)
        watch_fail (w, EINVAL, "the value of a key watched for appends was overwritten");
    else if (total > w->offset || !w->responded) {
        size_t end = total - from, keep = end < WATCH_TAIL ? end : WATCH_TAIL;
        memcpy (w->tail, data + end - keep, keep);
        w->offset = total;
        give_data (w, data + ntail, end - ntail);
    }
    free (copy);
    return true;
}

static bool give_local (struct watcher *w, struct walk *walk, struct node *n)
{
    const char *data;
    char *copy;
    size_t len;
    if (n->type != NODE_VAL) {
        watch_fail (w, n->type == NODE_DIR ? EISDIR : EINVAL, NULL);
        return true;
    }
    if (tree_read (walk, node_val (n), &data, &len, &copy) < 0)
        return false;
    give_data (w, data, len);
    free (copy);
    return true;
}

static bool give_object (struct watcher *w, struct walk *walk, struct node *n)
{
    struct buf b = {0};
    uint8_t digest[DIGEST_MAX];
    const struct digest_alg *alg = w->kvs->forest.alg;

    buf_puts (&b, "{\"val\":");
    if (lookup_append (walk, n, w->flags & (KVS_READDIR | KVS_READLINK | KVS_TREEOBJ), &b) < 0) {
        int errnum = errno;
        buf_clear (&b);
        if (errnum != EAGAIN)
            watch_fail (w, errnum, NULL);
        errno = errnum;
        return errnum != EAGAIN;
    }
    buf_putc (&b, '}');
    if (w->flags & (KVS_WATCH_FULL | KVS_WATCH_UNIQ)) {
        alg->hash (b.data, b.len, digest);
        if (w->responded && memcmp (digest, w->seen, alg->size) == 0) {
            buf_clear (&b);
            return true;
        }
        memcpy (w->seen, digest, alg->size);
    }
    router_respond (w->kvs->rt, w->msg, b.data);
    buf_clear (&b);
    gave (w);
    return true;
}

bool watch_give (struct watcher *w, struct walk *walk, struct node *n)
{
    if (w->flags & (KVS_WATCH_APPEND | KVS_STREAM))
        return give_appended (w, walk, n);
    return w->msg ? give_object (w, walk, n) : give_local (w, walk, n);
}
