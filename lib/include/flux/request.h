/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Make and read request messages (RFC 6). What is read belongs to the message. An absent payload
 * reads as NULL (and length 0); a message of another type is EPROTO. */

#ifndef FLUX_REQUEST_H
#define FLUX_REQUEST_H

#include <flux/message.h>

#ifdef __cplusplus
extern "C" {
#endif

FLUX_EXPORT flux_msg_t *flux_request_encode (const char *topic, const char *s);
FLUX_EXPORT flux_msg_t *flux_request_encode_raw (const char *topic, const void *data, size_t len);

FLUX_EXPORT int flux_request_decode (const flux_msg_t *msg, const char **topic, const char **s);
FLUX_EXPORT int flux_request_decode_raw (const flux_msg_t *msg, const char **topic,
                                         const void **data, size_t *len);
FLUX_EXPORT int flux_request_unpack (const flux_msg_t *msg, const char **topic, const char *fmt,
                                     ...);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_REQUEST_H */
