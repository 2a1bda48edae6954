/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/msg.h"
#include "lib/codec/payload.h"
#include "lib/util/fail.h"

void msg_lasterr (flux_msg_t *msg, const char *text)
{
    int saved_errno = errno;

    free (msg->lasterr);
    msg->lasterr = text ? strdup (text) : NULL;
    errno = saved_errno;
}

const char *flux_msg_last_error (const flux_msg_t *msg)
{
    if (!msg)
        return "there is no message";
    return msg->lasterr ? msg->lasterr : "";
}

void msg_clear_payload (flux_msg_t *msg)
{
    json_decref (msg->json);
    msg->json = NULL;
    blob_decref (msg->blob);
    msg->blob = NULL;
    msg->payload = NULL;
    msg->payload_len = 0;
    msg->flags &= ~FLUX_MSGFLAG_PAYLOAD;
}

/* Takes over the reference of b. */
static void set_blob (flux_msg_t *msg, struct blob *b, const char *data, size_t len)
{
    msg_clear_payload (msg);
    msg->blob = b;
    msg->payload = data;
    msg->payload_len = len;
    msg->flags |= FLUX_MSGFLAG_PAYLOAD;
}

int msg_set_payload_blob (flux_msg_t *msg, struct blob *b, const void *data, size_t len)
{
    set_blob (msg, blob_incref (b), data, len);
    return 0;
}

int msg_set_payload_take (flux_msg_t *msg, char *data, size_t len)
{
    struct blob *b = blob_wrap (data, len, free, data);

    if (!b)
        return -1;
    set_blob (msg, b, data, len);
    return 0;
}

struct blob *msg_payload_blob (const flux_msg_t *msg)
{
    return msg->blob;
}

int flux_msg_set_payload (flux_msg_t *msg, const void *buf, size_t size)
{
    struct blob *b;

    if (!msg)
        return fail (EINVAL);
    if (!buf || size == 0) {
        msg_clear_payload (msg);
        return 0;
    }
    if (!(b = blob_create (size)))
        return -1;
    memcpy (blob_data (b), buf, size);
    set_blob (msg, b, blob_data (b), size);
    return 0;
}

int flux_msg_get_payload (const flux_msg_t *msg, const void **buf, size_t *size)
{
    if (!msg)
        return fail (EINVAL);
    if (!(msg->flags & FLUX_MSGFLAG_PAYLOAD))
        return fail (EPROTO);
    if (buf)
        *buf = msg->payload;
    if (size)
        *size = msg->payload_len;
    return 0;
}

bool flux_msg_has_payload (const flux_msg_t *msg)
{
    return flux_msg_has_flag (msg, FLUX_MSGFLAG_PAYLOAD);
}

int flux_msg_set_string (flux_msg_t *msg, const char *s)
{
    return flux_msg_set_payload (msg, s, s ? strlen (s) + 1 : 0);
}

int flux_msg_get_string (const flux_msg_t *msg, const char **s)
{
    const char *text = NULL;

    if (!msg)
        return fail (EINVAL);
    if (msg->flags & FLUX_MSGFLAG_PAYLOAD) {
        if (msg->payload_len == 0 || msg->payload[msg->payload_len - 1] != '\0')
            return fail (EPROTO);
        text = msg->payload;
    }
    if (s)
        *s = text;
    return 0;
}

static json_t *json_error (const flux_msg_t *msg, int errnum, const char *text)
{
    errno = errnum;
    msg_lasterr ((flux_msg_t *)msg, text);
    return NULL;
}

/* The parsed object is a cache: the const cast changes nothing that can be seen. */
json_t *msg_get_json (const flux_msg_t *msg)
{
    json_error_t err;
    const char *s;

    if (msg->json)
        return msg->json;
    if (flux_msg_get_string (msg, &s) < 0 || !s)
        return json_error (msg, EPROTO, "the message has no payload that is text");
    // only up to its first NUL is it text
    json_t *o = json_loads (s, JSON_ALLOW_NUL, &err);
    if (!o)
        return json_error (msg, EPROTO, err.text);
    if (!json_is_object (o)) {
        json_decref (o);
        return json_error (msg, EPROTO, "the payload is JSON but no object");
    }
    return ((flux_msg_t *)msg)->json = o;
}

int msg_set_json_new (flux_msg_t *msg, json_t *o)
{
    char *s = NULL;

    if (!json_is_object (o)) {
        json_error (msg, EINVAL, "the payload is no JSON object");
        goto error;
    }
    if (!(s = json_dumps (o, JSON_COMPACT))) {
        json_error (msg, EINVAL, "the payload cannot be encoded as JSON");
        goto error;
    }
    if (msg_set_payload_take (msg, s, strlen (s) + 1) < 0)
        goto error;
    msg->json = o;
    return 0;
error:
    free (s);
    json_decref (o);
    return -1;
}

int flux_msg_vpack (flux_msg_t *msg, const char *fmt, va_list ap)
{
    json_error_t err;

    if (!msg || !fmt || !*fmt)
        return fail (EINVAL);
    msg_lasterr (msg, NULL);
    json_t *o = json_vpack_ex (&err, 0, fmt, ap);
    if (!o) {
        json_error (msg, EINVAL, err.text);
        return -1;
    }
    // a packed object may hold parts that the caller goes on changing ("O"): don't keep it
    if (msg_set_json_new (msg, o) < 0)
        return -1;
    json_decref (msg->json);
    msg->json = NULL;
    return 0;
}

int flux_msg_pack (flux_msg_t *msg, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_msg_vpack (msg, fmt, ap);
    va_end (ap);
    return rc;
}

int flux_msg_vunpack (const flux_msg_t *msg, const char *fmt, va_list ap)
{
    json_error_t err;
    json_t *o;

    if (!msg || !fmt || !*fmt)
        return fail (EINVAL);
    msg_lasterr ((flux_msg_t *)msg, NULL);
    if (!(o = msg_get_json (msg)))
        return -1;
    if (json_vunpack_ex (o, &err, 0, fmt, ap) < 0) {
        json_error (msg, EPROTO, err.text);
        return -1;
    }
    return 0;
}

int flux_msg_unpack (const flux_msg_t *msg, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = flux_msg_vunpack (msg, fmt, ap);
    va_end (ap);
    return rc;
}
