/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collective operations. A broker joins the contributions of its tasks and of its children, and
 * sends them up in one message when all that are here and below have come: O(log N) hops, one
 * message per link each way. The lowest broker that has all of them below ends the operation; the
 * result goes down as the answers to these messages. Of groups that is rank 0, which must put
 * operations, joins and deaths in order, until it has let another one have them (hold.h).
 *
 * An operation is known by user, name and number. Who must contribute is said by each message
 * ("need": the job shells of a job, by the ranks of their brokers), or is the members of the group
 * of that name. Where that is not known yet, a broker sends on what it has at the end of the turn.
 *
 * When a link is lost, what went over it is sent again over the next one: contributions that come
 * twice count once (combine.h), and rank 0 keeps results for those who did not get them. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/service/group/reduce_private.h"

/* Something that is over: a result that is still there, or else an operation that failed. */
static void answer_late (struct reduce *r, const flux_msg_t *msg, struct group_frame *f)
{
    const struct buf *data;
    char key[OP_KEY_SIZE];
    struct buf b = {0};

    op_key (key, f);
    if (!(data = results_lookup (r->results, key))) {
        f->errnum = EHOSTUNREACH;
        f->nparts = f->parts_len = 0;
        group_frame_encode (f, &b);
        data = &b;
    }
    router_respond_raw (r->gs->rt, msg, data->data, data->len);
    buf_clear (&b);
}

static void finish (struct op *op)
{
    struct reduce *r = op->reduce;

    r->stats.ended++;
    struct group *g = op->need ? NULL : group_lookup (r->gs, op->uid, op->name);
    struct buf b = {0};

    op_encode (op, &b);
    if (b.err)
        waiters_fail (r->gs->rt, &op->waiters, ENOMEM);
    else
        waiters_answer (r->gs->rt, &op->waiters, &b);
    if (g && g->next_seq == op->seq)
        g->next_seq++;
    op_keep_result (op, &b);
    op_free (op);
}

static bool covers (const struct op *op, const struct idset *need, bool below_only)
{
    struct router *rt = op->reduce->gs->rt;
    unsigned int id = idset_first (need);

    for (; id != IDSET_INVALID_ID; id = idset_next (need, id)) {
        if (!idset_test (op->open.have, id) && !idset_test (op->sent, id) &&
            (!below_only || router_rank_below (rt, id)))
            return false;
    }
    return true;
}

/* All contributors are here or below, and it is known who they are. */
static bool is_end (const struct op *op)
{
    struct router *rt = op->reduce->gs->rt;
    unsigned int id;

    if (router_rank (rt) == 0)
        return true;
    if (!op->need) {
        struct group *g = group_lookup (op->reduce->gs, op->uid, op->name);
        return g && g->hold.here;
    }
    for (id = idset_first (op->need); id != IDSET_INVALID_ID; id = idset_next (op->need, id)) {
        if (!router_rank_below (rt, id))
            return false;
    }
    return true;
}

/* Rank 0: a contributor that will not come. */
static bool is_hopeless (const struct op *op)
{
    const struct reduce *r = op->reduce;
    unsigned int id = op->need ? idset_first (r->lost) : IDSET_INVALID_ID;

    for (; id != IDSET_INVALID_ID; id = idset_next (r->lost, id)) {
        if (idset_test (op->need, id) && !idset_test (op->open.have, id) &&
            !router_rank_below (r->gs->rt, id))
            return true;
    }
    return false;
}

/* All that can come from here and below is there. */
static bool is_complete (struct op *op)
{
    struct reduce *r = op->reduce;
    bool end = is_end (op);

    if (op->failed || (op->need && op->open.errnum))
        return true;
    if (op->need)
        return covers (op, op->need, !end);
    struct group *g = group_lookup (r->gs, op->uid, op->name);
    const struct idset *need = !g ? NULL : end ? g->live : group_below (g);
    return need && idset_count (op->open.have) + idset_count (op->sent) >= idset_count (need) &&
           covers (op, need, false);
}

