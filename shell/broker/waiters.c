/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Held requests, see waiters.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/disconnect.h>

#include "lib/util/array_room.h"
#include "shell/broker/waiters.h"

#define WAITERS_MAX 1000000

struct waiters {
    const flux_msg_t **msgs;
    size_t count;
    size_t size;
};

struct waiters *waiters_create (void)
{
    return calloc (1, sizeof (struct waiters));
}

void waiters_clear (struct waiters *w)
{
    for (size_t i = 0; i < w->count; i++)
        flux_msg_decref (w->msgs[i]);
    w->count = 0;
}

void waiters_destroy (struct waiters *w)
{
    if (w) {
        waiters_clear (w);
        free (w->msgs);
        free (w);
    }
}

int waiters_add (struct waiters *w, const flux_msg_t *msg)
{
    if (w->count == WAITERS_MAX) {
        errno = ENOSPC;
        return -1;
    }
    if (ARRAY_ROOM (w->msgs, w->count, w->size, 8) < 0)
        return -1;
    w->msgs[w->count++] = flux_msg_incref (msg);
    return 0;
}

size_t waiters_count (const struct waiters *w)
{
    return w->count;
}

void waiters_each (struct waiters *w, waiter_f cb, void *arg)
{
    for (size_t i = 0; i < w->count; i++)
        cb (w->msgs[i], arg);
}

void waiters_disconnect (struct waiters *w, const flux_msg_t *disconnect)
{
    size_t kept = 0;

    for (size_t i = 0; i < w->count; i++) {
        if (flux_disconnect_match (disconnect, w->msgs[i]))
            flux_msg_decref (w->msgs[i]);
        else
            w->msgs[kept++] = w->msgs[i];
    }
    w->count = kept;
}

static void take_out (struct waiters *w, size_t i)
{
    memmove (w->msgs + i, w->msgs + i + 1, (--w->count - i) * sizeof (w->msgs[0]));
}

void waiters_remove (struct waiters *w, const flux_msg_t *msg)
{
    for (size_t i = 0; i < w->count; i++) {
        if (w->msgs[i] == msg) {
            take_out (w, i);
            flux_msg_decref (msg);
            return;
        }
    }
}

const flux_msg_t *waiters_cancel (struct waiters *w, const flux_msg_t *cancel)
{
    for (size_t i = 0; i < w->count; i++) {
        const flux_msg_t *msg = w->msgs[i];
        if (flux_cancel_match (cancel, msg)) {
            take_out (w, i);
            return msg;
        }
    }
    return NULL;
}
