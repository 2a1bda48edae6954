/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collective operations whose tasks, job shells or brokers go. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>
#include <flux/disconnect.h>

#include "shell/service/group/reduce_private.h"

/* A job shell is gone: the others wait for it in vain. */
static void fail_for (struct op *op, int rank)
{
    combine_fail (&op->open, EHOSTUNREACH);
    idset_set (op->open.have, rank);
    op->failed = true;
    op_check (op);
}

/* The rank that it contributed, or -1. */
static int drop_waiter (struct waiter **list, const flux_msg_t *disconnect)
{
    struct waiter *w, *tmp;
    int rank = -1;

    LL_FOREACH_SAFE (*list, w, tmp)
    {
        if (!flux_disconnect_match (disconnect, w->msg))
            continue;
        rank = w->rank;
        LL_DELETE (*list, w);
        flux_msg_decref (w->msg);
        free (w);
    }
    return rank;
}

void reduce_disconnect (struct reduce *r, const flux_msg_t *disconnect)
{
    struct op *op, *tmp;
    struct batch *b, *btmp;
    int rank;

    DL_FOREACH_SAFE (r->batches, b, btmp)
    {
        if ((rank = drop_waiter (&b->waiters, disconnect)) >= 0 && b->op->need)
            fail_for (b->op, rank);
    }
    HASH_ITER (hh, r->ops, op, tmp)
    {
        if ((rank = drop_waiter (&op->waiters, disconnect)) >= 0 && op->need)
            fail_for (op, rank);
    }
}

void reduce_rank_lost (struct reduce *r, uint32_t rank)
{
    struct op *op, *tmp;

    idset_set (r->lost, rank);
    HASH_ITER (hh, r->ops, op, tmp)
    {
        if (op->need && idset_test (op->need, rank))
            fail_for (op, rank);
    }
}

static bool has_all (const struct op *op, const struct idset *ranks)
{
    unsigned int id = idset_first (ranks);

    for (; id != IDSET_INVALID_ID; id = idset_next (ranks, id)) {
        if (!op || !idset_test (op->open.have, id))
            return false;
    }
    return true;
}

/* One that died before it came to the next operation makes that fail, so that all the others hear
 * of it at the same place. One that left is not waited for. */
void reduce_members_changed (struct reduce *r, struct group *g, const struct idset *died)
{
    struct group_frame f = {.uid = g->uid, .seq = g->next_seq};
    struct op *op;

    strcpy (f.name, g->name);
    op = op_lookup (r, &f);

    if (died && !has_all (op, died)) {
        if (op)
            fail_for (op, idset_first (died));
        else
            g->next_seq++;
    } else if (op) {
        op_check (op);
    }
}
