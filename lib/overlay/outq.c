/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A queue of messages for one peer. */

#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "lib/overlay/outq.h"

struct outq_entry {
    struct wire w;
    struct outq_entry *prev, *next;
};

int outq_push (struct outq *q, struct wire *w, size_t max)
{
    size_t cost = w->size + sizeof (struct outq_entry);
    struct outq_entry *e;

    if (q->bytes + cost > max) {
        errno = ENOBUFS;
        return -1;
    }
    if (!(e = malloc (sizeof (*e))))
        return -1;
    /* A zmq_msg_t must not be copied as bytes. */
    for (int i = 0; i < w->count; i++) {
        zmq_msg_init (&e->w.part[i]);
        zmq_msg_move (&e->w.part[i], &w->part[i]);
    }
    e->w.count = w->count;
    e->w.size = w->size;
    wire_close (w);
    DL_APPEND (q->head, e);
    q->count++;
    q->bytes += cost;
    return 0;
}

struct wire *outq_head (struct outq *q)
{
    return q->head ? &q->head->w : NULL;
}

void outq_pop (struct outq *q)
{
    struct outq_entry *e = q->head;

    if (e) {
        DL_DELETE (q->head, e);
        q->count--;
        q->bytes -= e->w.size + sizeof (*e);
        wire_close (&e->w);
        free (e);
    }
}

void outq_clear (struct outq *q)
{
    while (q->head)
        outq_pop (q);
}
