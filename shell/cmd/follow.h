/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a client has under way, from the bytes of its connection as they pass (RFC 3), so that it
 * can go on with another connection in place of one that was lost: `flux proxy --reconnect`. */

#ifndef FLUX_CMD_FOLLOW_H
#define FLUX_CMD_FOLLOW_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/util/buf.h"

struct follow;

/* NULL with ENOMEM. */
struct follow *follow_create (void);
void follow_destroy (struct follow *f);

/* From the client, and to it, the broker's greeting included. */
void follow_up (struct follow *f, const char *data, size_t len);
void follow_down (struct follow *f, const char *data, size_t len);

/* Is the connection between two messages, both ways? Else it cannot go on. */
bool follow_is_whole (const struct follow *f);

/* Add ECONNRESET responses to all that is unanswered, for the client; it is forgotten. */
void follow_fail (struct follow *f, struct buf *out);

/* Add requests that make its subscriptions and services anew, for the broker. */
void follow_restore (const struct follow *f, struct buf *out);

#endif /* !FLUX_CMD_FOLLOW_H */
