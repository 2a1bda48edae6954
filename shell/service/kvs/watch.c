/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Watchers. A watcher hangs on the name of its key (or, for "full", on its namespace); a commit
 * that wrote the key makes it look again. Each look is a lookup; if one is still under way when the
 * next version comes, one more follows, so that the last version is never missed.
 *
 * An append watcher remembers how many bytes it gave away and the last few of them, so that it does
 * not matter of how many blobs a value is made. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/treeobj.h"

enum { TAIL = 32 };

struct watcher {
    struct kvs *kvs;
    struct ns *ns; // NULL: not known to exist
    char *nsname, *key;
    int flags;
    const flux_msg_t *msg; // who asked, or
    kvs_local_watch_f cb;  // a service here
    void *arg;
    struct wkey *wkey;
    struct wsender *sender;
    struct lookup *lu; // under way
    bool again, responded, sentinel_sent, dead, following, orphan, starting;
    size_t offset; // bytes given away
    char tail[TAIL];
    uint8_t seen[DIGEST_MAX];      // what was given away, for full and uniq
    struct watcher *prev, *next;   // of the service
    struct watcher *kprev, *knext; // of the key, the namespace's full ones, or the orphans
    struct watcher *sprev, *snext; // of the sender
    struct watcher *dnext;         // of the dead
};

struct wkey {
    char *key;
    struct watcher *list;
    bool fired;
    struct wkey *next_fired;
    UT_hash_handle hh;
};

/* All watchers of one client. */
struct wsender {
    char *id;
    size_t count;
    struct watcher *list;
    UT_hash_handle hh;
};

/* ---- lists */

static int attach (struct watcher *w, struct ns *ns)
{
    struct wkey *k;
    w->ns = ns;
    if (w->flags & KVS_WATCH_FULL) {
        DL_APPEND2 (ns->full, w, kprev, knext);
        return 0;
    }
    HASH_FIND_STR (ns->wkeys, w->key, k);
    if (!k) {
        if (!(k = calloc (1, sizeof (*k))) || !(k->key = strdup (w->key))) {
            free (k);
            w->ns = NULL;
            return -1;
        }
        HASH_ADD_KEYPTR (hh, ns->wkeys, k->key, strlen (k->key), k);
    }
    DL_APPEND2 (k->list, w, kprev, knext);
    w->wkey = k;
    return 0;
}

static void detach (struct watcher *w)
{
    struct wkey *k = w->wkey;
    if (w->orphan)
        DL_DELETE2 (w->kvs->orphans, w, kprev, knext);
    else if (w->ns && (w->flags & KVS_WATCH_FULL))
        DL_DELETE2 (w->ns->full, w, kprev, knext);
    else if (w->ns && k) {
        DL_DELETE2 (k->list, w, kprev, knext);
        if (!k->list) {
            if (k->fired)
                LL_DELETE2 (w->ns->fired, k, next_fired);
            HASH_DEL (w->ns->wkeys, k);
            free (k->key);
            free (k);
        }
    }
    w->ns = NULL;
    w->wkey = NULL;
    w->orphan = false;
}

int watch_set_request (struct watcher *w, const flux_msg_t *msg)
{
    const char *id = flux_msg_route_first (msg);
    struct wsender *s;
    if (!id)
        id = "";
    HASH_FIND_STR (w->kvs->senders, id, s);
    if (!s) {
        if (!(s = calloc (1, sizeof (*s))) || !(s->id = strdup (id))) {
            free (s);
            return -1;
        }
        HASH_ADD_KEYPTR (hh, w->kvs->senders, s->id, strlen (s->id), s);
    }
    if (s->count >= KVS_WATCHERS_OF_ONE) {
        errno = ENOSPC;
        return -1;
    }
    s->count++;
    DL_APPEND2 (s->list, w, sprev, snext);
    w->sender = s;
    w->msg = flux_msg_incref (msg);
    return 0;
}

void watch_set_local (struct watcher *w, kvs_local_watch_f cb, void *arg)
{
    w->cb = cb;
    w->arg = arg;
}

