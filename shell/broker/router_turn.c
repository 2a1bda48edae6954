/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The queue of the turn, and what is put off to the turn's end. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/array_room.h"
#include "shell/broker/router_private.h"

/* So many queued messages are handled before the loop looks at its file descriptors again. */
#define TURN_LIMIT 20000

int router_enqueue (struct router *rt, flux_msg_t *msg)
{
    struct queued *q = malloc (sizeof (*q));

    if (!q) {
        flux_msg_decref (msg);
        errno = ENOMEM;
        return -1;
    }
    q->msg = msg;
    q->next = NULL;
    if (rt->queue_tail)
        rt->queue_tail->next = q;
    else
        rt->queue_head = q;
    rt->queue_tail = q;
    return 0;
}

static flux_msg_t *dequeue (struct router *rt)
{
    struct queued *q = rt->queue_head;

    if (!q)
        return NULL;
    flux_msg_t *msg = q->msg;
    rt->queue_head = q->next;
    if (!rt->queue_head)
        rt->queue_tail = NULL;
    free (q);
    return msg;
}

int router_at_turn_end (struct router *rt, turn_end_f cb, void *arg)
{
    for (size_t i = 0; i < rt->turn_end_count; i++) {
        if (rt->turn_end[i].cb == cb && rt->turn_end[i].arg == arg)
            return 0;
    }
    if (ARRAY_ROOM (rt->turn_end, rt->turn_end_count, rt->turn_end_size, 16) < 0)
        return -1;
    rt->turn_end[rt->turn_end_count++] = (struct turn_end){cb, arg};
    return 0;
}

void router_turn_end_forget (struct router *rt, turn_end_f cb, void *arg)
{
    for (size_t i = 0; i < rt->turn_end_count; i++) {
        if (rt->turn_end[i].cb == cb && rt->turn_end[i].arg == arg) {
            rt->turn_end_count--;
            memmove (rt->turn_end + i, rt->turn_end + i + 1,
                     (rt->turn_end_count - i) * sizeof (rt->turn_end[0]));
            return;
        }
    }
}

/* Take the first of the list, so that a callback may add itself again. */
static bool run_one_turn_end (struct router *rt)
{
    if (rt->turn_end_count == 0)
        return false;
    struct turn_end te = rt->turn_end[0];
    rt->turn_end_count--;
    memmove (rt->turn_end, rt->turn_end + 1, rt->turn_end_count * sizeof (te));
    te.cb (rt, te.arg);
    return true;
}

/* Before the loop waits: all queued messages, then the work put off to the end of the turn. */
static void finish_turn (struct router *rt)
{
    flux_msg_t *msg;
    int budget = TURN_LIMIT;

    do {
        while (budget > 0 && (msg = dequeue (rt))) {
            budget--;
            router_input (rt, msg);
        }
    } while (budget > 0 && (run_one_turn_end (rt) || rt->queue_head));
    if (rt->queue_head || rt->turn_end_count > 0)
        ev_idle_start (rt->loop, &rt->idle);
    else
        ev_idle_stop (rt->loop, &rt->idle);
}

static void prepare_cb (struct ev_loop *loop, ev_prepare *w, int revents)
{
    finish_turn (w->data);
}

static void idle_cb (struct ev_loop *loop, ev_idle *w, int revents)
{
}

void router_turn_start (struct router *rt)
{
    ev_prepare_init (&rt->prepare, prepare_cb);
    rt->prepare.data = rt;
    ev_prepare_start (rt->loop, &rt->prepare);
    ev_unref (rt->loop);
    ev_idle_init (&rt->idle, idle_cb);
}

void router_turn_stop (struct router *rt)
{
    flux_msg_t *msg;

    while ((msg = dequeue (rt)))
        flux_msg_decref (msg);
    ev_ref (rt->loop);
    ev_prepare_stop (rt->loop, &rt->prepare);
    ev_idle_stop (rt->loop, &rt->idle);
    free (rt->turn_end);
}
