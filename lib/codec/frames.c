/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between a message and its parts, and between the parts and their flat form (RFC 3). */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/cursor.h"
#include "lib/codec/flat.h"
#include "lib/codec/frames.h"
#include "lib/codec/msg.h"
#include "lib/codec/payload.h"
#include "lib/util/fail.h"

#define PROTO_MAGIC 0x8e
#define PROTO_VERSION 1
#define LONG_PART 0xff

static void proto_encode (const flux_msg_t *msg, unsigned char *p)
{
    p = put_u8 (p, PROTO_MAGIC);
    p = put_u8 (p, PROTO_VERSION);
    p = put_u8 (p, msg->type);
    p = put_u8 (p, msg->flags);
    p = put_be32 (p, msg->userid);
    p = put_be32 (p, msg->rolemask);
    p = put_be32 (p, msg->aux1);
    put_be32 (p, msg->aux2);
}

static int proto_decode (flux_msg_t *msg, const struct frame *f)
{
    struct cursor c = cursor_init (f->data, f->len);
    int exclusive = FLUX_MSGFLAG_NORESPONSE | FLUX_MSGFLAG_STREAMING;

    cursor_check (&c, cursor_u8 (&c) == PROTO_MAGIC);
    cursor_check (&c, cursor_u8 (&c) == PROTO_VERSION);
    msg->type = cursor_u8 (&c);
    msg->flags = cursor_u8 (&c);
    msg->userid = cursor_be32 (&c);
    msg->rolemask = cursor_be32 (&c);
    msg->aux1 = cursor_be32 (&c);
    msg->aux2 = cursor_be32 (&c);
    cursor_check (&c, c.left == 0 && msg_type_valid (msg->type));
    cursor_check (&c, (msg->flags & exclusive) != exclusive);
    return c.bad ? fail (EPROTO) : 0;
}

int msg_frames (const flux_msg_t *msg, unsigned char proto[CODEC_PROTO_SIZE], struct frame *frames,
                int max)
{
    int n = 0;

    if (max < msg->routes.count + 4)
        return fail (EOVERFLOW);
    if (msg->flags & FLUX_MSGFLAG_ROUTE) {
        size_t pos = msg->routes.len;
        size_t len;
        const char *id;
        while ((id = routes_prev (&msg->routes, &pos, &len)))
            frames[n++] = (struct frame){id, len};
        frames[n++] = (struct frame){NULL, 0};
    }
    // what the flags promise is there, even if it was only the flag that was set
    if (msg->flags & FLUX_MSGFLAG_TOPIC)
        frames[n++] = (struct frame){msg->topic, msg->topic_len};
    if (msg->flags & FLUX_MSGFLAG_PAYLOAD)
        frames[n++] = (struct frame){msg->payload, msg->payload_len};
    proto_encode (msg, proto);
    frames[n++] = (struct frame){proto, CODEC_PROTO_SIZE};
    return n;
}

/* Text on the wire: RFC 3 says with its NUL, flux-core leaves it out; both are read. */
static int text_len (const struct frame *f, size_t max, size_t *lenp)
{
    size_t len = f->len;

    if (len > 0 && ((const char *)f->data)[len - 1] == '\0')
        len--;
    if (len > max || (len > 0 && memchr (f->data, '\0', len)))
        return fail (EPROTO);
    *lenp = len;
    return 0;
}

/* Parts [0, n) are routes, newest first. */
static int read_routes (flux_msg_t *msg, const struct frame *f, int n)
{
    size_t len;

    if (n > CODEC_ROUTES_MAX)
        return fail (EPROTO);
    for (int i = n - 1; i >= 0; i--) {
        if (text_len (&f[i], CODEC_ROUTE_MAX, &len) < 0)
            return -1;
        if (len == 0)
            return fail (EPROTO);
        if (routes_push (&msg->routes, f[i].data, len) < 0)
            return -1;
    }
    return 0;
}

static int read_topic (flux_msg_t *msg, const struct frame *f)
{
    size_t len;

    if (text_len (f, CODEC_TOPIC_MAX, &len) < 0)
        return -1;
    return msg_set_topic_n (msg, f->len > 0 ? f->data : "", len);
}

static int read_payload (flux_msg_t *msg, const struct frame *f, struct blob *owner)
{
    struct blob *b = owner;

    if (f->len > CODEC_MESSAGE_MAX)
        return fail (EPROTO);
    if (owner)
        return msg_set_payload_blob (msg, owner, f->data, f->len);
    if (!(b = blob_create (f->len)))
        return -1;
    if (f->len > 0)
        memcpy (blob_data (b), f->data, f->len);
    int rc = msg_set_payload_blob (msg, b, blob_data (b), f->len);
    blob_decref (b);
    return rc;
}

