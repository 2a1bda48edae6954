/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages to ZeroMQ parts and back. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/codec/blob.h"
#include "lib/codec/frames.h"
#include "lib/codec/payload.h"
#include "lib/overlay/wire.h"

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

int wire_encode (struct wire *w, const flux_msg_t *msg)
{
    unsigned char proto[CODEC_PROTO_SIZE], *p;
    struct frame frames[CODEC_FRAMES_MAX];
    int n = msg_frames (msg, proto, frames, CODEC_FRAMES_MAX);
    size_t size = 0;
    int shared = -1;

    if (n < 0)
        return -1;
    w->size = 0;
    for (int i = 0; i < n; i++)
        w->size += framed_size (frames[i].len);
    if (w->size > CODEC_MESSAGE_MAX) {
        errno = EMSGSIZE;
        return -1;
    }
    if (flux_msg_has_payload (msg) && n >= 2 && frames[n - 2].len >= WIRE_SHARE_MIN)
        shared = n - 2;
    size = w->size - (shared >= 0 ? framed_size (frames[shared].len) : 0);
    if (zmq_msg_init_size (&w->part[0], size) < 0)
        return -1;
    p = zmq_msg_data (&w->part[0]);
    for (int i = 0; i < n; i++) {
        if (i != shared)
            p = put_frame (p, &frames[i]);
    }
    w->count = 1;
    if (shared >= 0) {
        if (share_payload (&w->part[1], msg, &frames[shared]) < 0) {
            zmq_msg_close (&w->part[0]);
            return -1;
        }
        w->count = 2;
    }
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

/* Returns the count of frames, or -1. Leaves room for one more. */
static int get_frames (const unsigned char *p, size_t size, struct frame *frames)
{
    int n = 0;

    while (size > 0) {
        size_t head = p[0] < 255 ? 1 : 5;
        size_t len = p[0];
        if (size < head || n >= CODEC_FRAMES_MAX - 1)
            return -1;
        if (head == 5)
            len = (size_t)p[1] << 24 | (size_t)p[2] << 16 | (size_t)p[3] << 8 | p[4];
        if (len > size - head)
            return -1;
        frames[n].data = len > 0 ? p + head : NULL;
        frames[n++].len = len;
        p += head + len;
        size -= head + len;
    }
    return n;
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

flux_msg_t *wire_decode (zmq_msg_t *parts, int count)
{
    struct frame frames[CODEC_FRAMES_MAX];
    struct blob *owner = NULL;
    flux_msg_t *msg = NULL;
    int n = -1;

    if (count == 1 || count == 2)
        n = get_frames (zmq_msg_data (&parts[0]), zmq_msg_size (&parts[0]), frames);
    if (n > 0 && count == 2) {
        frames[n] = frames[n - 1];
        if ((owner = wrap_part (&parts[1]))) {
            frames[n - 1].data = blob_data (owner);
            frames[n - 1].len = blob_len (owner);
            n++;
        } else
            n = -1;
    }
    if (n > 0)
        msg = msg_from_frames (frames, n, owner);
    else
        errno = EPROTO;
    blob_decref (owner);
    for (int i = 0; i < count && i < WIRE_PARTS; i++)
        zmq_msg_close (&parts[i]);
    return msg;
}
