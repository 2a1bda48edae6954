/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Messages on ZeroMQ.
 *
 * RFC 3 draws a message as parts and lets the transport keep their borders. With CURVE each ZeroMQ
 * part is encrypted by itself (33 bytes and a few microseconds more), and a routed message has six
 * and more. Therefore the parts go as one ZeroMQ part in RFC 3's own framing
 *
 *   size (1 or 5 bytes) | route | ... | size | topic | size | payload | size | PROTO
 *
 * and only a payload of WIRE_SHARE_MIN bytes or more is left out of that and follows as a second
 * ZeroMQ part, which is neither copied by us nor, in a broadcast, made more than once. (Below that
 * a copy is cheaper than one more part: bench/overlay_rtt with 8 KiB.) */

#ifndef FLUX_OVERLAY_WIRE_H
#define FLUX_OVERLAY_WIRE_H

#include <stddef.h>
#include <zmq.h>
#include <flux/message.h>

#define WIRE_SHARE_MIN 32768
#define WIRE_PARTS 2

struct wire {
    zmq_msg_t part[WIRE_PARTS];
    int count;
    size_t size; // bytes in all
};

/* EMSGSIZE above CODEC_MESSAGE_MAX. */
int wire_encode (struct wire *w, const flux_msg_t *msg);

/* Shares the memory. */
int wire_copy (struct wire *dst, const struct wire *src);
void wire_close (struct wire *w);

/* Make a message of received parts; they are consumed in any case. EPROTO when they are none. */
flux_msg_t *wire_decode (zmq_msg_t *parts, int count);

#endif /* !FLUX_OVERLAY_WIRE_H */
