/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages on ZeroMQ.
 *
 * RFC 3 draws a message as parts and lets the transport keep their borders. With CURVE each ZeroMQ
 * part is encrypted by itself (33 bytes and a few microseconds more), is a block of memory and a
 * step through ZeroMQ's queues. A routed message has six parts and more, and in a busy turn of the
 * loop many messages go to the same peer. Therefore all those go as one ZeroMQ part, each in RFC
 * 3's own framing, after the length of that:
 *
 *   length (4 bytes) | size (1 or 5 bytes) | route | ... | size | topic | size | payload | size |
 *   PROTO | length | ...
 *
 * Only a payload of WIRE_SHARE_MIN bytes or more is left out of that and follows as a second ZeroMQ
 * part, which is neither copied by us nor, in a broadcast, made more than once. It is that of the
 * last message. (Below that a copy is cheaper than one more part: bench/overlay_rtt with 8 KiB.) */

#ifndef FLUX_OVERLAY_WIRE_H
#define FLUX_OVERLAY_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <zmq.h>
#include <flux/message.h>

#include "lib/codec/cursor.h"

#define WIRE_SHARE_MIN 32768
#define WIRE_PARTS 2

/* What ZeroMQ gets at once. */
struct wire {
    zmq_msg_t part[WIRE_PARTS];
    int count;
    size_t size; // bytes in all
};

/* One message. EMSGSIZE above CODEC_MESSAGE_MAX. */
int wire_encode (struct wire *w, const flux_msg_t *msg);

/* Shares the memory. */
int wire_copy (struct wire *dst, const struct wire *src);
void wire_close (struct wire *w);

/* Messages that leave together. All zero is an empty one. */
struct bundle {
    unsigned char *data;
    size_t len;
    size_t size;
};

/* Does this message go with others? Else it is for wire_encode (). */
bool bundle_takes (const flux_msg_t *msg);

/* Add one that it takes, or one that was encoded, of one part. */
int bundle_add (struct bundle *b, const flux_msg_t *msg);
int bundle_add_wire (struct bundle *b, const struct wire *w);

/* What is in it, and is no more after that. */
int bundle_wire (struct bundle *b, struct wire *w);
void bundle_clear (struct bundle *b);

/* What was received: wire_next() gives the messages in turn while there are more, or NULL with
 * EPROTO or ENOMEM, after which there are none. wire_in_close() consumes the parts. */
struct wire_in {
    zmq_msg_t *part;
    int count;
    struct cursor c;
};

void wire_in_open (struct wire_in *in, zmq_msg_t *parts, int count);
bool wire_more (const struct wire_in *in);
flux_msg_t *wire_next (struct wire_in *in);
void wire_in_close (struct wire_in *in);

/* The one message of received parts; they are consumed in any case. EPROTO when it is not one. */
flux_msg_t *wire_decode (zmq_msg_t *parts, int count);

#endif /* !FLUX_OVERLAY_WIRE_H */
