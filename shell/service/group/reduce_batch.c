/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Contributions on their way up: one request to the parent, whose answer is the result. When the
 * link is lost, it is sent again over the next one. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/util/monotime.h"
#include "shell/service/group/reduce_private.h"

static void batch_send (struct batch *b);

void batch_free (struct batch *b)
{
    struct reduce *r = b->op->reduce;

    ev_timer_stop (router_loop (r->gs->rt), &b->again);
    if (b->matchtag)
        router_rpc_forget (r->gs->rt, b->matchtag);
    b->op->nbatches--;
    DL_DELETE (r->batches, b);
    waiters_free (b->waiters);
    buf_clear (&b->data);
    free (b);
}

static void batch_done (struct batch *b)
{
    struct op *op = b->op;

    batch_free (b);
    if (op->nbatches == 0 && idset_empty (op->open.have))
        op_free (op);
}

/* One that failed before all had come: they are told here. And for those who look for what others
 * got, see reduce_recover.c. */
static void keep_answer (struct op *op, const void *data, size_t len)
{
    struct buf copy = {0};

    buf_append (&copy, data, len);
    op_keep_result (op, &copy);
}

static void batch_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct batch *b = arg;
    struct buf result = {0};
    const void *data = NULL;
    size_t len = 0;
    int errnum = 0;

    b->matchtag = 0;
    flux_msg_get_errnum (response, &errnum);
    if (errnum == EHOSTUNREACH && monotime_now () - b->since < GROUP_RETRY_TIME) {
        ev_timer_start (router_loop (rt), &b->again);
        return;
    }
    if (errnum == 0 && flux_msg_get_payload (response, &data, &len) == 0) {
        result.data = (char *)data;
        result.len = len;
        waiters_answer (rt, &b->waiters, &result);
        keep_answer (b->op, data, len);
    } else {
        waiters_fail (rt, &b->waiters, errnum ? errnum : EPROTO);
    }
    batch_done (b);
}

static void batch_again_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct batch *b = w->data;

    ((unsigned char *)b->data.data)[GROUP_FRAME_AGAIN] = 1;
    batch_send (b);
}

static void batch_send (struct batch *b)
{
    struct router *rt = b->op->reduce->gs->rt;

    b->matchtag = router_rpc_raw (rt, "group.reduce", FLUX_NODEID_UPSTREAM, 0, b->data.data,
                                  b->data.len, batch_cb, b);
    if (b->matchtag == 0) {
        waiters_fail (rt, &b->waiters, ENOMEM);
        batch_done (b);
    }
}

void op_forward (struct op *op)
{
    struct reduce *r = op->reduce;
    struct batch *b = calloc (1, sizeof (*b));

    if (b)
        op_encode (op, &b->data);
    if (!b || b->data.err || idset_add (op->sent, op->open.have) < 0) {
        waiters_fail (r->gs->rt, &op->waiters, ENOMEM);
        if (b)
            buf_clear (&b->data);
        free (b);
        b = NULL;
    }
    combine_clear (&op->open);
    if (combine_init (&op->open) < 0) {
        op_free (op);
        return;
    }
    if (!b)
        return;
    b->op = op;
    b->since = monotime_now ();
    b->waiters = op->waiters;
    op->waiters = NULL;
    op->nbatches++;
    ev_timer_init (&b->again, batch_again_cb, GROUP_RETRY_PAUSE, 0.);
    b->again.data = b;
    DL_APPEND (r->batches, b);
    r->stats.sent_up++;
    batch_send (b);
}
