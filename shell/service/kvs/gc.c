/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The request kvs.gc: throw away blobs that no namespace has any more (content_collect ()). */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include "shell/service/kvs/kvs_private.h"

struct gc {
    struct router *rt;
    struct kvs *kvs;
    const flux_msg_t *msg;
};

static int add_roots (struct collect *g, void *arg)
{
    struct gc *gc = arg;
    char ref[BLOBREF_MAX];
    struct ns *ns, *tmp;

    HASH_ITER (hh, gc->kvs->namespaces, ns, tmp)
    {
        if (ns_root (ns, ref) < 0 || content_collect_root (g, ref) < 0)
            return -1;
    }
    return 0;
}

static void collected (const struct content_collected *res, void *arg)
{
    struct gc *gc = arg;
    if (res->errnum)
        router_respond_error (gc->rt, gc->msg, res->errnum, res->text);
    else
        router_respond_pack (gc->rt, gc->msg, "{s:I s:I s:I}", "before", (json_int_t)res->before,
                             "kept", (json_int_t)res->kept, "missing", (json_int_t)res->missing);
    flux_msg_decref (gc->msg);
    free (gc);
}

void gc_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    char ref[BLOBREF_MAX];
    struct gc *gc;

    if (kvs->rank > 0) {
        router_respond_error (rt, msg, EINVAL, "the store is that of rank 0");
        return;
    }
    if (ns_root (kvs->primary, ref) < 0 || !(gc = calloc (1, sizeof (*gc)))) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    gc->rt = rt;
    gc->kvs = kvs;
    gc->msg = flux_msg_incref (msg);
    if (content_collect (kvs->content, ref, kvs->primary->seq, add_roots, collected, gc) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        flux_msg_decref (gc->msg);
        free (gc);
    }
}
