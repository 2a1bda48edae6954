/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ranks above 0. A rank asks rank 0 for a namespace's root the first time it needs it, and from
 * then on hears of new ones by event for the time of a lease, which it renews while it is used.
 * So rank 0 hashes nothing for the others when nobody reads there. A writer's commit is answered
 * with the new root, which is taken over before the answer goes to the client: it reads its own
 * writes, and versions only grow. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "lib/util/monotime.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

/* ---- rank 0: kvs.follow {"namespace"} */

void follow_request (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *name;
    char ref[BLOBREF_MAX];
    struct ns *ns;

    if (flux_msg_unpack (msg, "{s:s}", "namespace", &name) < 0)
        errno = EPROTO;
    else if (kvs->rank > 0)
        errno = EINVAL;
    else if ((ns = ns_find (kvs, name)) && ns_root (ns, ref) == 0) {
        ns->told_until = monotime_now () + KVS_LEASE + KVS_LEASE_SLACK;
        router_respond_pack (rt, msg, "{s:s s:i s:s s:i s:I}", "namespace", name, "rootseq",
                             ns->seq, "rootref", ref, "flags", ns->flags, "owner",
                             (json_int_t)ns->owner);
        return;
    }
    router_respond_error (rt, msg, errno, NULL);
}

/* ---- ranks above 0 */

void follow_advance (struct ns *ns, const char *rootref, int seq)
{
    uint8_t digest[DIGEST_MAX];
    struct tree t;
    if (seq <= ns->seq || digest_from_blobref (ns->kvs->forest.alg, rootref, digest) < 0 ||
        tree_init (&t, &ns->kvs->forest, digest) < 0)
        return;
    tree_clear (&ns->tree);
    ns->tree = t;
    ns->seq = seq;
}

static void follow_finish (struct follow *fo, int errnum)
{
    struct kvs *kvs = fo->kvs;
    struct retry *r;

    HASH_DEL (kvs->follows, fo);
    while ((r = fo->retries)) {
        fo->retries = r->next;
        if (r->cb)
            r->cb (r->arg, errnum);
        else if (r->msg && errnum)
            router_respond_error (kvs->rt, r->msg, errnum, NULL);
        else if (r->msg)
            r->handler (kvs->rt, r->msg, kvs);
        if (r->msg)
            flux_msg_decref (r->msg);
        free (r);
    }
    free (fo->name);
    free (fo);
}

static void follow_response (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct follow *fo = arg;
    struct kvs *kvs = fo->kvs;
    const char *ref;
    int seq, flags, errnum = 0;
    json_int_t owner;
    uint8_t digest[DIGEST_MAX];
    struct ns *ns = ns_find (kvs, fo->name);

    if (flux_msg_get_errnum (msg, &errnum) < 0)
        errnum = EPROTO;
    if (errnum == 0 && (flux_msg_unpack (msg, "{s:i s:s s:i s:I}", "rootseq", &seq, "rootref", &ref,
                                         "flags", &flags, "owner", &owner) < 0 ||
                        digest_from_blobref (kvs->forest.alg, ref, digest) < 0))
        errnum = EPROTO;
    if (errnum == 0 && !ns && !(ns = ns_create (kvs, fo->name, owner, flags, digest, seq)))
        errnum = errno;
    if (errnum == 0) {
        bool news = seq > ns->seq;
        follow_advance (ns, ref, seq);
        ns->lease = fo->begun + KVS_LEASE;
        if (news) { // events were missed
            watch_all_keys (ns);
            ns_new_version (ns);
        }
    } else if (errnum == ENOTSUP && ns)
        ns_destroy (ns, ENOTSUP);
    follow_finish (fo, errnum);
}

