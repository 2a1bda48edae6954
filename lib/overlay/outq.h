/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What waits for a peer that does not take it now, in order and with its bytes counted. */

#ifndef FLUX_OVERLAY_OUTQ_H
#define FLUX_OVERLAY_OUTQ_H

#include <stddef.h>

#include "lib/overlay/wire.h"

struct outq_entry;

/* All zero is an empty queue. */
struct outq {
    struct outq_entry *head;
    size_t count;
    size_t bytes;
};

/* Takes over w. ENOBUFS past max bytes, ENOMEM; then w stays the caller's. */
int outq_push (struct outq *q, struct wire *w, size_t max);
struct wire *outq_head (struct outq *q); // NULL when empty
void outq_pop (struct outq *q);
void outq_clear (struct outq *q);

#endif /* !FLUX_OVERLAY_OUTQ_H */
