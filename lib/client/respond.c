/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <flux/control.h>
#include <flux/handle.h>
#include <flux/response.h>

#include "lib/util/fail.h"

/* Takes the response over; NULL is the failure of the caller. */
static int send_response (flux_t *h, flux_msg_t *response)
{
    if (!response)
        return -1;
    if (flux_send_new (h, &response, 0) < 0) {
        flux_msg_destroy (response);
        return -1;
    }
    return 0;
}

/* 1: answer, 0: nobody waits, -1: misuse. */
static int wanted (flux_t *h, const flux_msg_t *request)
{
    if (!h || !request)
        return fail (EINVAL);
    return !flux_msg_is_noresponse (request);
}

/* Derive, fill, send. `set` is what filling gave. */
static int finish (flux_t *h, flux_msg_t *msg, int set)
{
    if (set < 0) {
        flux_msg_destroy (msg);
        return -1;
    }
    return send_response (h, msg);
}

int flux_respond (flux_t *h, const flux_msg_t *request, const char *s)
{
    int rc = wanted (h, request);

    if (rc <= 0)
        return rc;
    flux_msg_t *msg = flux_response_derive (request, 0);
    return finish (h, msg, msg ? flux_msg_set_string (msg, s) : -1);
}

int flux_respond_raw (flux_t *h, const flux_msg_t *request, const void *data, int len)
{
    int rc = wanted (h, request);

    if (rc <= 0)
        return rc;
    if (len < 0)
        return fail (EINVAL);
    flux_msg_t *msg = flux_response_derive (request, 0);
    return finish (h, msg, msg ? flux_msg_set_payload (msg, data, len) : -1);
}

int flux_respond_pack (flux_t *h, const flux_msg_t *request, const char *fmt, ...)
{
    va_list ap;
    int rc = wanted (h, request);

    if (rc <= 0)
        return rc;
    flux_msg_t *msg = flux_response_derive (request, 0);
    va_start (ap, fmt);
    rc = finish (h, msg, msg ? flux_msg_vpack (msg, fmt, ap) : -1);
    va_end (ap);
    return rc;
}

int flux_respond_error (flux_t *h, const flux_msg_t *request, int errnum, const char *errstr)
{
    int rc = wanted (h, request);

    if (rc <= 0)
        return rc;
    flux_msg_t *msg = flux_response_derive (request, errnum ? errnum : EINVAL);
    return finish (h, msg, msg ? flux_msg_set_string (msg, errstr) : -1);
}

flux_msg_t *flux_control_encode (int type, int status)
{
    flux_msg_t *msg = flux_msg_create (FLUX_MSGTYPE_CONTROL);

    if (msg)
        flux_msg_set_control (msg, type, status);
    return msg;
}

int flux_control_decode (const flux_msg_t *msg, int *type, int *status)
{
    return flux_msg_get_control (msg, type, status);
}
