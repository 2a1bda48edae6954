/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Namespaces and their versions. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <flux/disconnect.h>
#include "lib/util/monotime.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

struct ns *ns_find (struct kvs *kvs, const char *name)
{
    struct ns *ns;
    if (kvs->primary && !strcmp (name, KVS_PRIMARY))
        return kvs->primary;
    HASH_FIND_STR (kvs->namespaces, name, ns);
    if (!ns)
        errno = ENOTSUP;
    return ns;
}

struct ns *ns_create (struct kvs *kvs, const char *name, uint32_t owner, int flags,
                      const uint8_t *digest, int seq)
{
    struct ns *ns = calloc (1, sizeof (*ns));
    if (!ns || !(ns->name = strdup (name)) || tree_init (&ns->tree, &kvs->forest, digest) < 0) {
        if (ns)
            free (ns->name);
        free (ns);
        errno = ENOMEM;
        return NULL;
    }
    ns->kvs = kvs;
    ns->owner = owner;
    ns->flags = flags;
    ns->seq = seq;
    ev_timer_init (&ns->tell_timer, ns_tell_cb, 0., 0.);
    ns->tell_timer.data = ns;
    HASH_ADD_KEYPTR (hh, kvs->namespaces, ns->name, strlen (ns->name), ns);
    if (!strcmp (name, KVS_PRIMARY))
        kvs->primary = ns;
    return ns;
}

static void fail_waiters (struct kvs *kvs, struct waiter **head, int errnum)
{
    struct waiter *w, *tmp;
    DL_FOREACH_SAFE (*head, w, tmp)
    {
        DL_DELETE (*head, w);
        commit_waiter_fail (kvs->rt, w, errnum);
    }
}

void ns_bury (struct kvs *kvs)
{
    struct ns *ns;
    while (kvs->walking == 0 && (ns = kvs->gone)) {
        kvs->gone = ns->next_gone;
        json_decref (ns->keys);
        tree_clear (&ns->tree);
        free (ns->name);
        free (ns);
    }
}

static void bury_cb (struct router *rt, void *arg)
{
    ns_bury (arg);
}

void ns_destroy (struct ns *ns, int errnum)
{
    struct kvs *kvs = ns->kvs;
    HASH_DEL (kvs->namespaces, ns);
    if (kvs->primary == ns)
        kvs->primary = NULL;
    fail_waiters (kvs, &ns->commits, errnum);
    fail_waiters (kvs, &ns->versions, errnum);
    watch_ns_gone (ns, errnum);
    ev_timer_stop (router_loop (kvs->rt), &ns->tell_timer);
    ns->gone = true;
    LL_PREPEND2 (kvs->gone, ns, next_gone);
    if (router_at_turn_end (kvs->rt, bury_cb, kvs) < 0)
        ns_bury (kvs);
}

int ns_authorize (const struct ns *ns, const flux_msg_t *msg)
{
    return flux_msg_authorize (msg, ns->owner);
}

int ns_root (struct ns *ns, char ref[BLOBREF_MAX])
{
    if (ns->changed)
        ns_commit (ns);
    if (tree_store (&ns->kvs->forest, node_dir (ns->tree.root)) < 0)
        return -1;
    digest_to_blobref (ns->kvs->forest.alg, node_dir (ns->tree.root)->digest, ref);
    return 0;
}

/* ---- writing */

static void note_key (struct ns *ns, const char *key)
{
    if (ns->all_keys)
        return;
    if (!ns->keys)
        ns->keys = json_object ();
    if (json_object_size (ns->keys) >= KVS_EVENT_KEYS_MAX ||
        json_object_set_new (ns->keys, key, json_null ()) < 0) {
        ns->all_keys = true;
        json_object_clear (ns->keys);
    }
}

void ns_wrote (struct ns *ns, const char *key)
{
    if (ns->wkeys)
        watch_wrote (ns, key);
    if (ns->told_until > 0)
        note_key (ns, key);
}

static void turn_end (struct router *rt, void *arg)
{
    struct kvs *kvs = arg;
    struct ns *ns, *tmp;
    kvs->turn_end_set = false;
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    {
        if (ns->changed)
            ns_commit (ns);
    }
    forest_evict (&kvs->forest, KVS_TREE_BYTES, 256);
}

void ns_wrote_end (struct ns *ns)
{
    struct kvs *kvs = ns->kvs;
    ns->changed = true;
    if (!kvs->turn_end_set && router_at_turn_end (kvs->rt, turn_end, kvs) == 0)
        kvs->turn_end_set = true;
}

