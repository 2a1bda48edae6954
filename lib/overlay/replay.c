/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A ring of events, at (seq % max). */

#include <errno.h>
#include <stdlib.h>

#include "lib/overlay/replay.h"

struct replay {
    size_t max;
    size_t max_bytes;
    size_t bytes;
    size_t count;
    uint32_t last;
    struct wire **ring;
};

struct replay *replay_create (size_t max_events, size_t max_bytes)
{
    struct replay *r = calloc (1, sizeof (*r));

    if (r) {
        r->max = max_events;
        r->max_bytes = max_bytes;
        if (!(r->ring = calloc (max_events, sizeof (*r->ring)))) {
            free (r);
            return NULL;
        }
    }
    return r;
}

static void drop_oldest (struct replay *r)
{
    uint32_t oldest = r->last - (uint32_t)r->count + 1;
    struct wire **slot = &r->ring[oldest % r->max];

    r->bytes -= (*slot)->size;
    wire_close (*slot);
    free (*slot);
    *slot = NULL;
    r->count--;
}

void replay_destroy (struct replay *r)
{
    if (r) {
        int saved = errno;
        while (r->count > 0)
            drop_oldest (r);
        free (r->ring);
        free (r);
        errno = saved;
    }
}

static void store (struct replay *r, uint32_t seq, const struct wire *w)
{
    struct wire *own = w->size <= r->max_bytes ? malloc (sizeof (*own)) : NULL;

    if (!own || wire_copy (own, w) < 0) {
        free (own);
        while (r->count > 0)
            drop_oldest (r);
        return;
    }
    r->ring[seq % r->max] = own;
    r->bytes += w->size;
    r->last = seq;
    r->count++;
}

void replay_push (struct replay *r, uint32_t seq, const struct wire *w)
{
    while (r->count > 0 && (seq != r->last + 1 || r->count == r->max))
        drop_oldest (r);
    while (r->count > 0 && r->bytes + w->size > r->max_bytes)
        drop_oldest (r);
    store (r, seq, w);
    r->last = seq;
}

const struct wire *replay_get (const struct replay *r, uint32_t seq)
{
    if (r->last - seq >= r->count) // unsigned: also when seq is after last
        return NULL;
    return r->ring[seq % r->max];
}

uint32_t replay_last (const struct replay *r)
{
    return r->last;
}

size_t replay_count (const struct replay *r)
{
    return r->count;
}
