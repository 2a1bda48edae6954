/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An operation on this broker: what has come for it, and who waits for the result. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/service/group/reduce_private.h"

/* Groups and those that are named by each message do not meet. */
void op_key (char key[OP_KEY_SIZE], const struct group_frame *f)
{
    snprintf (key, OP_KEY_SIZE, "%u%c%s#%u", (unsigned)f->uid, f->need ? '!' : '/', f->name,
              (unsigned)f->seq);
}

struct op *op_lookup (struct reduce *r, const struct group_frame *f)
{
    char key[OP_KEY_SIZE];
    struct op *op;

    op_key (key, f);
    HASH_FIND_STR (r->ops, key, op);
    return op;
}

void waiters_free (struct waiter *list)
{
    struct waiter *w, *tmp;

    LL_FOREACH_SAFE (list, w, tmp)
    {
        flux_msg_decref (w->msg);
        free (w);
    }
}

void op_free (struct op *op)
{
    HASH_DEL (op->reduce->ops, op);
    waiters_free (op->waiters);
    combine_clear (&op->open);
    idset_destroy (op->need);
    idset_destroy (op->sent);
    free (op);
}

static struct op *op_create (struct reduce *r, struct group_frame *f)
{
    struct op *op = calloc (1, sizeof (*op));

    if (!op || combine_init (&op->open) < 0 ||
        !(op->sent = idset_create (0, IDSET_FLAG_AUTOGROW))) {
        if (op)
            combine_clear (&op->open);
        free (op);
        return NULL;
    }
    op->reduce = r;
    op->uid = f->uid;
    op->seq = f->seq;
    strcpy (op->name, f->name);
    op_key (op->key, f);
    op->need = f->need;
    f->need = NULL;
    HASH_ADD_STR (r->ops, key, op);
    if (!ev_is_active (&r->recheck))
        ev_timer_again (router_loop (r->gs->rt), &r->recheck);
    return op;
}

struct op *op_get (struct reduce *r, struct group_frame *f)
{
    struct op *op = op_lookup (r, f);

    return op ? op : op_create (r, f);
}

void waiters_answer (struct router *rt, struct waiter **list, const struct buf *data)
{
    struct waiter *w;

    LL_FOREACH (*list, w)
    router_respond_raw (rt, w->msg, data->data, data->len);
    waiters_free (*list);
    *list = NULL;
}

void waiters_fail (struct router *rt, struct waiter **list, int errnum)
{
    struct waiter *w;

    LL_FOREACH (*list, w)
    router_respond_error (rt, w->msg, errnum, NULL);
    waiters_free (*list);
    *list = NULL;
}

void op_encode (const struct op *op, struct buf *b)
{
    struct group_frame f = {.uid = op->uid, .seq = op->seq, .need = op->need, .again = op->again};

    strcpy (f.name, op->name);
    combine_get (&op->open, &f);
    group_frame_encode (&f, b);
}

static void keep_result (struct reduce *r, const char *key, struct buf *data)
{
    results_keep (r->results, key, data);
    if (!ev_is_active (&r->recheck))
        ev_timer_again (router_loop (r->gs->rt), &r->recheck);
}

void op_keep_result (struct op *op, struct buf *data)
{
    struct reduce *r = op->reduce;
    struct group *g = op->need ? NULL : group_lookup (r->gs, op->uid, op->name);
    struct group_frame before = {.uid = op->uid, .seq = op->seq - 1};
    char key[OP_KEY_SIZE];

    if (g && (int32_t)(op->seq + 1 - g->hold.seen) > 0)
        g->hold.seen = op->seq + 1;
    if (!op->need) {
        strcpy (before.name, op->name);
        op_key (key, &before);
        results_forget (r->results, key);
    }
    keep_result (r, op->key, data);
}
