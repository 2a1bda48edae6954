/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Payloads without copies, for those inside the suite. */

#ifndef FLUX_CODEC_PAYLOAD_H
#define FLUX_CODEC_PAYLOAD_H

#include <jansson.h>
#include <flux/message.h>

#include "lib/codec/blob.h"

/* Set the payload to len bytes at data, which lie in b; the message takes a reference of b. */
int msg_set_payload_blob (flux_msg_t *msg, struct blob *b, const void *data, size_t len);

/* Set the payload to malloc'ed memory, which the message frees. On failure the caller keeps it. */
int msg_set_payload_take (flux_msg_t *msg, char *data, size_t len);

/* The payload's memory, to hold on to it (blob_incref) beyond the message; NULL without payload. */
struct blob *msg_payload_blob (const flux_msg_t *msg);

/* The payload as a JSON object, parsed once; the message owns it. NULL with EPROTO. */
json_t *msg_get_json (const flux_msg_t *msg);

/* Encode o as the payload and keep it as the parsed object; takes the reference of o, also on
 * failure. EINVAL when o is NULL or no object. */
int msg_set_json_new (flux_msg_t *msg, json_t *o);

#endif /* !FLUX_CODEC_PAYLOAD_H */
