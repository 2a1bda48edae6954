/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The requests kvs.* that are short: roots, versions, namespaces, counters. */

#include "config.h"
#include "shell/service/kvs/kvs.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>
#include "shell/service/kvs/key.h"
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

enum { ANYONE = FLUX_ROLE_OWNER | FLUX_ROLE_USER };

/* ---- getroot, wait-version */

static struct ns *request_ns (struct kvs *kvs, const flux_msg_t *msg, const char *name,
                              handler_f handler, bool *later)
{
    struct ns *ns = follow_get (kvs, name);
    *later = false;
    if (!ns && errno == EAGAIN && follow_retry (kvs, name, msg, handler) == 0)
        *later = true;
    if (ns && ns_authorize (ns, msg) < 0)
        return NULL;
    return ns;
}

void getroot_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *name;
    char ref[BLOBREF_MAX];
    struct ns *ns;
    bool later;

    if (flux_msg_unpack (msg, "{s:s}", "namespace", &name) < 0)
        errno = EPROTO;
    else if ((ns = request_ns (kvs, msg, name, getroot_cb, &later)) && ns_root (ns, ref) == 0) {
        router_respond_pack (rt, msg, "{s:i s:i s:s s:i s:s}", "owner", (int)ns->owner, "rootseq",
                             ns->seq, "rootref", ref, "flags", ns->flags, "namespace", ns->name);
        return;
    } else if (later)
        return;
    router_respond_error (rt, msg, errno, NULL);
}

void wait_version_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *name;
    char ref[BLOBREF_MAX];
    struct ns *ns;
    int seq;
    bool later;

    if (flux_msg_unpack (msg, "{s:i s:s}", "rootseq", &seq, "namespace", &name) < 0) {
        errno = EPROTO;
        goto error;
    }
    if (!(ns = request_ns (kvs, msg, name, wait_version_cb, &later))) {
        if (later)
            return;
        goto error;
    }
    if (ns->seq < seq) {
        if (ns_wait_version (ns, msg, seq) < 0)
            goto error;
        return;
    }
    if (ns_root (ns, ref) < 0)
        goto error;
    router_respond_pack (rt, msg, "{s:i s:s}", "rootseq", ns->seq, "rootref", ref);
    return;
error:
    router_respond_error (rt, msg, errno, NULL);
}

/* ---- namespaces */

int kvs_ns_create (struct kvs *kvs, const char *name, uint32_t owner, int flags,
                   const uint8_t *digest)
{
    char ref[BLOBREF_MAX];
    struct ns *ns;

    if (!key_ns_ok (name)) {
        errno = EINVAL;
        return -1;
    }
    if (ns_find (kvs, name) || guest_ns (name)) {
        errno = EEXIST;
        return -1;
    }
    if (!(ns = ns_create (kvs, name, owner, flags, digest, 0)) || ns_root (ns, ref) < 0)
        return -1;
    ns_publish (kvs, name, "created",
                json_pack ("{s:s s:i s:s s:i}", "namespace", name, "rootseq", ns->seq, "rootref",
                           ref, "owner", (int)owner));
    watch_ns_created (kvs);
    return 0;
}

int kvs_ns_remove (struct kvs *kvs, const char *name)
{
    struct ns *ns;

    if (!strcmp (name, KVS_PRIMARY)) {
        errno = ENOTSUP;
        return -1;
    }
    if (!(ns = ns_find (kvs, name)))
        return 0;
    ns_publish (kvs, name, "removed", json_pack ("{s:s}", "namespace", name));
    ns_destroy (ns, ENOTSUP);
    return 0;
}

/* A root that a client names must exist. The empty directory does without being stored: then the
 * answer is false, as for no root at all. */
static int check_root (struct kvs *kvs, const uint8_t *digest, bool *given)
{
    static const char empty[] = "{\"data\":{},\"type\":\"dir\",\"ver\":1}";
    uint8_t none[DIGEST_MAX];
    const void *data;
    size_t len;

    kvs->forest.alg->hash (empty, sizeof (empty) - 1, none);
    *given = memcmp (digest, none, kvs->forest.alg->size) != 0;
    return *given ? content_get (kvs->content, digest, &data, &len) : 0;
}