static struct follow *follow_begin (struct kvs *kvs, const char *name)
{
    struct follow *fo;
    HASH_FIND_STR (kvs->follows, name, fo);
    if (fo)
        return fo;
    if (!(fo = calloc (1, sizeof (*fo))) || !(fo->name = strdup (name))) {
        free (fo);
        return NULL;
    }
    fo->kvs = kvs;
    fo->begun = monotime_now ();
    if (!(fo->rpc = router_rpc_pack (kvs->rt, "kvs.follow", 0, 0, follow_response, fo, "{s:s}",
                                     "namespace", name))) {
        free (fo->name);
        free (fo);
        return NULL;
    }
    HASH_ADD_KEYPTR (hh, kvs->follows, fo->name, strlen (fo->name), fo);
    return fo;
}

struct ns *follow_get (struct kvs *kvs, const char *name)
{
    struct ns *ns = ns_find (kvs, name);
    double now;
    if (kvs->rank == 0)
        return ns;
    now = monotime_now ();
    if (ns && now < ns->lease) {
        if (now > ns->lease - KVS_LEASE / 2)
            follow_begin (kvs, name);
        return ns;
    }
    errno = EAGAIN;
    return NULL;
}

static struct retry *retry_add (struct kvs *kvs, const char *name)
{
    struct follow *fo = follow_begin (kvs, name);
    struct retry *r;
    if (!fo || !(r = calloc (1, sizeof (*r))))
        return NULL;
    LL_APPEND (fo->retries, r);
    return r;
}

int follow_retry (struct kvs *kvs, const char *name, const flux_msg_t *msg, handler_f handler)
{
    struct retry *r = retry_add (kvs, name);
    if (!r)
        return -1;
    r->msg = flux_msg_incref (msg);
    r->handler = handler;
    return 0;
}

int follow_retry_cb (struct kvs *kvs, const char *name, void (*cb) (void *, int), void *arg)
{
    struct retry *r = retry_add (kvs, name);
    if (!r)
        return -1;
    r->cb = cb;
    r->arg = arg;
    return 0;
}

void follow_retry_cancel (struct kvs *kvs, void *arg)
{
    struct follow *fo, *tmp;
    struct retry *r;
    HASH_ITER (hh, kvs->follows, fo, tmp)
    {
        LL_FOREACH (fo->retries, r)
        {
            if (r->cb && r->arg == arg)
                r->cb = NULL;
        }
    }
}

/* Whoever waits here wants to go on hearing. */
void follow_renew (struct kvs *kvs)
{
    struct ns *ns, *tmp;
    double now = monotime_now ();
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    {
        if ((ns->versions || watch_any (ns)) && now > ns->lease - KVS_LEASE / 2)
            follow_begin (kvs, ns->name);
    }
}

static void setroot_event (struct kvs *kvs, const flux_msg_t *msg)
{
    const char *name, *ref, *key;
    int seq, all = 0;
    json_t *keys, *value;
    struct ns *ns;

    if (flux_msg_unpack (msg, "{s:s s:i s:s s:o s?b}", "namespace", &name, "rootseq", &seq,
                         "rootref", &ref, "keys", &keys, "allkeys", &all) < 0 ||
        !(ns = ns_find (kvs, name)))
        return;
    /* Even an event that came after the answer to a commit may name keys that are watched. */
    follow_advance (ns, ref, seq);
    if (all)
        watch_all_keys (ns);
    else
        json_object_foreach (keys, key, value) watch_wrote (ns, key);
    ns_new_version (ns);
}

void follow_events (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *topic, *suffix, *name;
    struct ns *ns;

    if (flux_msg_get_topic (msg, &topic) < 0 || !(suffix = strrchr (topic, '-')))
        return;
    if (!strcmp (suffix, "-setroot"))
        setroot_event (kvs, msg);
    else if (!strcmp (suffix, "-removed")) {
        if (flux_msg_unpack (msg, "{s:s}", "namespace", &name) == 0 && (ns = ns_find (kvs, name)))
            ns_destroy (ns, ENOTSUP);
    } else if (!strcmp (suffix, "-created"))
        watch_ns_created (kvs);
}

void follow_clear (struct kvs *kvs)
{
    struct follow *fo, *tmp;
    HASH_ITER (hh, kvs->follows, fo, tmp)
    {
        router_rpc_forget (kvs->rt, fo->rpc);
        follow_finish (fo, ENOSYS);
    }
}
