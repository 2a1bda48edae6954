/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The name space of a job (RFC 16), "job-ID", which is FLUX_KVS_NAMESPACE of its tasks. What is in
 * it are the keys below job.<id>.guest in the primary one, where they remain when the job is over:
 * a request to it is made one to that directory, so that a job which never asks costs nothing. It
 * is written to as long as the job runs. */

#include "config.h"
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "shell/service/kvs/kvs_private.h"

#define GUEST_PREFIX "job-"

struct guest {
    uint64_t id;
    char dir[64]; // job.0000.0000.0000.0000.guest
};

static bool guest_parse (const char *ns, struct guest *g)
{
    char *end;

    if (strncmp (ns, GUEST_PREFIX, strlen (GUEST_PREFIX)) != 0)
        return false;
    ns += strlen (GUEST_PREFIX);
    errno = 0;
    g->id = strtoull (ns, &end, 10);
    if (*ns < '0' || *ns > '9' || *end || errno != 0)
        return false;
    snprintf (g->dir, sizeof (g->dir), "job.%04x.%04x.%04x.%04x.guest", (unsigned)(g->id >> 48),
              (unsigned)(g->id >> 32) & 0xffff, (unsigned)(g->id >> 16) & 0xffff,
              (unsigned)g->id & 0xffff);
    return true;
}

bool guest_ns (const char *ns)
{
    struct guest g;

    return guest_parse (ns, &g);
}

void kvs_on_guest (struct kvs *kvs, bool (*runs) (uint64_t id, void *arg), void *arg)
{
    kvs->guest_runs = runs;
    kvs->guest_arg = arg;
}

/* Where a client counts from the root of its name space. */
static int move (json_t *o, const char *name, const struct guest *g)
{
    const char *key = json_string_value (json_object_get (o, name));
    json_t *moved;

    if (!key || !*key)
        return 0; // the request is refused for it
    while (*key == '.')
        key++;
    moved = *key ? json_sprintf ("%s.%s", g->dir, key) : json_string (g->dir);
    return json_object_set_new (o, name, moved);
}

static int move_ops (json_t *ops, const struct guest *g)
{
    size_t i;
    json_t *op;

    json_array_foreach (ops, i, op)
    {
        json_t *dirent = json_object_get (op, "dirent"), *data = json_object_get (dirent, "data");
        const char *type = json_string_value (json_object_get (dirent, "type"));
        if (move (op, "key", g) < 0)
            return -1;
        if (type && strcmp (type, "symlink") == 0 && !json_object_get (data, "namespace") &&
            move (data, "target", g) < 0)
            return -1;
    }
    return 0;
}

static int move_request (json_t *o, const struct guest *g, const char *ns)
{
    if (json_object_set_new (o, "guest", json_string (ns)) < 0 ||
        json_object_set_new (o, "namespace", json_string (KVS_PRIMARY)) < 0)
        return -1;
    if (json_object_get (o, "ops"))
        return move_ops (json_object_get (o, "ops"), g);
    return json_object_get (o, "rootdir") ? 0 : move (o, "key", g);
}

/* Whether the request is about the name space of a job: its payload then. On its way to rank 0 it
 * may have been made one to the primary one already, and says so. */
static json_t *about_guest (const flux_msg_t *msg, struct guest *g, bool *moved)
{
    const char *text, *ns = NULL, *was = NULL;
    json_t *o;

    if (flux_msg_get_string (msg, &text) < 0 || !text || !strstr (text, "\"" GUEST_PREFIX) ||
        flux_msg_unpack (msg, "o", &o) < 0 ||
        json_unpack (o, "{s?s s?s}", "namespace", &ns, "guest", &was) < 0)
        return NULL;
    *moved = was != NULL;
    return (was ? guest_parse (was, g) : ns && guest_parse (ns, g)) ? o : NULL;
}

