/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* For services with waiting requests: drop those of a client that went away (the `disconnect`
 * request) and end those that it cancels (the `cancel` request, {"matchtag": of the RPC}). RFC 6.
 */

#ifndef FLUX_DISCONNECT_H
#define FLUX_DISCONNECT_H

#include <flux/msglist.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The disconnect request msg1 is from the sender of msg2, and allowed to speak for it. */
FLUX_EXPORT bool flux_disconnect_match (const flux_msg_t *msg1, const flux_msg_t *msg2);

/* Remove what matches; returns how many. */
FLUX_EXPORT int flux_msglist_disconnect (struct flux_msglist *l, const flux_msg_t *msg);

FLUX_EXPORT bool flux_cancel_match (const flux_msg_t *msg1, const flux_msg_t *msg2);

/* Answer the request that msg cancels with ENODATA and remove it; returns how many. */
FLUX_EXPORT int flux_msglist_cancel (flux_t *h, struct flux_msglist *l, const flux_msg_t *msg);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_DISCONNECT_H */
