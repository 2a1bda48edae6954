/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The request kvs.gc: throw away blobs that no namespace has any more (content_collect ()). And the
 * same from time to time, where that is configured (kvs.gc-interval). */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include "shell/service/kvs/kvs_private.h"

struct gc {
    struct router *rt;
    struct kvs *kvs;
    const flux_msg_t *msg; // NULL: nobody asked
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

static void tell_log (struct gc *gc, const struct content_collected *res)
{
    if (res->errnum)
        router_log (gc->rt, LOG_WARNING, "kvs", "kvs.gc-interval: %s",
                    res->text ? res->text : strerror (res->errnum));
    else
        router_log (gc->rt, LOG_DEBUG, "kvs", "kvs.gc-interval: %zu of %zu blobs are kept",
                    res->kept, res->before);
}

static void collected (const struct content_collected *res, void *arg)
{
    struct gc *gc = arg;
    if (!gc->msg)
        tell_log (gc, res);
    else if (res->errnum)
        router_respond_error (gc->rt, gc->msg, res->errnum, res->text);
    else
        router_respond_pack (gc->rt, gc->msg, "{s:I s:I s:I}", "before", (json_int_t)res->before,
                             "kept", (json_int_t)res->kept, "missing", (json_int_t)res->missing);
    flux_msg_decref (gc->msg);
    free (gc);
}

static int start (struct kvs *kvs, const flux_msg_t *msg)
{
    char ref[BLOBREF_MAX];
    struct gc *gc;

    if (ns_root (kvs->primary, ref) < 0 || !(gc = calloc (1, sizeof (*gc))))
        return -1;
    gc->rt = kvs->rt;
    gc->kvs = kvs;
    gc->msg = flux_msg_incref (msg);
    if (content_collect (kvs->content, ref, kvs->primary->seq, add_roots, collected, gc) == 0)
        return 0;
    flux_msg_decref (msg);
    free (gc);
    return -1;
}

void gc_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;

    if (kvs->rank > 0)
        router_respond_error (rt, msg, EINVAL, "the store is that of rank 0");
    else if (start (kvs, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

/* One that was asked for may be under way: the next time, then. */
static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct kvs *kvs = w->data;
    int seq = kvs->primary->seq;

    if (seq != kvs->last_gc_seq && start (kvs, NULL) == 0)
        kvs->last_gc_seq = seq;
}

void kvs_set_gc_interval (struct kvs *kvs, double seconds)
{
    struct ev_loop *loop = router_loop (kvs->rt);

    if (ev_is_active (&kvs->gc_timer)) {
        ev_ref (loop);
        ev_timer_stop (loop, &kvs->gc_timer);
    }
    if (kvs->rank > 0 || seconds <= 0)
        return;
    ev_timer_init (&kvs->gc_timer, timer_cb, seconds, seconds);
    kvs->gc_timer.data = kvs;
    ev_timer_start (loop, &kvs->gc_timer);
    ev_unref (loop);
}