/* Nothing came from elsewhere, and it came in more than one message, or from here. */
static bool is_lowest (const struct op *op, const struct group *g)
{
    return g && g->version > 0 && op->waiters && (op->waiters->next || op->waiters->rank >= 0) &&
           idset_empty (op->sent) && idset_equal (op->open.have, g->live);
}

void op_check (struct op *op)
{
    struct group *g = op->need ? NULL : group_lookup (op->reduce->gs, op->uid, op->name);
    uint32_t seq = op->seq;

    if (idset_empty (op->open.have) || op->late || group_hold_waits (g, seq))
        return;
    if (is_hopeless (op))
        combine_fail (&op->open, EHOSTUNREACH);
    if (!is_complete (op))
        return;
    if (is_end (op)) {
        finish (op);
        return;
    }
    bool lowest = is_lowest (op, g);
    op_forward (op);
    if (lowest)
        group_hold_consider (g, seq);
}

void reduce_check_group (struct group *g)
{
    struct op *op, *tmp;

    HASH_ITER (hh, g->gs->reduce->ops, op, tmp)
    {
        if (!op->need && op->uid == g->uid && strcmp (op->name, g->name) == 0)
            op_check (op);
    }
}

bool reduce_has_group (const struct group *g)
{
    struct op *op, *tmp;

    HASH_ITER (hh, g->gs->reduce->ops, op, tmp)
    {
        if (!op->need && !op->late && op->uid == g->uid && strcmp (op->name, g->name) == 0)
            return true;
    }
    return false;
}

/* Where the members are not known, nobody is waited for beyond the turn. */
static void forward_unknown (struct router *rt, void *arg)
{
    struct reduce *r = arg;
    struct op *op, *tmp;

    HASH_ITER (hh, r->ops, op, tmp)
    {
        struct group *g = op->need ? NULL : group_lookup (r->gs, op->uid, op->name);
        if (!op->need && (!g || g->version == 0) && !idset_empty (op->open.have))
            op_forward (op);
    }
}

/* An inner broker, or one whose first task has joined just now, learns who is in the group. */
static void learn_members (struct op *op)
{
    struct reduce *r = op->reduce;

    if (op->need || router_rank (r->gs->rt) == 0)
        return;
    struct group *g = group_get (r->gs, op->uid, op->name);
    if (g && g->version == 0) {
        group_sync (g);
        router_at_turn_end (r->gs->rt, forward_unknown, r);
    }
}

static int add_waiter (struct op *op, const flux_msg_t *msg, int rank)
{
    struct waiter *w = calloc (1, sizeof (*w));

    if (!w)
        return -1;
    w->msg = flux_msg_incref (msg);
    w->rank = rank;
    LL_PREPEND (op->waiters, w);
    return 0;
}

static bool has_joined (struct reduce *r, const flux_msg_t *msg, const struct group_frame *f)
{
    struct group *g = group_lookup (r->gs, f->uid, f->name);
    struct join *j;

    DL_FOREACH (g ? g->joins : NULL, j)
    {
        if (j->rank == (int)idset_first (f->have) && flux_msg_route_match_first (j->request, msg))
            return true;
    }
    return false;
}

/* What a task or job shell may say: for itself only. Returns an errno. */
static int check_local (struct reduce *r, const flux_msg_t *msg, const struct group_frame *f)
{
    if (idset_count (f->have) != 1 || f->errnum)
        return EPROTO;
    if (f->need)
        return idset_test (f->need, idset_first (f->have)) ? 0 : EPROTO;
    return has_joined (r, msg, f) ? 0 : EPERM;
}

static bool is_over (const struct reduce *r, const struct group_frame *f)
{
    char key[OP_KEY_SIZE];

    op_key (key, f);
    return results_lookup (r->results, key) != NULL;
}

