/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The flat form of a message in its three pieces: head (routes, topic, length of the payload),
 * payload, tail (PROTO), so that a payload need not be copied to be written. */

#ifndef FLUX_CODEC_FLAT_H
#define FLUX_CODEC_FLAT_H

#include <flux/message.h>

#include "lib/codec/frames.h"

#define MSG_TAIL_SIZE (1 + CODEC_PROTO_SIZE)

size_t msg_head_size (const flux_msg_t *msg);

/* Write to p, which has room; returns the end. */
unsigned char *msg_put_head (const flux_msg_t *msg, unsigned char *p);
unsigned char *msg_put_tail (const flux_msg_t *msg, unsigned char *p);

/* As flux_msg_decode(); with `owner` the payload points into it, see msg_from_frames(). */
flux_msg_t *msg_decode_flat (const void *buf, size_t size, struct blob *owner);

#endif /* !FLUX_CODEC_FLAT_H */
