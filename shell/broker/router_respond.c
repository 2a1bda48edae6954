/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Answers to requests. */

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <flux/response.h>

#include "lib/codec/payload.h"
#include "shell/broker/router_private.h"

static flux_msg_t *make_response (struct router *rt, const flux_msg_t *request, int errnum)
{
    // flux-core's clients drop a response without a role
    struct flux_msg_cred cred = {rt->owner, FLUX_ROLE_OWNER | FLUX_ROLE_LOCAL};
    flux_msg_t *msg = flux_response_derive (request, errnum);

    if (msg && flux_msg_set_cred (msg, cred) < 0) {
        flux_msg_decref (msg);
        return NULL;
    }
    return msg;
}

static int respond (struct router *rt, const flux_msg_t *request, int errnum, const void *data,
                    size_t len)
{
    if (flux_msg_is_noresponse (request))
        return 0;
    flux_msg_t *msg = make_response (rt, request, errnum);
    if (!msg || (data && flux_msg_set_payload (msg, data, len) < 0)) {
        flux_msg_decref (msg);
        return -1;
    }
    router_send_response (rt, msg);
    return 0;
}

int router_respond_take (struct router *rt, const flux_msg_t *request, char *payload)
{
    if (flux_msg_is_noresponse (request)) {
        free (payload);
        return 0;
    }
    flux_msg_t *msg = make_response (rt, request, 0);
    if (!msg || msg_set_payload_take (msg, payload, strlen (payload) + 1) < 0) {
        free (payload);
        flux_msg_decref (msg);
        return -1;
    }
    router_send_response (rt, msg);
    return 0;
}

int router_respond (struct router *rt, const flux_msg_t *request, const char *payload)
{
    return respond (rt, request, 0, payload, payload ? strlen (payload) + 1 : 0);
}

int router_respond_raw (struct router *rt, const flux_msg_t *request, const void *data, size_t len)
{
    return respond (rt, request, 0, data, len);
}

int router_respond_error (struct router *rt, const flux_msg_t *request, int errnum,
                          const char *errtext)
{
    return respond (rt, request, errnum ? errnum : EINVAL, errtext,
                    errtext ? strlen (errtext) + 1 : 0);
}

char *router_vpack (const char *fmt, va_list ap)
{
    json_t *o = json_vpack_ex (NULL, 0, fmt, ap);
    char *s = o ? json_dumps (o, JSON_COMPACT) : NULL;

    json_decref (o);
    if (!s)
        errno = EINVAL;
    return s;
}

int router_respond_pack (struct router *rt, const flux_msg_t *request, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    char *s = router_vpack (fmt, ap);
    va_end (ap);
    if (!s)
        return router_respond_error (rt, request, ENOMEM, "the answer could not be encoded");
    int rc = router_respond (rt, request, s);
    free (s);
    return rc;
}
