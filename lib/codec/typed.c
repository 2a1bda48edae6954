/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>
#include <flux/event.h>
#include <flux/request.h>
#include <flux/response.h>

#include "lib/codec/msg.h"
#include "lib/codec/typed.h"
#include "lib/util/fail.h"

flux_msg_t *typed_encode (int type, const char *topic, const void *data, size_t len)
{
    flux_msg_t *msg;

    if (!topic) {
        errno = EINVAL;
        return NULL;
    }
    if (!(msg = flux_msg_create (type)))
        return NULL;
    if (type != FLUX_MSGTYPE_EVENT)
        flux_msg_route_enable (msg);
    if (flux_msg_set_topic (msg, topic) < 0 || flux_msg_set_payload (msg, data, len) < 0) {
        flux_msg_destroy (msg);
        return NULL;
    }
    return msg;
}

static flux_msg_t *encode_string (int type, const char *topic, const char *s)
{
    return typed_encode (type, topic, s, s ? strlen (s) + 1 : 0);
}

int typed_topic (const flux_msg_t *msg, int type, const char **topic)
{
    const char *t;

    if (!msg)
        return fail (EINVAL);
    if (msg->type != type)
        return fail (EPROTO);
    if (flux_msg_get_topic (msg, &t) < 0)
        return -1;
    if (topic)
        *topic = t;
    return 0;
}

int typed_raw (const flux_msg_t *msg, const void **data, size_t *len)
{
    if (data)
        *data = msg->payload;
    if (len)
        *len = msg->payload_len;
    return 0;
}

static int decode_string (const flux_msg_t *msg, int type, const char **topic, const char **s)
{
    const char *t;

    if (typed_topic (msg, type, &t) < 0 || (s && flux_msg_get_string (msg, s) < 0))
        return -1;
    if (topic)
        *topic = t;
    return 0;
}

flux_msg_t *flux_request_encode (const char *topic, const char *s)
{
    return encode_string (FLUX_MSGTYPE_REQUEST, topic, s);
}

flux_msg_t *flux_request_encode_raw (const char *topic, const void *data, size_t len)
{
    return typed_encode (FLUX_MSGTYPE_REQUEST, topic, data, len);
}

int flux_request_decode (const flux_msg_t *msg, const char **topic, const char **s)
{
    const char *text;

    return decode_string (msg, FLUX_MSGTYPE_REQUEST, topic, s ? s : &text);
}

int flux_request_decode_raw (const flux_msg_t *msg, const char **topic, const void **data,
                             size_t *len)
{
    if (!data || !len)
        return fail (EINVAL);
    if (typed_topic (msg, FLUX_MSGTYPE_REQUEST, topic) < 0)
        return -1;
    return typed_raw (msg, data, len);
}

static int typed_vunpack (const flux_msg_t *msg, int type, const char **topic, const char *fmt,
                          va_list ap)
{
    const char *t;

    if (typed_topic (msg, type, &t) < 0 || flux_msg_vunpack (msg, fmt, ap) < 0)
        return -1;
    if (topic)
        *topic = t;
    return 0;
}

int flux_request_unpack (const flux_msg_t *msg, const char **topic, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = typed_vunpack (msg, FLUX_MSGTYPE_REQUEST, topic, fmt, ap);
    va_end (ap);
    return rc;
}

/* The error in a response is the error of reading it. */
static int response_errnum (const flux_msg_t *msg)
{
    int errnum;

    if (flux_msg_get_errnum (msg, &errnum) < 0)
        return -1;
    return errnum ? fail (errnum) : 0;
}

int flux_response_decode (const flux_msg_t *msg, const char **topic, const char **s)
{
    if (response_errnum (msg) < 0)
        return -1;
    return decode_string (msg, FLUX_MSGTYPE_RESPONSE, topic, s);
}

int flux_response_decode_raw (const flux_msg_t *msg, const char **topic, const void **data,
                              size_t *len)
{
    if (response_errnum (msg) < 0 || typed_topic (msg, FLUX_MSGTYPE_RESPONSE, topic) < 0)
        return -1;
    return typed_raw (msg, data, len);
}

int flux_response_decode_error (const flux_msg_t *msg, const char **errstr)
{
    const char *s;
    int errnum;

    if (!msg || !errstr)
        return fail (EINVAL);
    if (flux_msg_get_errnum (msg, &errnum) < 0)
        return -1;
    if (errnum == 0)
        return fail (ENOENT);
    if (flux_msg_get_string (msg, &s) < 0)
        return -1;
    if (!s)
        return fail (ENOENT);
    *errstr = s;
    return 0;
}

flux_msg_t *flux_response_encode (const char *topic, const char *s)
{
    return encode_string (FLUX_MSGTYPE_RESPONSE, topic, s);
}

flux_msg_t *flux_response_encode_raw (const char *topic, const void *data, size_t len)
{
    return typed_encode (FLUX_MSGTYPE_RESPONSE, topic, data, len);
}

flux_msg_t *flux_response_encode_error (const char *topic, int errnum, const char *errstr)
{
    flux_msg_t *msg;

    if (errnum == 0) {
        errno = EINVAL;
        return NULL;
    }
    if ((msg = flux_response_encode (topic, errstr)))
        msg->aux1 = errnum;
    return msg;
}

flux_msg_t *flux_response_derive (const flux_msg_t *request, int errnum)
{
    flux_msg_t *msg;

    if (!request || request->type != FLUX_MSGTYPE_REQUEST || flux_msg_is_noresponse (request)) {
        errno = EINVAL;
        return NULL;
    }
    if (!(msg = flux_msg_copy (request, false)))
        return NULL;
    msg->type = FLUX_MSGTYPE_RESPONSE;
    msg->aux1 = errnum;
    msg->userid = FLUX_USERID_UNKNOWN;
    msg->rolemask = FLUX_ROLE_NONE;
    return msg;
}

flux_msg_t *flux_event_encode (const char *topic, const char *s)
{
    return encode_string (FLUX_MSGTYPE_EVENT, topic, s);
}

flux_msg_t *flux_event_encode_raw (const char *topic, const void *data, size_t len)
{
    return typed_encode (FLUX_MSGTYPE_EVENT, topic, data, len);
}

flux_msg_t *flux_event_pack (const char *topic, const char *fmt, ...)
{
    flux_msg_t *msg = typed_encode (FLUX_MSGTYPE_EVENT, topic, NULL, 0);
    va_list ap;

    if (!msg)
        return NULL;
    va_start (ap, fmt);
    int rc = flux_msg_vpack (msg, fmt, ap);
    va_end (ap);
    if (rc < 0) {
        flux_msg_destroy (msg);
        return NULL;
    }
    return msg;
}

int flux_event_decode (const flux_msg_t *msg, const char **topic, const char **s)
{
    return decode_string (msg, FLUX_MSGTYPE_EVENT, topic, s);
}

int flux_event_decode_raw (const flux_msg_t *msg, const char **topic, const void **data,
                           size_t *len)
{
    if (!data || !len)
        return fail (EINVAL);
    if (typed_topic (msg, FLUX_MSGTYPE_EVENT, topic) < 0)
        return -1;
    return typed_raw (msg, data, len);
}

int flux_event_unpack (const flux_msg_t *msg, const char **topic, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = typed_vunpack (msg, FLUX_MSGTYPE_EVENT, topic, fmt, ap);
    va_end (ap);
    return rc;
}
