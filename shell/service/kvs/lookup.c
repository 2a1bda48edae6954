/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Reading. On rank 0 a lookup ends at once; elsewhere it may have to wait for a root or for blobs,
 * and then begins again from the start: what it walked over is in memory by then. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

struct lookup *lookup_create (struct kvs *kvs, const char *ns, const uint8_t *rootdigest,
                              const char *key, int flags, struct flux_msg_cred cred)
{
    struct lookup *lu = calloc (1, sizeof (*lu));
    if (!lu)
        return NULL;
    lu->kvs = kvs;
    lu->flags = flags;
    lu->cred = cred;
    if (!(lu->key = key_normalize (key)) || (ns && !(lu->ns = strdup (ns))) ||
        (rootdigest && tree_init (&lu->at, &kvs->forest, rootdigest) < 0)) {
        free (lu->key);
        free (lu->ns);
        free (lu);
        return NULL;
    }
    DL_APPEND (kvs->lookups, lu);
    return lu;
}

static void unhold_all (struct lookup *lu)
{
    unsigned size = lu->kvs->forest.alg->size;
    for (size_t i = 0; i + size <= lu->held.len; i += size)
        content_unhold (lu->kvs->content, (uint8_t *)lu->held.data + i);
    buf_clear (&lu->held);
}

static void loaded (struct content *c, const uint8_t *digest, int errnum, void *arg);

void lookup_destroy (struct lookup *lu)
{
    if (!lu)
        return;
    if (lu->waiting)
        content_load_cancel (lu->kvs->content, loaded, lu);
    if (lu->follow_wait)
        follow_retry_cancel (lu->kvs, lu);
    DL_DELETE (lu->kvs->lookups, lu);
    unhold_all (lu);
    tree_clear (&lu->at);
    buf_clear (&lu->walk.missing);
    free (lu->key);
    free (lu->ns);
    free (lu);
}

static void finish (struct lookup *lu, int errnum)
{
    lu->done (lu, &lu->walk, NULL, errnum);
    lookup_destroy (lu);
}

/* ---- waiting */

static void loaded (struct content *c, const uint8_t *digest, int errnum, void *arg)
{
    struct lookup *lu = arg;
    if (errnum)
        lu->load_errnum = errnum;
    else
        buf_append (&lu->held, digest, lu->kvs->forest.alg->size);
    if (--lu->waiting == 0) {
        if (lu->load_errnum)
            finish (lu, lu->load_errnum);
        else
            lookup_run (lu);
    }
}

static void wait_blobs (struct lookup *lu)
{
    struct buf missing = lu->walk.missing;
    unsigned size = lu->kvs->forest.alg->size;

    memset (&lu->walk.missing, 0, sizeof (lu->walk.missing));
    lu->kvs->stats.faults++;
    lu->load_errnum = 0;
    lu->waiting = 1; // so that it does not end in this loop
    for (size_t i = 0; i + size <= missing.len; i += size) {
        lu->waiting++;
        if (content_load (lu->kvs->content, (uint8_t *)missing.data + i, loaded, lu) < 0) {
            lu->waiting--;
            lu->load_errnum = errno;
        }
    }
    buf_clear (&missing);
    if (--lu->waiting > 0)
        return;
    if (lu->load_errnum)
        finish (lu, lu->load_errnum);
    else
        lookup_run (lu);
}

static void followed (void *arg, int errnum)
{
    struct lookup *lu = arg;
    lu->follow_wait = false;
    if (errnum)
        finish (lu, errnum);
    else
        lookup_run (lu);
}

static void wait_ns (struct lookup *lu, const char *name)
{
    if (follow_retry_cb (lu->kvs, name, followed, lu) < 0)
        finish (lu, errno);
    else
        lu->follow_wait = true;
}

/* ---- the walk */

struct find_arg {
    struct lookup *lu;
    char *wanted; // a namespace that must be asked for
};

static struct ns *authorized_ns (struct lookup *lu, const char *name)
{
    struct ns *ns = follow_get (lu->kvs, name);
    if (ns && flux_msg_cred_authorize (lu->cred, ns->owner) < 0)
        return NULL;
    return ns;
}

static struct tree *find_ns (void *arg, const char *name)
{
    struct find_arg *fa = arg;
    struct ns *ns = authorized_ns (fa->lu, name);
    if (!ns && errno == EAGAIN) {
        free (fa->wanted);
        if (!(fa->wanted = strdup (name)))
            errno = ENOMEM;
    }
    return ns ? &ns->tree : NULL;
}

void lookup_run (struct lookup *lu)
{
    struct find_arg fa = {.lu = lu};
    struct node *n = NULL;
    struct ns *ns;
    bool done = false;

    forest_evict (&lu->kvs->forest, KVS_TREE_BYTES, 64);
    buf_clear (&lu->walk.missing);
    lu->walk = (struct walk){.tree = &lu->at,
                             .nofollow = lu->flags & (KVS_READLINK | KVS_TREEOBJ),
                             .find_ns = find_ns,
                             .arg = &fa};
    if (!lu->at.root) {
        if (!(ns = authorized_ns (lu, lu->ns))) {
            if (errno == EAGAIN)
                wait_ns (lu, lu->ns);
            else
                finish (lu, errno);
            return;
        }
        lu->walk.tree = &ns->tree;
        lu->seq = ns->seq;
    }
    if ((n = tree_walk (&lu->walk, lu->key)))
        done = lu->done (lu, &lu->walk, n, 0);
    if (done) {
        lookup_destroy (lu);
        return;
    }
    if (errno != EAGAIN)
        finish (lu, errno);
    else if (fa.wanted)
        wait_ns (lu, fa.wanted);
    else if (lu->walk.missing.len > 0)
        wait_blobs (lu);
    else
        finish (lu, EIO);
    free (fa.wanted);
}
