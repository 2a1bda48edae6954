/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The calls that this broker makes itself: matchtags, callbacks, answers. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "shell/broker/router_private.h"

struct rpc {
    uint32_t matchtag;
    bool streaming;
    response_f cb;
    void *arg;
    UT_hash_handle hh;
};

struct rpc_table {
    struct rpc *rpcs;
    uint32_t last_matchtag;
};

struct rpc_table *rpc_table_create (void)
{
    return calloc (1, sizeof (struct rpc_table));
}

void rpc_table_destroy (struct rpc_table *t)
{
    if (t) {
        struct rpc *rpc, *tmp;
        HASH_ITER (hh, t->rpcs, rpc, tmp)
        {
            HASH_DEL (t->rpcs, rpc);
            free (rpc);
        }
        free (t);
    }
}

static struct rpc *rpc_lookup (struct rpc_table *t, uint32_t matchtag)
{
    struct rpc *rpc;

    HASH_FIND (hh, t->rpcs, &matchtag, sizeof (matchtag), rpc);
    return rpc;
}

static uint32_t rpc_add (struct rpc_table *t, bool streaming, response_f cb, void *arg)
{
    struct rpc *rpc = calloc (1, sizeof (*rpc));

    if (!rpc)
        return 0;
    do {
        rpc->matchtag = ++t->last_matchtag;
    } while (rpc->matchtag == FLUX_MATCHTAG_NONE || rpc_lookup (t, rpc->matchtag));
    rpc->streaming = streaming;
    rpc->cb = cb;
    rpc->arg = arg;
    HASH_ADD (hh, t->rpcs, matchtag, sizeof (rpc->matchtag), rpc);
    return rpc->matchtag;
}

void router_rpc_forget (struct router *rt, uint32_t matchtag)
{
    struct rpc *rpc = rpc_lookup (rt->rpcs, matchtag);

    if (rpc) {
        HASH_DEL (rt->rpcs->rpcs, rpc);
        free (rpc);
    }
}

static void answer_untagged (struct router *rt, const flux_msg_t *response)
{
    const char *topic;

    if (flux_msg_get_topic (response, &topic) < 0)
        return;
    for (size_t i = 0; i < rt->untagged_count; i++)
        if (strcmp (rt->untagged[i].topic, topic) == 0)
            rt->untagged[i].cb (rt, response, rt->untagged[i].arg);
}

int router_on_untagged (struct router *rt, const char *topic, response_f cb, void *arg)
{
    if (rt->untagged_count == UNTAGGED_MAX) {
        errno = ENOSPC;
        return -1;
    }
    rt->untagged[rt->untagged_count++] = (struct untagged){topic, cb, arg};
    return 0;
}

void router_on_untagged_forget (struct router *rt, void *arg)
{
    size_t n = 0;

    for (size_t i = 0; i < rt->untagged_count; i++)
        if (rt->untagged[i].arg != arg)
            rt->untagged[n++] = rt->untagged[i];
    rt->untagged_count = n;
}

void rpc_table_answer (struct router *rt, const flux_msg_t *response)
{
    uint32_t matchtag;
    int errnum = 0;

    if (flux_msg_get_matchtag (response, &matchtag) < 0 ||
        flux_msg_get_errnum (response, &errnum) < 0)
        return;
    if (matchtag == FLUX_MATCHTAG_NONE) {
        answer_untagged (rt, response);
        return;
    }
    struct rpc *rpc = rpc_lookup (rt->rpcs, matchtag);
    if (!rpc)
        return; // forgotten
    response_f cb = rpc->cb;
    void *arg = rpc->arg;
    if (!rpc->streaming || errnum != 0)
        router_rpc_forget (rt, matchtag);
    cb (rt, response, arg);
}

static int set_nodeid (struct router *rt, flux_msg_t *msg, uint32_t nodeid)
{
    if (nodeid != FLUX_NODEID_UPSTREAM)
        return flux_msg_set_nodeid (msg, nodeid);
    if (flux_msg_set_nodeid (msg, rt->rank) < 0)
        return -1;
    return flux_msg_set_flag (msg, FLUX_MSGFLAG_UPSTREAM);
}

static flux_msg_t *make_request (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                                 const char *payload)
{
    flux_msg_t *msg = flux_request_encode (topic, payload);

    if (!msg)
        return NULL;
    flux_msg_route_enable (msg);
    if (set_nodeid (rt, msg, nodeid) < 0 ||
        flux_msg_set_cred (
            msg, (struct flux_msg_cred){rt->owner, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL}) < 0 ||
        ((flags & FLUX_RPC_STREAMING) && flux_msg_set_streaming (msg) < 0) ||
        ((flags & FLUX_RPC_NORESPONSE) && flux_msg_set_noresponse (msg) < 0)) {
        flux_msg_decref (msg);
        return NULL;
    }
    return msg;
}

static uint32_t send_request (struct router *rt, flux_msg_t *msg, int flags, response_f cb,
                              void *arg)
{
    uint32_t matchtag = FLUX_MATCHTAG_NONE;

    if (!(flags & FLUX_RPC_NORESPONSE)) {
        matchtag = rpc_add (rt->rpcs, (flags & FLUX_RPC_STREAMING), cb, arg);
        if (matchtag == FLUX_MATCHTAG_NONE || flux_msg_set_matchtag (msg, matchtag) < 0) {
            router_rpc_forget (rt, matchtag);
            flux_msg_decref (msg);
            return 0;
        }
    }
    router_send_request (rt, msg);
    return matchtag ? matchtag : 1;
}

uint32_t router_rpc (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                     const char *payload, response_f cb, void *arg)
{
    flux_msg_t *msg = make_request (rt, topic, nodeid, flags, payload);
    return msg ? send_request (rt, msg, flags, cb, arg) : 0;
}

int router_send_untagged (struct router *rt, const char *topic, const char *payload)
{
    flux_msg_t *msg = make_request (rt, topic, FLUX_NODEID_ANY, 0, payload);

    if (!msg)
        return -1;
    router_send_request (rt, msg);
    return 0;
}

uint32_t router_rpc_raw (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                         const void *data, size_t len, response_f cb, void *arg)
{
    flux_msg_t *msg = make_request (rt, topic, nodeid, flags, NULL);

    if (msg && len > 0 && flux_msg_set_payload (msg, data, len) < 0) {
        flux_msg_decref (msg);
        return 0;
    }
    return msg ? send_request (rt, msg, flags, cb, arg) : 0;
}

uint32_t router_rpc_pack (struct router *rt, const char *topic, uint32_t nodeid, int flags,
                          response_f cb, void *arg, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    char *s = router_vpack (fmt, ap);
    va_end (ap);
    if (!s)
        return 0;
    uint32_t matchtag = router_rpc (rt, topic, nodeid, flags, s, cb, arg);
    free (s);
    return matchtag;
}
