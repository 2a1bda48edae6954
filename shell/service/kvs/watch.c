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
#include <flux/disconnect.h>
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/watch_private.h"

static void look (struct watcher *w);

static void nothing (struct watcher *w, int errnum)
{
    bool waits = (w->flags & KVS_WAITCREATE) && !w->responded;
    if (errnum == ENOENT && waits)
        watch_sentinel (w);
    else if (errnum == ENOTSUP && waits) {
        watch_detach (w); // until it is created
        DL_APPEND2 (w->kvs->orphans, w, kprev, knext);
        w->orphan = true;
    } else
        watch_fail (w, errnum, NULL);
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
    else
        done = watch_give (w, walk, n);
    int saved_errno = errno;
    w->kvs->walking--;
    if (done || saved_errno != EAGAIN) { // lookup.c calls again only for EAGAIN
        if (!done)
            watch_fail (w, saved_errno, NULL);
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
        watch_fail (w, errno, NULL);
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
        watch_detach (w);
    if (!w->ns) {
        if (!(ns = follow_get (w->kvs, w->nsname))) {
            if (errno != EAGAIN)
                nothing (w, errno);
            else if (follow_retry_cb (w->kvs, w->nsname, start_again, w) < 0)
                watch_fail (w, errno, NULL);
            else
                w->following = true;
            return;
        }
        if (w->kvs->rank == 0 && ns->changed)
            ns_commit (ns); // what was written before is not told twice
        if (watch_attach (w, ns) < 0) {
            watch_fail (w, errno, NULL);
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
        router_at_turn_end (rt, watch_sweep_cb, w->kvs);
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
        watch_fail (w, errnum, NULL);
    }
    DL_FOREACH_SAFE2 (ns->full, w, tmp, knext)
    watch_fail (w, errnum, NULL);
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

    HASH_FIND_STR (kvs->senders, id ? id : "", s);
    if (!s)
        return;
    kvs->walking++;
    DL_FOREACH_SAFE2 (s->list, w, tmp, snext)
    {
        if (disconnect && flux_disconnect_match (msg, w->msg))
            watch_end (w);
        else if (!disconnect && flux_cancel_match (msg, w->msg))
            watch_fail (w, ENODATA, NULL);
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
        watch_destroy (w);
    }
}
