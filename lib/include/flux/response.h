/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Make, read and send response messages (RFC 6). */

#ifndef FLUX_RESPONSE_H
#define FLUX_RESPONSE_H

#include <flux/message.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An error response fails with errno set to its errnum. Otherwise as flux_request_decode(). */
FLUX_EXPORT int flux_response_decode (const flux_msg_t *msg, const char **topic, const char **s);
FLUX_EXPORT int flux_response_decode_raw (const flux_msg_t *msg, const char **topic,
                                          const void **data, size_t *len);

/* The sentence in an error response. ENOENT when it is no error, or has no text. */
FLUX_EXPORT int flux_response_decode_error (const flux_msg_t *msg, const char **errstr);

FLUX_EXPORT flux_msg_t *flux_response_encode (const char *topic, const char *s);
FLUX_EXPORT flux_msg_t *flux_response_encode_raw (const char *topic, const void *data, size_t len);
FLUX_EXPORT flux_msg_t *flux_response_encode_error (const char *topic, int errnum,
                                                    const char *errstr);

/* The response to a request: its topic, matchtag, flags and routes, without payload and
 * credentials. EINVAL for a request that wants none. */
FLUX_EXPORT flux_msg_t *flux_response_derive (const flux_msg_t *request, int errnum);

/* Answer a request. Nothing is sent, and 0 returned, when nobody waits for it. */
FLUX_EXPORT int flux_respond (flux_t *h, const flux_msg_t *request, const char *s);
FLUX_EXPORT int flux_respond_pack (flux_t *h, const flux_msg_t *request, const char *fmt, ...);
FLUX_EXPORT int flux_respond_raw (flux_t *h, const flux_msg_t *request, const void *data, int len);

/* errnum 0 is sent as EINVAL; errstr may be NULL. */
FLUX_EXPORT int flux_respond_error (flux_t *h, const flux_msg_t *request, int errnum,
                                    const char *errstr);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_RESPONSE_H */
