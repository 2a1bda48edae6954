/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Where watchers hang: on a key or a namespace, on their client, among the dead. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/watch_private.h"

int watch_attach (struct watcher *w, struct ns *ns)
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

void watch_detach (struct watcher *w)
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
    /* Answers need its head only, and there may be many. */
    if (!(w->msg = flux_msg_copy (msg, false)))
        return -1;
    s->count++;
    DL_APPEND2 (s->list, w, sprev, snext);
    w->sender = s;
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

void watch_destroy (struct watcher *w)
{
    struct kvs *kvs = w->kvs;
    DL_DELETE (kvs->watchers, w);
    kvs->nwatchers--;
    lookup_destroy (w->lu);
    if (w->following)
        follow_retry_cancel (kvs, w);
    watch_detach (w);
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
            watch_destroy (w);
    }
    LL_CONCAT2 (kvs->dead, later, dnext);
}

void watch_sweep_cb (struct router *rt, void *arg)
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
    router_at_turn_end (kvs->rt, watch_sweep_cb, kvs);
}