static flux_msg_t *translate (const flux_msg_t *msg, json_t *o, const struct guest *g)
{
    json_t *copy = json_deep_copy (o);
    const char *ns = json_string_value (json_object_get (o, "namespace"));
    flux_msg_t *own = copy && move_request (copy, g, ns) == 0 ? flux_msg_copy (msg, false) : NULL;

    if (own && flux_msg_pack (own, "O", copy) < 0) {
        flux_msg_destroy (own);
        own = NULL;
    }
    json_decref (copy);
    if (!own)
        errno = ENOMEM;
    return own;
}

static void pass_on (struct router *rt, const flux_msg_t *msg, struct kvs *kvs, handler_f handler,
                     bool writes)
{
    struct guest g;
    bool moved;
    json_t *o = about_guest (msg, &g, &moved);
    flux_msg_t *own = NULL;

    if (o && writes && kvs->rank == 0 &&
        !(kvs->guest_runs && kvs->guest_runs (g.id, kvs->guest_arg)))
        router_respond_error (rt, msg, ENOTSUP, "the job does not run");
    else if (o && !moved && !(own = translate (msg, o, &g)))
        router_respond_error (rt, msg, errno, NULL);
    else
        handler (rt, own ? own : msg, kvs);
    flux_msg_decref (own);
}

void guest_lookup_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    pass_on (rt, msg, arg, lookup_cb, false);
}

void guest_lookup_plus_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    pass_on (rt, msg, arg, lookup_plus_cb, false);
}

void guest_watch_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    pass_on (rt, msg, arg, watch_cb, false);
}

void guest_wait_version_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    pass_on (rt, msg, arg, wait_version_cb, false);
}

void guest_commit_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    pass_on (rt, msg, arg, commit_cb, true);
}

void guest_fence_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    pass_on (rt, msg, arg, fence_cb, true);
}

/* ---- kvs.getroot: the directory's blobref, with the version of the primary name space */

static void respond_root (struct lookup *lu, const flux_msg_t *msg, const struct buf *b)
{
    struct kvs *kvs = lu->kvs;
    struct ns *ns = ns_find (kvs, KVS_PRIMARY);
    json_t *o = json_loadb (b->data, b->len, 0, NULL), *request;
    const char *ref = json_string_value (json_array_get (json_object_get (o, "data"), 0));

    if (ref && ns && flux_msg_unpack (msg, "o", &request) == 0)
        router_respond_pack (kvs->rt, msg, "{s:i s:i s:s s:i s:O}", "owner", (int)ns->owner,
                             "rootseq", ns->seq, "rootref", ref, "flags", 0, "namespace",
                             json_object_get (request, "namespace"));
    else
        router_respond_error (kvs->rt, msg, EPROTO, NULL);
    json_decref (o);
}

static bool root_done (struct lookup *lu, struct walk *w, struct node *n, int errnum)
{
    const flux_msg_t *msg = lu->arg;
    struct buf b = {0};

    if (n && lookup_append (w, n, lu->flags, &b) < 0) {
        errnum = errno;
        buf_clear (&b);
        if (errnum == EAGAIN) {
            errno = EAGAIN;
            return false;
        }
    }
    if (errnum)
        router_respond_error (lu->kvs->rt, msg, errnum, NULL);
    else
        respond_root (lu, msg, &b);
    buf_clear (&b);
    flux_msg_decref (msg);
    return true;
}

void guest_getroot_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct guest g;
    bool moved;
    struct flux_msg_cred cred;
    struct lookup *lu;

    if (!about_guest (msg, &g, &moved)) {
        getroot_cb (rt, msg, arg);
    } else if (flux_msg_get_cred (msg, &cred) < 0 ||
               !(lu = lookup_create (arg, KVS_PRIMARY, NULL, g.dir, KVS_TREEOBJ, cred))) {
        router_respond_error (rt, msg, errno, NULL);
    } else {
        lu->done = root_done;
        lu->arg = (void *)flux_msg_incref (msg);
        lookup_run (lu);
    }
}
