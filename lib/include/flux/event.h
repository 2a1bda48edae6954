/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Make, read, publish and subscribe to event messages (RFC 3). */

#ifndef FLUX_EVENT_H
#define FLUX_EVENT_H

#include <flux/message.h>

#ifdef __cplusplus
extern "C" {
#endif

enum event_flags {
    FLUX_EVENT_PRIVATE = 1, // only for the sender and the instance owner
};

/* Hear events whose topic begins with `topic`. Counted: as many unsubscribes as subscribes end it.
 */
FLUX_EXPORT int flux_event_subscribe (flux_t *h, const char *topic);
FLUX_EXPORT int flux_event_unsubscribe (flux_t *h, const char *topic);
FLUX_EXPORT flux_future_t *flux_event_subscribe_ex (flux_t *h, const char *topic, int flags);
FLUX_EXPORT flux_future_t *flux_event_unsubscribe_ex (flux_t *h, const char *topic, int flags);

FLUX_EXPORT flux_msg_t *flux_event_encode (const char *topic, const char *s);
FLUX_EXPORT flux_msg_t *flux_event_encode_raw (const char *topic, const void *data, size_t len);
FLUX_EXPORT flux_msg_t *flux_event_pack (const char *topic, const char *fmt, ...);

FLUX_EXPORT int flux_event_decode (const flux_msg_t *msg, const char **topic, const char **s);
FLUX_EXPORT int flux_event_decode_raw (const flux_msg_t *msg, const char **topic, const void **data,
                                       size_t *len);
FLUX_EXPORT int flux_event_unpack (const flux_msg_t *msg, const char **topic, const char *fmt, ...);

/* The future is fulfilled when the event has its sequence number, which says nothing of who has
 * seen it yet. */
FLUX_EXPORT flux_future_t *flux_event_publish (flux_t *h, const char *topic, int flags,
                                               const char *s);
FLUX_EXPORT flux_future_t *flux_event_publish_pack (flux_t *h, const char *topic, int flags,
                                                    const char *fmt, ...);
FLUX_EXPORT flux_future_t *flux_event_publish_raw (flux_t *h, const char *topic, int flags,
                                                   const void *data, size_t len);
FLUX_EXPORT int flux_event_publish_get_seq (flux_future_t *f, int *seq);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_EVENT_H */
