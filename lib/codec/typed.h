/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What requests, responses and events share: a topic and an optional payload. */

#ifndef FLUX_CODEC_TYPED_H
#define FLUX_CODEC_TYPED_H

#include <flux/message.h>

/* A message of a type with topic and payload (which may be NULL); requests and responses get an
 * empty route stack. */
flux_msg_t *typed_encode (int type, const char *topic, const void *data, size_t len);

/* Read the topic (and check the type); then the payload as text, or raw. */
int typed_topic (const flux_msg_t *msg, int type, const char **topic);
int typed_raw (const flux_msg_t *msg, const void **data, size_t *len);

#endif /* !FLUX_CODEC_TYPED_H */