static int ns_create_here (struct kvs *kvs, const flux_msg_t *msg)
{
    const char *name, *ref = NULL;
    json_int_t owner;
    int flags;
    uint8_t digest[DIGEST_MAX];
    bool given = false;

    if (flux_msg_unpack (msg, "{s:s s?s s:I s:i}", "namespace", &name, "rootref", &ref, "owner",
                         &owner, "flags", &flags) < 0) {
        errno = EPROTO;
        return -1;
    }
    if (ref && (digest_from_blobref (kvs->forest.alg, ref, digest) < 0 ||
                check_root (kvs, digest, &given) < 0))
        return -1;
    if ((uint32_t)owner == FLUX_USERID_UNKNOWN)
        owner = getuid ();
    return kvs_ns_create (kvs, name, owner, flags, given ? digest : NULL);
}

static void ns_create_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    if (kvs->rank > 0) {
        if (relay_to_root (kvs, msg, "kvs.namespace-create", NULL) < 0)
            router_respond_error (rt, msg, errno, NULL);
    } else if (ns_create_here (kvs, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

static void ns_remove_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *name;
    if (kvs->rank > 0) {
        if (relay_to_root (kvs, msg, "kvs.namespace-remove", NULL) < 0)
            router_respond_error (rt, msg, errno, NULL);
    } else if (flux_msg_unpack (msg, "{s:s}", "namespace", &name) < 0)
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (kvs_ns_remove (kvs, name) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond (rt, msg, NULL);
}

static void ns_list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    struct ns *ns, *tmp;
    json_t *a;

    if (kvs->rank > 0) {
        if (relay_to_root (kvs, msg, "kvs.namespace-list", NULL) < 0)
            router_respond_error (rt, msg, errno, NULL);
        return;
    }
    a = json_array ();
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    {
        json_array_append_new (a, json_pack ("{s:s s:i s:i}", "namespace", ns->name, "owner",
                                             (int)ns->owner, "flags", ns->flags));
    }
    router_respond_pack (rt, msg, "{s:o}", "namespaces", a);
}

/* ---- the rest */

static void dropcache_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    struct ns *ns, *tmp;
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    {
        if (ns->changed)
            ns_commit (ns);
    }
    forest_evict (&kvs->forest, 0, 1 << 30);
    router_respond (rt, msg, NULL);
}

static json_t *ns_stats (struct ns *ns)
{
    struct waiter *w;
    size_t versions, commits;
    DL_COUNT (ns->versions, w, versions);
    DL_COUNT (ns->commits, w, commits);
    return json_pack ("{s:I s:I s:I s:I s:i}", "#versionwaiters", (json_int_t)versions,
                      "#no-op stores", (json_int_t)ns->kvs->stats.noops, "#transactions",
                      (json_int_t)commits, "#readytransactions", (json_int_t)commits,
                      "store revision", ns->seq);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    struct ns *ns, *tmp;
    json_t *o = json_object ();
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    json_object_set_new (o, ns->name, ns_stats (ns));
    router_respond_pack (rt, msg, "{s:{s:f s:I s:i s:i s:I} s:o s:{s:I s:I} s:I s:I}", "cache",
                         "obj size total (MiB)", kvs->forest.bytes / 1048576., "#nodes",
                         (json_int_t)kvs->forest.nodes, "#obj dirty", 0, "#obj incomplete", 0,
                         "#faults", (json_int_t)kvs->stats.faults, "namespace", o, "transactions",
                         "commits", (json_int_t)kvs->stats.commits, "ops",
                         (json_int_t)kvs->stats.ops, "setroot-events",
                         (json_int_t)kvs->stats.events, "pending_requests", (json_int_t)0);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    struct ns *ns, *tmp;
    HASH_ITER (hh, kvs->namespaces, ns, tmp)
    ns_disconnect (ns, msg);
}

const struct handler_row kvs_rows[] = {
    {"lookup", guest_lookup_cb, ANYONE},
    {"lookup-plus", guest_lookup_plus_cb, ANYONE},
    {"commit", guest_commit_cb, ANYONE},
    {"fence", guest_fence_cb, FLUX_ROLE_OWNER},
    {"getroot", guest_getroot_cb, ANYONE},
    {"wait-version", guest_wait_version_cb, ANYONE},
    {"namespace-create", ns_create_cb, FLUX_ROLE_OWNER},
    {"namespace-remove", ns_remove_cb, FLUX_ROLE_OWNER},
    {"namespace-list", ns_list_cb, FLUX_ROLE_OWNER},
    {"dropcache", dropcache_cb, FLUX_ROLE_OWNER},
    {"gc", gc_cb, FLUX_ROLE_OWNER},
    {"follow", follow_request, FLUX_ROLE_OWNER},
    {"stats-get", stats_cb, ANYONE},
    {"disconnect", disconnect_cb, ANYONE},
    {NULL, NULL, 0},
};
