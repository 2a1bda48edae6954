/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Changes that come as requests. Rank 0 applies them at once and answers with the turn's commit;
 * other ranks pass them to rank 0. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

/* ---- the way to rank 0 */

struct relay {
    struct kvs *kvs;
    const flux_msg_t *msg;
    char *ns; // its root is taken over from the answer; or NULL
    uint32_t rpc;
    struct relay *prev, *next;
};

static void relay_finish (struct relay *r)
{
    DL_DELETE (r->kvs->relays, r);
    flux_msg_decref (r->msg);
    free (r->ns);
    free (r);
}

static void relay_response (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct relay *r = arg;
    const char *text = NULL, *ref;
    int seq, errnum = 0;
    struct ns *ns;

    if (flux_msg_get_errnum (response, &errnum) < 0)
        errnum = EPROTO;
    if (flux_msg_has_payload (response) && flux_msg_get_string (response, &text) < 0)
        text = NULL;
    if (errnum)
        router_respond_error (rt, r->msg, errnum, text);
    else {
        if (r->ns && (ns = ns_find (r->kvs, r->ns)) &&
            flux_msg_unpack (response, "{s:s s:i}", "rootref", &ref, "rootseq", &seq) == 0) {
            follow_advance (ns, ref, seq);
            ns_new_version (ns);
        }
        router_respond (rt, r->msg, text);
    }
    relay_finish (r);
}

int relay_to_root (struct kvs *kvs, const flux_msg_t *msg, const char *topic, const char *ns)
{
    struct relay *r;
    const char *text = NULL;

    if (flux_msg_has_payload (msg) && flux_msg_get_string (msg, &text) < 0)
        return -1;
    if (!(r = calloc (1, sizeof (*r))) || (ns && !(r->ns = strdup (ns)))) {
        free (r);
        return -1;
    }
    r->kvs = kvs;
    r->msg = flux_msg_incref (msg);
    DL_APPEND (kvs->relays, r);
    if (!(r->rpc = router_rpc (kvs->rt, topic, 0, 0, text, relay_response, r))) {
        relay_finish (r);
        return -1;
    }
    return 0;
}

/* ---- answers */

static void waiter_answer (struct router *rt, struct waiter *w, const char *rootref, int seq)
{
    if (w->cb)
        w->cb (w->arg, 0);
    else
        router_respond_pack (rt, w->msg, "{s:s s:i}", "rootref", rootref, "rootseq", seq);
    flux_msg_decref (w->msg);
    free (w);
}

void commit_waiter_fail (struct router *rt, struct waiter *w, int errnum)
{
    if (w->cb)
        w->cb (w->arg, errnum);
    else
        router_respond_error (rt, w->msg, errnum, NULL);
    flux_msg_decref (w->msg);
    free (w);
}

/* The store may outlive the KVS by a little. */
struct sync {
    struct router *rt;
    struct waiter *w;
    char ref[BLOBREF_MAX];
};

static void synced (struct content *c, int errnum, void *arg)
{
    struct sync *s = arg;
    if (errnum)
        commit_waiter_fail (s->rt, s->w, errnum);
    else
        waiter_answer (s->rt, s->w, s->ref, s->w->seq);
    free (s);
}

void commit_answer (struct kvs *kvs, struct waiter *w, const char *rootref, int seq)
{
    struct sync *s;
    if (!w->sync) {
        waiter_answer (kvs->rt, w, rootref, seq);
        return;
    }
    if (!(s = calloc (1, sizeof (*s))))
        goto error;
    s->w = w;
    s->rt = kvs->rt;
    w->seq = seq;
    memcpy (s->ref, rootref, strlen (rootref) + 1);
    if (content_flush (kvs->content, rootref, seq, synced, s) == 0)
        return;
    free (s);
error:
    commit_waiter_fail (kvs->rt, w, errno);
}

bool kvs_local_syncs (const struct kvs *kvs)
{
    return kvs->sync_commits;
}

void kvs_local_synced (struct kvs *kvs, kvs_synced_f cb, void *arg)
{
    struct ns *ns = kvs->primary;
    struct waiter *w;
    char ref[BLOBREF_MAX];

    if (!ns || !kvs->sync_commits) {
        cb (arg, 0);
        return;
    }
    if (!(w = calloc (1, sizeof (*w)))) {
        cb (arg, ENOMEM);
        return;
    }
    w->cb = cb;
    w->arg = arg;
    w->sync = true;
    if (ns->changed)
        DL_APPEND (ns->commits, w);
    else if (ns_root (ns, ref) < 0)
        commit_waiter_fail (kvs->rt, w, errno);
    else
        commit_answer (kvs, w, ref, ns->seq);
}

/* ---- rank 0 */

/* A guest may only write values and empty directories: other objects could name what it may not
 * read. */
static int authorize_guest (const flux_msg_t *msg, struct txn_op *ops, size_t count,
                            flux_error_t *errp)
{
    if (flux_msg_authorize (msg, FLUX_USERID_UNKNOWN) == 0)
        return 0;
    for (size_t i = 0; i < count; i++) {
        struct node *n = ops[i].node;
        if (!n)
            continue;
        if ((n->type == NODE_VAL && node_val (n)->nrefs == 0) ||
            (n->type == NODE_DIR && n->loaded && node_dir (n)->count == 0))
            continue;
        errno = EPERM;
        return errprintf (errp, "guests may not commit %s objects",
                          n->type == NODE_VAL    ? "valref"
                          : n->type == NODE_LINK ? "symlink"
                          : n->loaded            ? "non-empty dir"
                                                 : "dirref");
    }
    return 0;
}