static void unsend (struct watcher *w)
{
    struct wsender *s = w->sender;
    if (!s)
        return;
    s->count--;
    DL_DELETE2 (s->list, w, sprev, snext);
    if (!s->list) {
        HASH_DEL (w->kvs->senders, s);
        free (s->id);
        free (s);
    }
    w->sender = NULL;
}

struct watcher *watch_create (struct kvs *kvs, const char *ns, const char *key, int flags)
{
    struct watcher *w;
    if (kvs->nwatchers >= KVS_WATCHERS_MAX) {
        errno = ENOSPC;
        return NULL;
    }
    if (!(w = calloc (1, sizeof (*w))))
        return NULL;
    if (!(w->key = key_normalize (key)) || !(w->nsname = strdup (ns))) {
        free (w->key);
        free (w);
        return NULL;
    }
    w->kvs = kvs;
    w->flags = flags;
    DL_APPEND (kvs->watchers, w);
    kvs->nwatchers++;
    return w;
}

static void destroy (struct watcher *w)
{
    struct kvs *kvs = w->kvs;
    DL_DELETE (kvs->watchers, w);
    kvs->nwatchers--;
    lookup_destroy (w->lu);
    if (w->following)
        follow_retry_cancel (kvs, w);
    detach (w);
    unsend (w);
    if (w->msg)
        flux_msg_decref (w->msg);
    free (w->key);
    free (w->nsname);
    free (w);
}

static void sweep (struct kvs *kvs)
{
    struct watcher *w, *later = NULL;
    while (kvs->walking == 0 && (w = kvs->dead)) {
        LL_DELETE2 (kvs->dead, w, dnext);
        if (w->starting) // start_cb() has it still
            LL_PREPEND2 (later, w, dnext);
        else
            destroy (w);
    }
    LL_CONCAT2 (kvs->dead, later, dnext);
}

static void sweep_cb (struct router *rt, void *arg)
{
    sweep (arg);
}

/* Many may end in one turn: they are freed together. */
void watch_end (struct watcher *w)
{
    struct kvs *kvs = w->kvs;
    if (w->dead)
        return;
    w->dead = true;
    LL_PREPEND2 (kvs->dead, w, dnext);
    router_at_turn_end (kvs->rt, sweep_cb, kvs);
}

/* ---- giving */

static void fail (struct watcher *w, int errnum, const char *text)
{
    if (w->dead)
        return;
    watch_end (w);
    if (w->msg)
        router_respond_error (w->kvs->rt, w->msg, errnum, text);
    else
        w->cb (w->kvs, w->key, NULL, 0, errnum, w->arg);
}

static void sentinel (struct watcher *w)
{
    if ((w->flags & KVS_SENTINEL) && !w->sentinel_sent && w->msg)
        router_respond (w->kvs->rt, w->msg, NULL);
    w->sentinel_sent = true;
}

static void gave (struct watcher *w)
{
    w->responded = true;
    sentinel (w);
    if (w->flags & KVS_STREAM)
        fail (w, ENODATA, NULL);
    else if (!(w->flags & KVS_WATCH) && w->msg)
        watch_end (w);
}