static int read_frames (flux_msg_t *msg, const struct frame *f, int count, struct blob *owner)
{
    int i = 0;
    int last = count - 1; // PROTO

    if (count < 1 || count > CODEC_FRAMES_MAX)
        return fail (EPROTO);
    if (proto_decode (msg, &f[last]) < 0)
        return -1;
    int flags = msg->flags;
    if (flags & FLUX_MSGFLAG_ROUTE) {
        while (i < last && f[i].len > 0)
            i++;
        if (i == last || read_routes (msg, f, i) < 0)
            return fail (EPROTO);
        i++;
    }
    int want = !!(flags & FLUX_MSGFLAG_TOPIC) + !!(flags & FLUX_MSGFLAG_PAYLOAD);
    if (last - i != want)
        return fail (EPROTO);
    if ((flags & FLUX_MSGFLAG_TOPIC) && read_topic (msg, &f[i++]) < 0)
        return -1;
    if ((flags & FLUX_MSGFLAG_PAYLOAD) && read_payload (msg, &f[i], owner) < 0)
        return -1;
    return 0;
}

flux_msg_t *msg_from_frames (const struct frame *frames, int count, struct blob *owner)
{
    flux_msg_t *msg = msg_alloc ();

    if (msg && read_frames (msg, frames, count, owner) < 0) {
        flux_msg_destroy (msg);
        return NULL;
    }
    return msg;
}

static size_t part_size (size_t len)
{
    return (len < LONG_PART ? 1 : 5) + len;
}

static unsigned char *put_len (unsigned char *p, size_t len)
{
    if (len < LONG_PART)
        return put_u8 (p, len);
    return put_be32 (put_u8 (p, LONG_PART), len);
}

static unsigned char *put_part (unsigned char *p, const void *data, size_t len)
{
    p = put_len (p, len);
    if (len > 0)
        memcpy (p, data, len);
    return p + len;
}

size_t msg_head_size (const flux_msg_t *msg)
{
    size_t size = 0;

    if (msg->flags & FLUX_MSGFLAG_ROUTE) {
        size_t pos = msg->routes.len;
        size_t len;
        while (routes_prev (&msg->routes, &pos, &len))
            size += part_size (len);
        size += 1;
    }
    if (msg->flags & FLUX_MSGFLAG_TOPIC)
        size += part_size (msg->topic_len);
    if (msg->flags & FLUX_MSGFLAG_PAYLOAD)
        size += part_size (msg->payload_len) - msg->payload_len;
    return size;
}

unsigned char *msg_put_head (const flux_msg_t *msg, unsigned char *p)
{
    if (msg->flags & FLUX_MSGFLAG_ROUTE) {
        size_t pos = msg->routes.len;
        size_t len;
        const char *id;
        while ((id = routes_prev (&msg->routes, &pos, &len)))
            p = put_part (p, id, len);
        p = put_u8 (p, 0);
    }
    if (msg->flags & FLUX_MSGFLAG_TOPIC)
        p = put_part (p, msg->topic, msg->topic_len);
    if (msg->flags & FLUX_MSGFLAG_PAYLOAD)
        p = put_len (p, msg->payload_len);
    return p;
}

unsigned char *msg_put_tail (const flux_msg_t *msg, unsigned char *p)
{
    p = put_u8 (p, CODEC_PROTO_SIZE);
    proto_encode (msg, p);
    return p + CODEC_PROTO_SIZE;
}

ssize_t flux_msg_encode_size (const flux_msg_t *msg)
{
    if (!msg)
        return fail (EINVAL);
    return msg_head_size (msg) + msg->payload_len + MSG_TAIL_SIZE;
}

int flux_msg_encode (const flux_msg_t *msg, void *buf, size_t size)
{
    if (!msg || !buf || size < (size_t)flux_msg_encode_size (msg))
        return fail (EINVAL);
    unsigned char *p = msg_put_head (msg, buf);
    if (msg->payload_len > 0)
        memcpy (p, msg->payload, msg->payload_len);
    msg_put_tail (msg, p + msg->payload_len);
    return 0;
}

int frames_split (const void *buf, size_t size, struct frame *frames, int max)
{
    struct cursor c = cursor_init (buf, size);
    int n = 0;

    while (c.left > 0 && !c.bad) {
        size_t len = cursor_u8 (&c);
        if (len == LONG_PART)
            len = cursor_be32 (&c);
        const void *data = cursor_take (&c, len);
        if (c.bad || n == max)
            return fail (EPROTO);
        frames[n++] = (struct frame){data, len};
    }
    return n;
}

flux_msg_t *msg_decode_flat (const void *buf, size_t size, struct blob *owner)
{
    struct frame frames[CODEC_FRAMES_MAX];
    int n = frames_split (buf, size, frames, CODEC_FRAMES_MAX);

    return n < 0 ? NULL : msg_from_frames (frames, n, owner);
}

flux_msg_t *flux_msg_decode (const void *buf, size_t size)
{
    if (!buf) {
        errno = EINVAL;
        return NULL;
    }
    return msg_decode_flat (buf, size, NULL);
}