static int add_waiter (struct ns *ns, const flux_msg_t *msg, int flags)
{
    struct waiter *w = calloc (1, sizeof (*w));
    if (!w)
        return -1;
    w->msg = flux_msg_incref (msg);
    w->sync = (flags & KVS_SYNC) || (ns->kvs->sync_commits && ns == ns->kvs->primary);
    DL_APPEND (ns->commits, w);
    return 0;
}

int commit_apply (struct ns *ns, json_t *ops, const struct large *large, const flux_msg_t *msg,
                  flux_error_t *errp)
{
    struct kvs *kvs = ns->kvs;
    struct walk walk = {.tree = &ns->tree};
    struct txn_op *v;
    size_t count;
    int rc;

    if (txn_decode (&kvs->forest, ops, large, &v, &count) < 0)
        return -1;
    if ((rc = authorize_guest (msg, v, count, errp)) == 0 &&
        (rc = txn_apply (&walk, ns->name, v, count)) == 0) {
        for (size_t i = 0; i < count; i++)
            ns_wrote (ns, v[i].key);
        ns_wrote_end (ns);
        kvs->stats.ops += count;
    }
    buf_clear (&walk.missing);
    txn_destroy (&kvs->forest, v, count);
    return rc;
}

int commit_check_flags (const struct ns *ns, int flags)
{
    if ((flags & ~(KVS_NO_MERGE | KVS_TXN_COMPACT | KVS_SYNC)) ||
        ((flags & KVS_SYNC) && ns != ns->kvs->primary)) {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

struct request {
    const char *ns;
    int flags;
    json_t *ops;
    struct large large;
    json_t *parsed; // NULL when the message owns all that
};

/* A request with a large value in it goes a shorter way through the parser. */
static int request_decode (const flux_msg_t *msg, struct request *rq)
{
    const char *text;

    memset (rq, 0, sizeof (*rq));
    errno = EPROTO;
    if (flux_msg_get_string (msg, &text) < 0 || !text)
        return -1;
    if (strlen (text) < LARGE_MIN) {
        if (flux_msg_unpack (msg, "{s:o s:s s:i}", "ops", &rq->ops, "namespace", &rq->ns, "flags",
                             &rq->flags) == 0)
            return 0;
    } else if ((rq->parsed = large_parse (text, strlen (text), &rq->large)) &&
               json_unpack (rq->parsed, "{s:o s:s s:i}", "ops", &rq->ops, "namespace", &rq->ns,
                            "flags", &rq->flags) == 0)
        return 0;
    errno = errno == ENOMEM ? ENOMEM : EPROTO;
    return -1;
}

static void request_clear (struct request *rq)
{
    json_decref (rq->parsed);
    large_clear (&rq->large);
}

static int commit_here (struct kvs *kvs, const flux_msg_t *msg, const struct request *rq,
                        flux_error_t *errp)
{
    struct ns *ns = ns_find (kvs, rq->ns);
    if (!ns || ns_authorize (ns, msg) < 0 || commit_check_flags (ns, rq->flags) < 0)
        return -1;
    if ((rq->flags & KVS_NO_MERGE) && ns->changed)
        ns_commit (ns);
    if (commit_apply (ns, rq->ops, &rq->large, msg, errp) < 0 ||
        add_waiter (ns, msg, rq->flags) < 0)
        return -1;
    if (rq->flags & KVS_NO_MERGE)
        ns_commit (ns);
    return 0;
}

/* Ranks above 0: what a guest may do is checked where its credentials are. */
static int commit_there (struct kvs *kvs, const flux_msg_t *msg, const struct request *rq,
                         flux_error_t *errp)
{
    struct txn_op *v;
    size_t count;
    struct ns *ns;
    int rc;

    if (flux_msg_authorize (msg, FLUX_USERID_UNKNOWN) == 0)
        return relay_to_root (kvs, msg, "kvs.commit", rq->ns);
    if (!(ns = follow_get (kvs, rq->ns)))
        return errno == EAGAIN ? follow_retry (kvs, rq->ns, msg, commit_cb) : -1;
    if (ns_authorize (ns, msg) < 0 ||
        txn_decode (&kvs->forest, rq->ops, &rq->large, &v, &count) < 0)
        return -1;
    rc = authorize_guest (msg, v, count, errp);
    txn_destroy (&kvs->forest, v, count);
    return rc < 0 ? -1 : relay_to_root (kvs, msg, "kvs.commit", rq->ns);
}

void commit_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    struct request rq;
    int rc;
    flux_error_t error = {""};

    if ((rc = request_decode (msg, &rq)) == 0)
        rc = kvs->rank == 0 ? commit_here (kvs, msg, &rq, &error)
                            : commit_there (kvs, msg, &rq, &error);
    request_clear (&rq);
    if (rc < 0)
        router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
}

void commit_clear (struct kvs *kvs)
{
    struct relay *r, *rtmp;
    DL_FOREACH_SAFE (kvs->relays, r, rtmp)
    {
        router_rpc_forget (kvs->rt, r->rpc);
        router_respond_error (kvs->rt, r->msg, ENOSYS, NULL);
        relay_finish (r);
    }
    fence_clear (kvs);
}
