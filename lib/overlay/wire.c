/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages to ZeroMQ parts and back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/blob.h"
#include "lib/codec/cursor.h"
#include "lib/codec/frames.h"
#include "lib/codec/payload.h"
#include "lib/overlay/wire.h"

#define LENGTH_SIZE 4
#define BUNDLE_FIRST 512 // bytes of memory

static size_t framed_size (size_t len)
{
    return len < 255 ? len + 1 : len + 5;
}

static unsigned char *put_frame (unsigned char *p, const struct frame *f)
{
    if (f->len < 255)
        *p++ = (unsigned char)f->len;
    else {
        *p++ = 255;
        for (int shift = 24; shift >= 0; shift -= 8)
            *p++ = (unsigned char)(f->len >> shift);
    }
    if (f->len > 0)
        memcpy (p, f->data, f->len);
    return p + f->len;
}

static void release_blob (void *data, void *hint)
{
    blob_decref (hint);
}

/* The payload as a ZeroMQ part that refers to the message's memory. */
static int share_payload (zmq_msg_t *part, const flux_msg_t *msg, const struct frame *payload)
{
    struct blob *b = msg_payload_blob (msg);

    if (!b)
        return -1;
    blob_incref (b);
    if (zmq_msg_init_data (part, (void *)payload->data, payload->len, release_blob, b) < 0) {
        blob_decref (b);
        return -1;
    }
    return 0;
}

static int too_large (void)
{
    errno = EMSGSIZE;
    return -1;
}

/* All parts but the payload, which is the one before the last. */
static int encode_shared (struct wire *w, const flux_msg_t *msg)
{
    unsigned char proto[CODEC_PROTO_SIZE], *p;
    struct frame frames[CODEC_FRAMES_MAX];
    int n = msg_frames (msg, proto, frames, CODEC_FRAMES_MAX);
    size_t size = LENGTH_SIZE;

    if (n < 2)
        return -1;
    for (int i = 0; i < n; i++)
        size += i == n - 2 ? 0 : framed_size (frames[i].len);
    if (zmq_msg_init_size (&w->part[0], size) < 0)
        return -1;
    if (share_payload (&w->part[1], msg, &frames[n - 2]) < 0) {
        zmq_msg_close (&w->part[0]);
        return -1;
    }
    p = put_be32 (zmq_msg_data (&w->part[0]), (uint32_t)(size - LENGTH_SIZE));
    for (int i = 0; i < n; i++) {
        if (i != n - 2)
            p = put_frame (p, &frames[i]);
    }
    w->count = 2;
    return 0;
}

static bool has_shared (const flux_msg_t *msg)
{
    const void *p;
    size_t len;

    return flux_msg_has_payload (msg) && flux_msg_get_payload (msg, &p, &len) == 0 &&
           len >= WIRE_SHARE_MIN;
}

static unsigned char *put_message (unsigned char *p, const flux_msg_t *msg, size_t len)
{
    p = put_be32 (p, (uint32_t)len);
    flux_msg_encode (msg, p, len);
    return p + len;
}

int wire_encode (struct wire *w, const flux_msg_t *msg)
{
    ssize_t len = flux_msg_encode_size (msg);

    if (len < 0)
        return -1;
    if (len > CODEC_MESSAGE_MAX)
        return too_large ();
    w->size = LENGTH_SIZE + (size_t)len;
    if (has_shared (msg))
        return encode_shared (w, msg);
    if (zmq_msg_init_size (&w->part[0], w->size) < 0)
        return -1;
    put_message (zmq_msg_data (&w->part[0]), msg, (size_t)len);
    w->count = 1;
    return 0;
}

bool bundle_takes (const flux_msg_t *msg)
{
    return !has_shared (msg);
}

static unsigned char *more_room (struct bundle *b, size_t len)
{
    size_t size = b->size ? b->size : BUNDLE_FIRST;
    unsigned char *data;

    while (size < b->len + len)
        size *= 2;
    if (size != b->size) {
        if (!(data = realloc (b->data, size)))
            return NULL;
        b->data = data;
        b->size = size;
    }
    data = b->data + b->len;
    b->len += len;
    return data;
}

int bundle_add (struct bundle *b, const flux_msg_t *msg)
{
    ssize_t len = flux_msg_encode_size (msg);
    unsigned char *p;

    if (len < 0)
        return -1;
    if (len > CODEC_MESSAGE_MAX)
        return too_large ();
    if (!(p = more_room (b, LENGTH_SIZE + (size_t)len)))
        return -1;
    put_message (p, msg, (size_t)len);
    return 0;
}