static void give_data (struct watcher *w, const char *data, size_t len)
{
    struct buf b = {0};
    if (!w->msg) { // a copy: the callback may change the very value
        buf_append (&b, data, len);
        if (b.err)
            fail (w, b.err, NULL);
        else
            w->cb (w->kvs, w->key, b.data ? b.data : "", len, 0, w->arg);
        buf_clear (&b);
    } else {
        struct slice s = {data, len};
        buf_puts (&b, "{\"val\":");
        treeobj_append_val (&b, &s, 1);
        buf_putc (&b, '}');
        if (b.err) {
            fail (w, b.err, NULL);
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
    size_t ntail = w->offset < TAIL ? w->offset : TAIL, total;
    size_t from = w->offset - ntail;
    const char *data;
    char *copy;

    if (n->type != NODE_VAL) {
        fail (w, n->type == NODE_DIR ? EISDIR : EINVAL, "only a value can be watched for appends");
        return true;
    }
    if (tree_read_from (walk, node_val (n), from, &data, &total, &copy) < 0)
        return false;
    if (total < w->offset || memcmp (data, w->tail, ntail) != 0)
        fail (w, EINVAL, "the value of a key watched for appends was overwritten");
    else if (total > w->offset || !w->responded) {
        size_t end = total - from, keep = end < TAIL ? end : TAIL;
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
        fail (w, n->type == NODE_DIR ? EISDIR : EINVAL, NULL);
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
            fail (w, errnum, NULL);
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

/* ---- looking */

static void look (struct watcher *w);

static void nothing (struct watcher *w, int errnum)
{
    bool waits = (w->flags & KVS_WAITCREATE) && !w->responded;
    if (errnum == ENOENT && waits)
        sentinel (w);
    else if (errnum == ENOTSUP && waits) {
        detach (w); // until it is created
        DL_APPEND2 (w->kvs->orphans, w, kprev, knext);
        w->orphan = true;
    } else
        fail (w, errnum, NULL);
}

static bool looked (struct lookup *lu, struct walk *walk, struct node *n, int errnum)
{
    struct watcher *w = lu->arg;
    bool done = true;

    w->kvs->walking++;
    if (w->dead)
        ;
    else if (!n)
        nothing (w, errnum);
    else if (w->flags & (KVS_WATCH_APPEND | KVS_STREAM))
        done = give_appended (w, walk, n);
    else
        done = w->msg ? give_object (w, walk, n) : give_local (w, walk, n);
    int saved_errno = errno;
    w->kvs->walking--;
    if (done || saved_errno != EAGAIN) { // lookup.c calls again only for EAGAIN
        if (!done)
            fail (w, saved_errno, NULL);
        w->lu = NULL;
        if (w->again && !w->dead)
            watch_start (w);
        return true;
    }
    errno = saved_errno;
    return false;
}

static void look (struct watcher *w)
{
    struct flux_msg_cred cred = {.rolemask = FLUX_ROLE_OWNER};
    int flags = w->flags & (KVS_READDIR | KVS_READLINK | KVS_TREEOBJ);

    if (w->dead)
        return;
    if (w->lu) {
        w->again = true;
        return;
    }
    w->again = false;
    if (w->msg)
        flux_msg_get_cred (w->msg, &cred);
    if (!(w->lu = lookup_create (w->kvs, w->nsname, NULL, w->key, flags, cred))) {
        fail (w, errno, NULL);
        return;
    }
    w->lu->done = looked;
    w->lu->arg = w;
    lookup_run (w->lu);
}

static void start_again (void *arg, int errnum)
{
    struct watcher *w = arg;
    w->following = false;
    if (w->dead)
        return;
    if (errnum)
        nothing (w, errnum);
    else
        watch_start (w);
}

/* Hang the watcher on its namespace, then look for the first time (or once more). */
void watch_start (struct watcher *w)
{
    struct ns *ns;
    if (w->dead)
        return;
    if (w->orphan)
        detach (w);
    if (!w->ns) {
        if (!(ns = follow_get (w->kvs, w->nsname))) {
            if (errno != EAGAIN)
                nothing (w, errno);
            else if (follow_retry_cb (w->kvs, w->nsname, start_again, w) < 0)
                fail (w, errno, NULL);
            else
                w->following = true;
            return;
        }
        if (w->kvs->rank == 0 && ns->changed)
            ns_commit (ns); // what was written before is not told twice
        if (attach (w, ns) < 0) {
            fail (w, errno, NULL);
            return;
        }
    }
    look (w);
}

static void start_cb (struct router *rt, void *arg)
{
    struct watcher *w = arg;
    w->starting = false;
    if (w->dead)
        router_at_turn_end (rt, sweep_cb, w->kvs);
    else
        watch_start (w);
}

int watch_start_at_turn_end (struct watcher *w)
{
    if (router_at_turn_end (w->kvs->rt, start_cb, w) < 0) {
        watch_end (w);
        return -1;
    }
    w->starting = true;
    return 0;
}

void watch_wrote (struct ns *ns, const char *key)
{
    struct wkey *k;
    HASH_FIND_STR (ns->wkeys, key, k);
    if (!k && !key_is_normal (key)) {
        char *normal = key_normalize (key);
        if (normal)
            HASH_FIND_STR (ns->wkeys, normal, k);
        free (normal);
    }
    if (k && !k->fired) {
        k->fired = true;
        LL_PREPEND2 (ns->fired, k, next_fired);
    }
}

void watch_all_keys (struct ns *ns)
{
    struct wkey *k, *tmp;
    HASH_ITER (hh, ns->wkeys, k, tmp)
    watch_wrote (ns, k->key);
}

void watch_run (struct ns *ns)
{
    struct kvs *kvs = ns->kvs;
    struct wkey *k, *fired = NULL;
    struct watcher *w, *tmp;

    if (!ns->fired && !ns->full)
        return;
    kvs->walking++;
    while ((k = ns->fired)) { // the key written first goes first
        LL_DELETE2 (ns->fired, k, next_fired);
        LL_PREPEND2 (fired, k, next_fired);
    }
    while ((k = fired)) {
        fired = k->next_fired;
        k->fired = false;
        DL_FOREACH_SAFE2 (k->list, w, tmp, knext)
        look (w);
    }
    DL_FOREACH_SAFE2 (ns->full, w, tmp, knext)
    look (w);
    kvs->walking--;
}

void watch_ns_created (struct kvs *kvs)
{
    struct watcher *w, *tmp, *list = kvs->orphans;
    kvs->walking++;
    DL_FOREACH_SAFE2 (list, w, tmp, knext)
    {
        struct ns *ns = ns_find (kvs, w->nsname);
        if (ns || kvs->rank > 0)
            watch_start (w);
    }
    kvs->walking--;
}

void watch_ns_gone (struct ns *ns, int errnum)
{
    struct watcher *w, *tmp;
    struct wkey *k, *ktmp;
    struct kvs *kvs = ns->kvs;
    kvs->walking++;
    HASH_ITER (hh, ns->wkeys, k, ktmp)
    {
        DL_FOREACH_SAFE2 (k->list, w, tmp, knext)
        fail (w, errnum, NULL);
    }
    DL_FOREACH_SAFE2 (ns->full, w, tmp, knext)
    fail (w, errnum, NULL);
    kvs->walking--;
}

bool watch_any (const struct ns *ns)
{
    return ns->wkeys || ns->full;
}

size_t watch_count (const struct ns *ns)
{
    struct watcher *w;
    struct wkey *k, *tmp;
    size_t n = 0, m;
    HASH_ITER (hh, ns->wkeys, k, tmp)
    {
        DL_COUNT2 (k->list, w, m, knext);
        n += m;
    }
    DL_COUNT2 (ns->full, w, m, knext);
    return n + m;
}

/* A cancel request names the matchtag; a disconnect means all of the sender's. */
void watch_cancel (struct kvs *kvs, const flux_msg_t *msg, bool disconnect)
{
    const char *id = flux_msg_route_first (msg);
    struct wsender *s;
    struct watcher *w, *tmp;
    uint32_t tag;
    int matchtag;

    HASH_FIND_STR (kvs->senders, id ? id : "", s);
    if (!s || (!disconnect && flux_msg_unpack (msg, "{s:i}", "matchtag", &matchtag) < 0))
        return;
    kvs->walking++;
    DL_FOREACH_SAFE2 (s->list, w, tmp, snext)
    {
        if (disconnect)
            watch_end (w);
        else if (flux_msg_get_matchtag (w->msg, &tag) == 0 && tag == (uint32_t)matchtag)
            fail (w, ENODATA, NULL);
    }
    kvs->walking--;
}

void watch_clear (struct kvs *kvs)
{
    struct watcher *w, *tmp;
    DL_FOREACH_SAFE (kvs->watchers, w, tmp)
    {
        if (!w->dead && w->msg)
            router_respond_error (kvs->rt, w->msg, ENOSYS, NULL);
        destroy (w);
    }
}
