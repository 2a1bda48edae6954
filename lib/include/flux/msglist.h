/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A list of messages, which holds a reference to each. It has one cursor: first and next move it,
 * delete removes what is under it and next goes on from there. */

#ifndef FLUX_MSGLIST_H
#define FLUX_MSGLIST_H

#include <flux/message.h>

#ifdef __cplusplus
extern "C" {
#endif

struct flux_msglist;

FLUX_EXPORT struct flux_msglist *flux_msglist_create (void);
FLUX_EXPORT void flux_msglist_destroy (struct flux_msglist *l);

/* Add in front, add behind. */
FLUX_EXPORT int flux_msglist_push (struct flux_msglist *l, const flux_msg_t *msg);
FLUX_EXPORT int flux_msglist_append (struct flux_msglist *l, const flux_msg_t *msg);
FLUX_EXPORT void flux_msglist_delete (struct flux_msglist *l);

/* Take the first out; the caller owns the reference. */
FLUX_EXPORT const flux_msg_t *flux_msglist_pop (struct flux_msglist *l);

FLUX_EXPORT const flux_msg_t *flux_msglist_first (struct flux_msglist *l);
FLUX_EXPORT const flux_msg_t *flux_msglist_next (struct flux_msglist *l);
FLUX_EXPORT const flux_msg_t *flux_msglist_last (struct flux_msglist *l);
FLUX_EXPORT int flux_msglist_count (struct flux_msglist *l);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_MSGLIST_H */
