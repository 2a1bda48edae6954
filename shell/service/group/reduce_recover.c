/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An operation ends at the lowest broker that has all contributors below it. When that one dies
 * amid its answers, or the tree changes, those who did not get the result send their contributions
 * again, to another broker, where the others' will never come: it asks them for the result. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/service/group/reduce_private.h"

struct question {
    struct reduce *reduce;
    uint32_t rank;
    char key[OP_KEY_SIZE];
};

static struct op *find_op (struct reduce *r, const char *key)
{
    struct op *op;

    HASH_FIND_STR (r->ops, key, op);
    return op;
}

static bool has_member_on (const struct op *op, uint32_t node)
{
    struct group *g = group_lookup (op->reduce->gs, op->uid, op->name);
    struct member *m = g ? g->members : NULL;

    while (m && m->node != node)
        m = m->hh.next;
    return m != NULL;
}

/* Of a group: all have been asked, and none has the result. */
static void check_lost (struct op *op)
{
    struct buf b = {0};

    if (!op->late || op->questions > 0 || op->unsure)
        return;
    combine_fail (&op->open, EHOSTUNREACH);
    op_encode (op, &b);
    waiters_answer (op->reduce->gs->rt, &op->waiters, &b);
    buf_clear (&b);
    op_free (op);
}

static void result_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct question *q = arg;
    struct op *op = find_op (q->reduce, q->key);
    const void *data = NULL;
    size_t len = 0;
    int errnum = 0;
    struct buf copy = {0};

    flux_msg_get_errnum (response, &errnum);
    if (op && op->questions > 0)
        op->questions--;
    if (op && errnum == 0 && flux_msg_get_payload (response, &data, &len) == 0 &&
        op->nbatches == 0) {
        buf_append (&copy, data, len);
        waiters_answer (rt, &op->waiters, &copy);
        op_keep_result (op, &copy);
        op_free (op);
    } else if (op) {
        if (errnum == EHOSTUNREACH && has_member_on (op, q->rank))
            op->unsure = true;
        check_lost (op);
    }
    free (q);
}

static void ask (struct op *op, uint32_t rank)
{
    struct question *q = calloc (1, sizeof (*q));
    struct group_frame f = {
        .uid = op->uid, .seq = op->seq, .need = op->need, .have = op->open.have};
    struct buf b = {0};

    if (!q)
        return;
    q->reduce = op->reduce;
    q->rank = rank;
    strcpy (q->key, op->key);
    strcpy (f.name, op->name);
    group_frame_encode (&f, &b);
    if (!b.err &&
        router_rpc_raw (op->reduce->gs->rt, "group.result", rank, 0, b.data, b.len, result_cb, q))
        op->questions++;
    else
        free (q);
    buf_clear (&b);
}

/* The brokers of the other members, and the one where it ended. */
static void ask_group (struct op *op)
{
    struct group *g = group_lookup (op->reduce->gs, op->uid, op->name);
    struct idset *nodes = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct member *m = g && nodes ? g->members : NULL;

    op->unsure = false;
    for (; m; m = m->hh.next) {
        if (!idset_test (op->open.have, m->rank))
            idset_set (nodes, m->node);
    }
    if (g && nodes && g->hold.last > 0)
        idset_set (nodes, g->hold.last);
    unsigned int id = nodes ? idset_first (nodes) : IDSET_INVALID_ID;
    for (; id != IDSET_INVALID_ID; id = idset_next (nodes, id))
        ask (op, id);
    idset_destroy (nodes);
    check_lost (op);
}

void op_recover (struct op *op)
{
    unsigned int id;

    if (op->late && op->questions == 0)
        ask_group (op);
    if (op->late)
        return;
    if (!op->need || !op->again || op->questions > 0)
        return;
    for (id = idset_first (op->need); id != IDSET_INVALID_ID; id = idset_next (op->need, id)) {
        if (!idset_test (op->open.have, id))
            ask (op, id);
    }
}

/* group.result, payload as that of group.reduce without parts -> the result; ENOENT */
void reduce_result_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    char key[OP_KEY_SIZE];
    const struct buf *result;
    struct group_frame f;
    const void *data = NULL;
    size_t len = 0;

    flux_msg_get_payload (msg, &data, &len);
    if (group_frame_decode (&f, data, len) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    op_key (key, &f);
    if ((result = results_lookup (gs->reduce->results, key)))
        router_respond_raw (rt, msg, result->data, result->len);
    else
        router_respond_error (rt, msg, ENOENT, NULL);
    group_frame_clear (&f);
}
