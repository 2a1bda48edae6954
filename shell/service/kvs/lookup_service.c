/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What is answered to a lookup. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/hdir.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"
#include "shell/service/kvs/treeobj.h"

static int append_dir (struct walk *w, struct dir *d, struct buf *b)
{
    struct forest *f = w->tree->forest;
    struct node **kids;
    uint32_t count;
    int rc = 0;

    if (tree_load (w, d) < 0 || hdir_list (w, d, &kids, &count) < 0)
        return -1;
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        struct node *n = kids[i];
        if ((n->type == NODE_DIR && tree_store (f, node_dir (n)) < 0) ||
            (n->type == NODE_VAL && tree_store_val (f, node_val (n)) < 0))
            rc = -1;
    }
    if (rc == 0)
        rc = treeobj_append_entries (f, b, kids, count);
    int saved_errno = errno;
    free (kids);
    errno = saved_errno;
    return rc;
}

static int append_val (struct walk *w, struct val *v, struct buf *b)
{
    struct base64_slice s;
    const char *data;
    char *copy;
    int rc;
    if (tree_read (w, v, &data, &s.len, &copy) < 0)
        return -1;
    s.data = data;
    rc = treeobj_append_val (b, &s, 1);
    free (copy);
    return rc;
}

int lookup_append (struct walk *w, struct node *n, int flags, struct buf *b)
{
    struct forest *f = w->tree->forest;
    errno = EINVAL;
    if (flags & KVS_TREEOBJ) {
        if ((n->type == NODE_DIR && tree_store (f, node_dir (n)) < 0) ||
            (n->type == NODE_VAL && tree_store_val (f, node_val (n)) < 0))
            return -1;
        return treeobj_append (f, b, n);
    }
    if (flags & KVS_READLINK)
        return n->type == NODE_LINK ? treeobj_append (f, b, n) : -1;
    if (n->type == NODE_DIR) {
        errno = EISDIR;
        return flags & KVS_READDIR ? append_dir (w, node_dir (n), b) : -1;
    }
    errno = ENOTDIR;
    return flags & KVS_READDIR ? -1 : append_val (w, node_val (n), b);
}

struct request {
    const flux_msg_t *msg;
    bool plus; // kvs.lookup-plus
};

static void plus_root (struct lookup *lu, struct walk *w, struct buf *b)
{
    char ref[BLOBREF_MAX] = "";
    struct ns *ns = lu->ns ? ns_find (lu->kvs, lu->ns) : NULL;
    if (ns)
        ns_root (ns, ref);
    else if (lu->at.root)
        digest_to_blobref (lu->kvs->forest.alg, node_dir (lu->at.root)->digest, ref);
    buf_printf (b, "\"rootseq\":%d,\"rootref\":\"%s\"}", ns ? ns->seq : lu->seq, ref);
}

static void respond (struct lookup *lu, struct walk *w, struct request *rq, struct buf *b, int err)
{
    struct router *rt = lu->kvs->rt;
    if (err == ENOENT && rq->plus) {
        buf_reset (b);
        buf_printf (b, "{\"errno\":%d,", ENOENT);
        plus_root (lu, w, b);
        err = 0;
    }
    if (!err && b->err)
        err = b->err;
    if (err)
        router_respond_error (rt, rq->msg, err, NULL);
    else
        router_respond_take (rt, rq->msg, buf_steal (b, NULL));
    flux_msg_decref (rq->msg);
    free (rq);
}

static bool request_done (struct lookup *lu, struct walk *w, struct node *n, int errnum)
{
    struct request *rq = lu->arg;
    struct buf b = {0};
    if (n) {
        buf_puts (&b, "{\"val\":");
        if (lookup_append (w, n, lu->flags, &b) < 0) {
            int saved_errno = errno;
            buf_clear (&b);
            if (saved_errno == EAGAIN) {
                errno = EAGAIN;
                return false;
            }
            errnum = saved_errno;
        } else if (rq->plus) {
            buf_putc (&b, ',');
            plus_root (lu, w, &b);
        } else
            buf_putc (&b, '}');
    }
    respond (lu, w, rq, &b, errnum);
    buf_clear (&b);
    return true;
}

static int root_digest (struct kvs *kvs, json_t *o, uint8_t *digest)
{
    struct node *n = treeobj_to_node (&kvs->forest, o, "", 0);
    int rc = -1;
    if (n && n->type == NODE_DIR && node_has_digest (n)) {
        memcpy (digest, node_dir (n)->digest, kvs->forest.alg->size);
        rc = 0;
    }
    node_destroy (&kvs->forest, n);
    if (rc < 0)
        errno = EINVAL;
    return rc;
}

static int lookup_request (struct kvs *kvs, const flux_msg_t *msg, bool plus)
{
    const char *key, *ns = NULL;
    int flags, seq = -1;
    json_t *rootdir = NULL;
    uint8_t digest[DIGEST_MAX];
    struct flux_msg_cred cred;
    struct request *rq;
    struct lookup *lu;

    if (flux_msg_unpack (msg, "{s:s s:i s?s s?o s?i}", "key", &key, "flags", &flags, "namespace",
                         &ns, "rootdir", &rootdir, "rootseq", &seq) < 0 ||
        flux_msg_get_cred (msg, &cred) < 0 || (!ns && !rootdir)) {
        errno = EPROTO;
        return -1;
    }
    if (rootdir && root_digest (kvs, rootdir, digest) < 0)
        return -1;
    if (!(lu = lookup_create (kvs, rootdir ? NULL : ns, rootdir ? digest : NULL, key, flags, cred)))
        return -1;
    if (!(rq = calloc (1, sizeof (*rq)))) {
        lookup_destroy (lu);
        return -1;
    }
    rq->msg = flux_msg_incref (msg);
    rq->plus = plus;
    lu->done = request_done;
    lu->arg = rq;
    lu->seq = seq;
    lookup_run (lu);
    return 0;
}

void lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    if (lookup_request (arg, msg, false) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

void lookup_plus_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    if (lookup_request (arg, msg, true) < 0)
        router_respond_error (rt, msg, errno, NULL);
}