/* Where the operations of a group end: an errno, or -1 when it was answered. */
static int check_number (struct reduce *r, const flux_msg_t *msg, struct group_frame *f, bool *late)
{
    bool root = router_rank (r->gs->rt) == 0;
    struct group *g = f->need ? NULL : group_lookup (r->gs, f->uid, f->name);

    if (f->need || (!root && (!g || !g->hold.here)))
        return 0;
    if (!g)
        return ENOENT;
    if ((int32_t)(f->seq - g->next_seq) >= 0)
        return f->seq == g->next_seq ? 0 : EPROTO;
    if ((*late = root && group_hold_had (g, f->seq)))
        return 0;
    answer_late (r, msg, f);
    return -1;
}

static int take (struct reduce *r, const flux_msg_t *msg, struct group_frame *f)
{
    bool local = flux_msg_is_local (msg);

    ++*(local ? &r->stats.from_tasks : &r->stats.from_brokers);
    int rank = local ? (int)idset_first (f->have) : -1;
    bool late = false;
    int rc;

    if (idset_empty (f->have) || !*f->name)
        return EPROTO;
    if (local && (rc = check_local (r, msg, f)) != 0)
        return rc;
    if (is_over (r, f)) {
        answer_late (r, msg, f);
        return 0;
    }
    if ((rc = check_number (r, msg, f, &late)) != 0)
        return rc < 0 ? 0 : rc;
    struct op *op = op_get (r, f);
    if (op) {
        op->again |= f->again;
        op->late = late;
    }
    if (!op || combine_add (&op->open, f) < 0 || add_waiter (op, msg, rank) < 0)
        return ENOMEM;
    learn_members (op);
    if (late)
        op_recover (op);
    else
        op_check (op);
    return 0;
}

/* At rank 0, while another broker has the operations of the group. */
static bool is_deferred (struct group_service *gs, const flux_msg_t *msg,
                         const struct group_frame *f)
{
    return router_rank (gs->rt) == 0 && !f->need &&
           group_hold_defer (group_lookup (gs, f->uid, f->name), msg, reduce_cb);
}

void reduce_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    struct group_frame f;
    const void *data = NULL;
    size_t len = 0;
    int rc;

    flux_msg_get_payload (msg, &data, &len);
    if (group_frame_decode (&f, data, len) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (group_request_uid (gs, msg, f.uid, &f.uid) == 0 && !is_deferred (gs, msg, &f) &&
        (rc = take (gs->reduce, msg, &f)) > 0)
        router_respond_error (rt, msg, rc, NULL);
    group_frame_clear (&f);
}

static void recheck_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct reduce *r = w->data;
    struct op *op, *tmp;

    HASH_ITER (hh, r->ops, op, tmp)
    {
        if (op->late || (is_end (op) && !is_complete (op)))
            op_recover (op);
        else
            op_check (op);
    }
    if (results_expire (r->results) && !r->ops)
        ev_timer_stop (loop, w);
}

json_t *reduce_stats (const struct reduce *r)
{
    return json_pack ("{s:i s:I s:I s:I s:I}", "operations", (int)HASH_COUNT (r->ops), "ended",
                      (json_int_t)r->stats.ended, "from-tasks", (json_int_t)r->stats.from_tasks,
                      "from-brokers", (json_int_t)r->stats.from_brokers, "sent-up",
                      (json_int_t)r->stats.sent_up);
}

struct reduce *reduce_create (struct group_service *gs)
{
    struct reduce *r = calloc (1, sizeof (*r));

    if (r &&
        (!(r->results = results_create ()) || !(r->lost = idset_create (0, IDSET_FLAG_AUTOGROW)))) {
        results_destroy (r->results);
        free (r);
        return NULL;
    }
    if (r) {
        r->gs = gs;
        ev_timer_init (&r->recheck, recheck_cb, 0., GROUP_RECHECK_TIME);
        r->recheck.data = r;
    }
    return r;
}

void reduce_destroy (struct reduce *r)
{
    if (r) {
        struct op *op, *tmp;
        struct batch *b, *btmp;
        ev_timer_stop (router_loop (r->gs->rt), &r->recheck);
        DL_FOREACH_SAFE (r->batches, b, btmp)
        batch_free (b);
        HASH_ITER (hh, r->ops, op, tmp)
        op_free (op);
        results_destroy (r->results);
        idset_destroy (r->lost);
        free (r);
    }
}
