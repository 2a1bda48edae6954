/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <flux/attr.h>
#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/client/dispatch.h"
#include "lib/client/future_private.h"
#include "lib/client/handle_private.h"
#include "lib/util/fail.h"

struct rpc {
    flux_t *h; // root
    uint32_t tag;
    uint32_t nodeid;
    int flags;
    bool done; // no response will come (any more), the tag is given back
    struct dispatch *dispatch;
};

static void set_done (struct rpc *rpc)
{
    if (!rpc->done) {
        rpc->done = true;
        handle_tag_release (rpc->h, rpc->tag);
    }
    dispatch_let_go (rpc->dispatch);
    rpc->dispatch = NULL;
}

void rpc_destroy (struct rpc *rpc)
{
    if (rpc) {
        if (!rpc->done)
            handle_tag_forget (rpc->h, rpc->tag);
        dispatch_let_go (rpc->dispatch);
        flux_decref (rpc->h);
        free (rpc);
    }
}

static void msg_decref (void *msg)
{
    flux_msg_decref (msg);
}

void rpc_response (flux_future_t *f, const flux_msg_t *msg)
{
    struct rpc *rpc = future_rpc (f);
    const char *errstr = NULL;

    if (flux_response_decode (msg, NULL, NULL) < 0) {
        int errnum = errno;
        flux_response_decode_error (msg, &errstr);
        set_done (rpc);
        flux_future_fulfill_error (f, errnum, errstr);
        return;
    }
    if (!(rpc->flags & FLUX_RPC_STREAMING))
        set_done (rpc);
    flux_future_fulfill (f, (void *)flux_msg_incref (msg), msg_decref);
}

/* A continuation was set: responses are read in the reactor. (Who waits reads them itself.) */
static void on_then (flux_future_t *f, void *arg)
{
    struct rpc *rpc = future_rpc (f);

    if (!rpc || rpc->done)
        return;
    dispatch_let_go (rpc->dispatch);
    if (!(rpc->dispatch = dispatch_hold (flux_future_get_flux (f))))
        flux_future_fulfill_error (f, errno, NULL);
}

static flux_future_t *rpc_create (flux_t *h, uint32_t nodeid, int flags, struct rpc **rpcp)
{
    flux_future_t *f = flux_future_create (on_then, NULL);
    struct rpc *rpc = calloc (1, sizeof (*rpc));

    if (!f || !rpc)
        goto error;
    rpc->nodeid = nodeid;
    rpc->flags = flags;
    rpc->done = (flags & FLUX_RPC_NORESPONSE) != 0;
    if (!rpc->done && (rpc->tag = handle_tag_bind (h, f)) == FLUX_MATCHTAG_NONE)
        goto error;
    rpc->h = flux_incref (handle_root (h));
    flux_future_set_flux (f, h);
    future_set_rpc (f, rpc);
    *rpcp = rpc;
    return f;
error:
    free (rpc);
    flux_future_destroy (f);
    return NULL;
}

static int prepare (flux_t *h, flux_msg_t *msg, const struct rpc *rpc)
{
    uint32_t nodeid = rpc->nodeid;

    if (nodeid == FLUX_NODEID_UPSTREAM &&
        (flux_get_rank (h, &nodeid) < 0 || flux_msg_set_flag (msg, FLUX_MSGFLAG_UPSTREAM) < 0))
        return -1;
    if ((rpc->flags & FLUX_RPC_STREAMING) && flux_msg_set_streaming (msg) < 0)
        return -1;
    if ((rpc->flags & FLUX_RPC_NORESPONSE) && flux_msg_set_noresponse (msg) < 0)
        return -1;
    if (flux_msg_set_matchtag (msg, rpc->tag) < 0)
        return -1;
    return flux_msg_set_nodeid (msg, nodeid);
}

