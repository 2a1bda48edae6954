/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A message as the array of parts that RFC 3 draws, for transports which keep the borders of the
 * parts (ZeroMQ):
 *
 *   route (newest) | ... | route (oldest) | empty delimiter | topic | payload | PROTO
 *
 * Routes and delimiter, topic and payload are there when their flag is set. PROTO is 20 bytes. */

#ifndef FLUX_CODEC_FRAMES_H
#define FLUX_CODEC_FRAMES_H

#include <flux/message.h>

#include "lib/codec/limits.h"

#define CODEC_PROTO_SIZE 20

struct blob;

struct frame {
    const void *data; // NULL when len is 0
    size_t len;
};

/* Point frames[] at the parts of msg, which must not change meanwhile; PROTO is written to `proto`.
 * Returns the count, or -1 with EOVERFLOW when there are more than max. No allocation. */
int msg_frames (const flux_msg_t *msg, unsigned char proto[CODEC_PROTO_SIZE], struct frame *frames,
                int max);

/* Make a message of parts, which are copied. With `owner` not NULL the payload is not copied but
 * points into the owner's memory, of which the message takes a reference. EPROTO when the parts do
 * not follow RFC 3 or a limit. */
flux_msg_t *msg_from_frames (const struct frame *frames, int count, struct blob *owner);

/* Cut the flat form of a message into its parts. Returns the count, or -1 with EPROTO. */
int frames_split (const void *buf, size_t size, struct frame *frames, int max);

#endif /* !FLUX_CODEC_FRAMES_H */
