/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The requests kvs-watch.*: flux_kvs_lookup() with FLUX_KVS_WATCH, _WAITCREATE or _STREAM. */

#include "config.h"
#include <errno.h>
#include "lib/util/errprintf.h"
#include "shell/service/kvs/kvs_private.h"

enum {
    WATCH_FLAGS = KVS_WATCH_FULL | KVS_WATCH_UNIQ | KVS_WATCH_APPEND | KVS_SENTINEL,
    ALL_FLAGS = WATCH_FLAGS | KVS_WATCH | KVS_WAITCREATE | KVS_STREAM | KVS_READDIR | KVS_READLINK |
                KVS_TREEOBJ,
};

static int check_flags (const flux_msg_t *msg, int flags, flux_error_t *errp)
{
    if ((flags & (KVS_WATCH | KVS_STREAM)) && !flux_msg_is_streaming (msg)) {
        errno = EPROTO;
        return errprintf (errp, "a KVS watch needs a streaming RPC");
    }
    errno = EINVAL;
    if (flags & ~ALL_FLAGS)
        return errprintf (errp, "unknown KVS lookup flags");
    if ((flags & KVS_WATCH) && (flags & KVS_STREAM))
        return errprintf (errp, "a key can be watched or streamed, not both");
    if (!(flags & KVS_WATCH) && (flags & WATCH_FLAGS))
        return errprintf (errp, "this flag is for watching only");
    if (!(flags & KVS_WATCH_APPEND) && (flags & KVS_SENTINEL))
        return errprintf (errp, "the initial sentinel is for append watchers only");
    return 0;
}

void watch_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *ns, *key;
    int flags;
    struct watcher *w;
    flux_error_t error = {""};

    if (flux_msg_unpack (msg, "{s:s s:s s:i}", "namespace", &ns, "key", &key, "flags", &flags) < 0)
        errno = EPROTO;
    else if (check_flags (msg, flags, &error) == 0 && (w = watch_create (kvs, ns, key, flags))) {
        if (watch_set_request (w, msg) == 0) {
            watch_start (w);
            return;
        }
        int saved_errno = errno;
        watch_end (w);
        errno = saved_errno;
    }
    if (errno == ENOSPC)
        errprintf (&error, "too many watchers");
    router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
}

static void cancel_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    watch_cancel (arg, msg, false);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    watch_cancel (arg, msg, true);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    struct ns *ns, *tmp;
    json_t *o = json_object ();

    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    {
        json_object_set_new (o, ns->name,
                             json_pack ("{s:i s:i s:I}", "owner", (int)ns->owner, "rootseq",
                                        ns->seq, "watchers", (json_int_t)watch_count (ns)));
    }
    router_respond_pack (rt, msg, "{s:I s:I s:o}", "watchers", (json_int_t)kvs->nwatchers,
                         "namespace-count", (json_int_t)json_object_size (o), "namespaces", o);
}

const struct handler_row watch_rows[] = {
    {"lookup", guest_watch_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {"cancel", cancel_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {"disconnect", disconnect_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {NULL, NULL, 0},
};