/* Takes msg over in any case; NULL is the failure of the caller. */
static flux_future_t *rpc_send (flux_t *h, flux_msg_t *msg, uint32_t nodeid, int flags)
{
    struct rpc *rpc;
    flux_future_t *f = NULL;

    if (!msg || !(f = rpc_create (h, nodeid, flags, &rpc)))
        goto error;
    if (prepare (h, msg, rpc) < 0 ||
        (rpc->done ? flux_send_new (h, &msg, 0) : handle_send_rpc (h, msg)) < 0) {
        set_done (rpc); // it was never sent
        goto error;
    }
    if (flags & FLUX_RPC_NORESPONSE)
        flux_future_fulfill (f, NULL, NULL);
    return f;
error:
    flux_msg_destroy (msg);
    flux_future_destroy (f);
    return NULL;
}

static bool args_ok (flux_t *h, int flags)
{
    int both = FLUX_RPC_NORESPONSE | FLUX_RPC_STREAMING;

    return h && (flags & ~both) == 0 && flags != both;
}

flux_future_t *flux_rpc (flux_t *h, const char *topic, const char *s, uint32_t nodeid, int flags)
{
    if (!args_ok (h, flags))
        return fail_null (EINVAL);
    return rpc_send (h, flux_request_encode (topic, s), nodeid, flags);
}

flux_future_t *flux_rpc_raw (flux_t *h, const char *topic, const void *data, size_t len,
                             uint32_t nodeid, int flags)
{
    if (!args_ok (h, flags))
        return fail_null (EINVAL);
    return rpc_send (h, flux_request_encode_raw (topic, data, len), nodeid, flags);
}

flux_future_t *flux_rpc_message (flux_t *h, const flux_msg_t *msg, uint32_t nodeid, int flags)
{
    if (!args_ok (h, flags) || !msg)
        return fail_null (EINVAL);
    return rpc_send (h, flux_msg_copy (msg, true), nodeid, flags);
}

flux_future_t *flux_rpc_vpack (flux_t *h, const char *topic, uint32_t nodeid, int flags,
                               const char *fmt, va_list ap)
{
    flux_msg_t *msg;

    if (!args_ok (h, flags))
        return fail_null (EINVAL);
    if ((msg = flux_request_encode (topic, NULL)) && flux_msg_vpack (msg, fmt, ap) < 0) {
        flux_msg_destroy (msg);
        return NULL;
    }
    return rpc_send (h, msg, nodeid, flags);
}

flux_future_t *flux_rpc_pack (flux_t *h, const char *topic, uint32_t nodeid, int flags,
                              const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    flux_future_t *f = flux_rpc_vpack (h, topic, nodeid, flags, fmt, ap);
    va_end (ap);
    return f;
}

/* The response; an RPC without one has a NULL result. */
static const flux_msg_t *get_msg (flux_future_t *f)
{
    const void *msg;

    if (flux_future_get (f, &msg) < 0)
        return NULL;
    return msg ? msg : fail_null (EPROTO);
}

int flux_rpc_get (flux_future_t *f, const char **s)
{
    const flux_msg_t *msg = get_msg (f);

    return msg ? flux_response_decode (msg, NULL, s) : -1;
}

int flux_rpc_get_raw (flux_future_t *f, const void **data, size_t *len)
{
    const flux_msg_t *msg = get_msg (f);

    return msg ? flux_response_decode_raw (msg, NULL, data, len) : -1;
}

int flux_rpc_get_unpack (flux_future_t *f, const char *fmt, ...)
{
    const flux_msg_t *msg = get_msg (f);
    va_list ap;

    if (!msg)
        return -1;
    va_start (ap, fmt);
    int rc = flux_msg_vunpack (msg, fmt, ap);
    va_end (ap);
    return rc;
}

uint32_t flux_rpc_get_matchtag (flux_future_t *f)
{
    const struct rpc *rpc = future_rpc (f);

    return rpc && !rpc->done ? rpc->tag : FLUX_MATCHTAG_NONE;
}

uint32_t flux_rpc_get_nodeid (flux_future_t *f)
{
    const struct rpc *rpc = future_rpc (f);

    return rpc ? rpc->nodeid : FLUX_NODEID_ANY;
}
