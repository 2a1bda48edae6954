/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The last events that passed through a broker, kept for those that change their parent and would
 * miss some. Bounded; the oldest go first. */

#ifndef FLUX_OVERLAY_REPLAY_H
#define FLUX_OVERLAY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/overlay/wire.h"

struct replay;

struct replay *replay_create (size_t max_events, size_t max_bytes);
void replay_destroy (struct replay *r);

/* Keep a reference of an event. A sequence number that does not follow the last one empties it. */
void replay_push (struct replay *r, uint32_t seq, const struct wire *w);

/* The event with this number, or NULL when it is not kept. */
const struct wire *replay_get (const struct replay *r, uint32_t seq);

/* The last number pushed, 0 when there was none, and how many are kept. */
uint32_t replay_last (const struct replay *r);
size_t replay_count (const struct replay *r);

/* Does a come after b? Sequence numbers wrap. */
static inline bool seq_after (uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

#endif /* !FLUX_OVERLAY_REPLAY_H */