int bundle_add_wire (struct bundle *b, const struct wire *w)
{
    unsigned char *p = more_room (b, w->size);

    if (!p)
        return -1;
    memcpy (p, zmq_msg_data ((zmq_msg_t *)&w->part[0]), w->size);
    return 0;
}

void bundle_clear (struct bundle *b)
{
    free (b->data);
    *b = (struct bundle){0};
}

int bundle_wire (struct bundle *b, struct wire *w)
{
    if (zmq_msg_init_size (&w->part[0], b->len) < 0)
        return -1;
    memcpy (zmq_msg_data (&w->part[0]), b->data, b->len);
    w->count = 1;
    w->size = b->len;
    bundle_clear (b);
    return 0;
}

int wire_copy (struct wire *dst, const struct wire *src)
{
    dst->count = src->count;
    dst->size = src->size;
    for (int i = 0; i < src->count; i++) {
        zmq_msg_init (&dst->part[i]);
        if (zmq_msg_copy (&dst->part[i], (zmq_msg_t *)&src->part[i]) < 0) {
            dst->count = i + 1;
            wire_close (dst);
            return -1;
        }
    }
    return 0;
}

void wire_close (struct wire *w)
{
    for (int i = 0; i < w->count; i++)
        zmq_msg_close (&w->part[i]);
    w->count = 0;
}

static void free_part (void *arg)
{
    zmq_msg_t *part = arg;

    zmq_msg_close (part);
    free (part);
}

/* Move a part to memory that lives as long as the message made of it. */
static struct blob *wrap_part (zmq_msg_t *part)
{
    zmq_msg_t *own = malloc (sizeof (*own));
    struct blob *b;

    if (!own)
        return NULL;
    zmq_msg_init (own);
    zmq_msg_move (own, part);
    if (!(b = blob_wrap (zmq_msg_data (own), zmq_msg_size (own), free_part, own))) {
        zmq_msg_move (part, own);
        free_part (own);
    }
    return b;
}

void wire_in_open (struct wire_in *in, zmq_msg_t *parts, int count)
{
    *in = (struct wire_in){.part = parts, .count = count};
    if (count == 1 || count == 2)
        in->c = cursor_init (zmq_msg_data (&parts[0]), zmq_msg_size (&parts[0]));
}

void wire_in_close (struct wire_in *in)
{
    for (int i = 0; i < in->count && i < WIRE_PARTS; i++)
        zmq_msg_close (&in->part[i]);
    in->count = 0;
}

static flux_msg_t *no_message (struct wire_in *in, int errnum)
{
    in->c.left = 0;
    errno = errnum;
    return NULL;
}

/* The last one's payload is the second part. */
static flux_msg_t *shared_message (struct wire_in *in, struct frame *frames, int n)
{
    struct blob *owner = wrap_part (&in->part[1]);
    flux_msg_t *msg;

    if (!owner)
        return no_message (in, ENOMEM);
    frames[n] = frames[n - 1];
    frames[n - 1] = (struct frame){blob_data (owner), blob_len (owner)};
    msg = msg_from_frames (frames, n + 1, owner);
    blob_decref (owner);
    return msg;
}

flux_msg_t *wire_next (struct wire_in *in)
{
    struct frame frames[CODEC_FRAMES_MAX];
    size_t len = cursor_be32 (&in->c);
    const void *data = cursor_take (&in->c, len);
    flux_msg_t *msg;
    int n;

    if (in->c.bad || (n = frames_split (data, len, frames, CODEC_FRAMES_MAX - 1)) <= 0)
        return no_message (in, EPROTO);
    if (in->c.left == 0 && in->count == 2)
        msg = shared_message (in, frames, n);
    else
        msg = msg_from_frames (frames, n, NULL);
    return msg ? msg : no_message (in, errno);
}

bool wire_more (const struct wire_in *in)
{
    return in->c.left > 0;
}

flux_msg_t *wire_decode (zmq_msg_t *parts, int count)
{
    struct wire_in in;
    flux_msg_t *msg;

    wire_in_open (&in, parts, count);
    msg = wire_next (&in);
    if (msg && wire_more (&in)) {
        flux_msg_destroy (msg);
        msg = no_message (&in, EPROTO);
    }
    wire_in_close (&in);
    return msg;
}
