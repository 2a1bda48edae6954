/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests that a service answers later, or again and again: a list of held messages. */

#ifndef FLUX_BROKER_WAITERS_H
#define FLUX_BROKER_WAITERS_H

#include <stddef.h>
#include <stdbool.h>
#include <flux/message.h>

struct waiters;

struct waiters *waiters_create (void);
void waiters_destroy (struct waiters *w);

/* Takes a reference of the message. ENOSPC past a million. */
int waiters_add (struct waiters *w, const flux_msg_t *msg);
size_t waiters_count (const struct waiters *w);

typedef void (*waiter_f) (const flux_msg_t *msg, void *arg);
void waiters_each (struct waiters *w, waiter_f cb, void *arg);
void waiters_clear (struct waiters *w);

/* Drop this one. */
void waiters_remove (struct waiters *w, const flux_msg_t *msg);

/* Drop those of the sender of `disconnect`. */
void waiters_disconnect (struct waiters *w, const flux_msg_t *disconnect);

/* The held request that a `cancel` request {"matchtag":i} of the same sender means (RFC 6): it is
 * taken off the list and the caller owns the reference. NULL when there is none. */
const flux_msg_t *waiters_cancel (struct waiters *w, const flux_msg_t *cancel);

#endif /* !FLUX_BROKER_WAITERS_H */