/* ---- versions */

static void answer_versions (struct ns *ns)
{
    char ref[BLOBREF_MAX] = "";
    struct waiter *w, *tmp;
    DL_FOREACH_SAFE (ns->versions, w, tmp)
    {
        if (w->seq > ns->seq)
            continue;
        DL_DELETE (ns->versions, w);
        if (!*ref && ns_root (ns, ref) < 0)
            router_respond_error (ns->kvs->rt, w->msg, errno, NULL);
        else
            router_respond_pack (ns->kvs->rt, w->msg, "{s:i s:s}", "rootseq", ns->seq, "rootref",
                                 ref);
        flux_msg_decref (w->msg);
        free (w);
    }
}

void ns_new_version (struct ns *ns)
{
    if (ns->versions)
        answer_versions (ns);
    watch_run (ns);
}

/* Events name keys, which are not for guests. */
void ns_publish (struct kvs *kvs, const char *ns, const char *what, json_t *o)
{
    char topic[KVS_NS_MAX + 32];
    char *text = o ? json_dumps (o, JSON_COMPACT) : NULL;

    snprintf (topic, sizeof (topic), "kvs.namespace-%s-%s", ns, what);
    if (text)
        router_publish_private (kvs->rt, topic, text);
    free (text);
    json_decref (o);
}

/* Tell the followers of a new root. The time that hashing takes is kept to a twentieth: where it is
 * long, versions are skipped. */
static void tell (struct ns *ns)
{
    struct kvs *kvs = ns->kvs;
    char ref[BLOBREF_MAX];
    double begin = monotime_now ();

    ns->tell_due = false;
    if (ns_root (ns, ref) < 0)
        return;
    ns_publish (kvs, ns->name, "setroot",
                json_pack ("{s:s s:i s:s s:[] s:o s:i s:b}", "namespace", ns->name, "rootseq",
                           ns->seq, "rootref", ref, "names", "keys",
                           ns->keys ? ns->keys : json_object (), "owner", (int)ns->owner, "allkeys",
                           (int)ns->all_keys));
    kvs->stats.events++;
    ns->keys = NULL;
    ns->all_keys = false;
    double end = monotime_now ();
    ns->next_tell = end + 20 * (end - begin);
    if (ns->told_until < end)
        ns->told_until = 0; // nobody follows any more
}

void ns_tell_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct ns *ns = w->data;
    if (ns->tell_due)
        tell (ns);
}

static void tell_soon (struct ns *ns, bool hashed)
{
    double wait = ns->next_tell - monotime_now ();
    struct ev_loop *loop = router_loop (ns->kvs->rt);
    ns->tell_due = true;
    if (hashed || wait <= 0)
        tell (ns);
    else if (!ev_is_active (&ns->tell_timer)) {
        ev_timer_set (&ns->tell_timer, wait, 0.);
        ev_timer_start (loop, &ns->tell_timer);
    }
}

void ns_commit (struct ns *ns)
{
    struct kvs *kvs = ns->kvs;
    struct waiter *w, *tmp;
    char ref[BLOBREF_MAX];
    bool hashed = ns->commits != NULL;
    int errnum = 0;

    ns->changed = false;
    ns->seq++;
    kvs->stats.commits++;
    if (ns->commits && ns_root (ns, ref) < 0)
        errnum = errno;
    DL_FOREACH_SAFE (ns->commits, w, tmp)
    {
        DL_DELETE (ns->commits, w);
        if (errnum)
            commit_waiter_fail (kvs->rt, w, errnum);
        else
            commit_answer (kvs, w, ref, ns->seq);
    }
    if (ns->told_until > 0)
        tell_soon (ns, hashed);
    ns_new_version (ns);
}

int ns_wait_version (struct ns *ns, const flux_msg_t *msg, int seq)
{
    struct waiter *w = calloc (1, sizeof (*w));
    if (!w)
        return -1;
    w->msg = flux_msg_incref (msg);
    w->seq = seq;
    DL_APPEND (ns->versions, w);
    return 0;
}

void ns_disconnect (struct ns *ns, const flux_msg_t *msg)
{
    struct waiter *w, *tmp;
    DL_FOREACH_SAFE (ns->versions, w, tmp)
    {
        if (flux_disconnect_match (msg, w->msg)) {
            DL_DELETE (ns->versions, w);
            flux_msg_decref (w->msg);
            free (w);
        }
    }
}
