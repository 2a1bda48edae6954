/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A fence: the operations of nprocs requests with one name become one commit. */

#include "config.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include "shell/service/kvs/kvs_private.h"
#include "shell/service/kvs/limits.h"

struct fence {
    char *name; // namespace and name
    int nprocs, flags;
    json_t *ops;
    struct waiter *waiters;
    size_t count;
    UT_hash_handle hh;
};

static void fence_destroy (struct kvs *kvs, struct fence *fe)
{
    struct waiter *w, *tmp;
    DL_FOREACH_SAFE (fe->waiters, w, tmp)
    {
        flux_msg_decref (w->msg);
        free (w);
    }
    HASH_DEL (kvs->fences, fe);
    json_decref (fe->ops);
    free (fe->name);
    free (fe);
}

static struct fence *fence_get (struct kvs *kvs, const char *ns, const char *name, int nprocs,
                                int flags)
{
    char id[KVS_NS_MAX + 1024];
    struct fence *fe;
    if (snprintf (id, sizeof (id), "%s %s", ns, name) >= (int)sizeof (id)) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    HASH_FIND_STR (kvs->fences, id, fe);
    if (fe) {
        if (fe->nprocs == nprocs && fe->flags == flags)
            return fe;
        errno = EINVAL;
        return NULL;
    }
    if (!(fe = calloc (1, sizeof (*fe))) || !(fe->name = strdup (id)) ||
        !(fe->ops = json_array ())) {
        if (fe)
            free (fe->name);
        free (fe);
        errno = ENOMEM;
        return NULL;
    }
    fe->nprocs = nprocs;
    fe->flags = flags;
    HASH_ADD_KEYPTR (hh, kvs->fences, fe->name, strlen (fe->name), fe);
    return fe;
}

static void fence_finish (struct ns *ns, struct fence *fe, const flux_msg_t *msg)
{
    struct waiter *w, *tmp;
    flux_error_t error = {""};
    if (commit_apply (ns, fe->ops, NULL, msg, &error) < 0) {
        int errnum = errno;
        DL_FOREACH (fe->waiters, w)
        router_respond_error (ns->kvs->rt, w->msg, errnum, *error.text ? error.text : NULL);
    } else {
        DL_FOREACH_SAFE (fe->waiters, w, tmp)
        {
            DL_DELETE (fe->waiters, w);
            DL_APPEND (ns->commits, w);
        }
    }
    fence_destroy (ns->kvs, fe);
}

static int fence_here (struct kvs *kvs, const flux_msg_t *msg, const char *name, const char *fence,
                       int nprocs, int flags, json_t *ops)
{
    struct ns *ns = ns_find (kvs, name);
    struct fence *fe;
    struct waiter *w;

    if (!ns || ns_authorize (ns, msg) < 0 || commit_check_flags (ns, flags) < 0)
        return -1;
    if (nprocs <= 0 || !json_is_array (ops)) {
        errno = EPROTO;
        return -1;
    }
    if (!(fe = fence_get (kvs, name, fence, nprocs, flags)) || !(w = calloc (1, sizeof (*w))))
        return -1;
    w->msg = flux_msg_incref (msg);
    w->sync = (flags & KVS_SYNC) || (kvs->sync_commits && ns == kvs->primary);
    DL_APPEND (fe->waiters, w);
    json_array_extend (fe->ops, ops);
    if (++fe->count == (size_t)nprocs)
        fence_finish (ns, fe, msg);
    return 0;
}

void fence_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct kvs *kvs = arg;
    const char *ns, *name;
    int flags, nprocs, rc;
    json_t *ops;

    if (flux_msg_unpack (msg, "{s:o s:s s:s s:i s:i}", "ops", &ops, "name", &name, "namespace", &ns,
                         "flags", &flags, "nprocs", &nprocs) < 0) {
        errno = EPROTO;
        rc = -1;
    } else if (kvs->rank == 0)
        rc = fence_here (kvs, msg, ns, name, nprocs, flags, ops);
    else
        rc = relay_to_root (kvs, msg, "kvs.fence", ns);
    if (rc < 0)
        router_respond_error (rt, msg, errno, NULL);
}

void fence_clear (struct kvs *kvs)
{
    struct fence *fe, *tmp;
    HASH_ITER (hh, kvs->fences, fe, tmp)
    {
        fence_destroy (kvs, fe);
    }
}
