/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Rank 0: who holds a group's operations, and how they are taken back. When that broker dies, the
 * brokers of the members are asked how far they are. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/service/group/hold.h"

struct deferred {
    const flux_msg_t *msg;
    handler_f again;
    struct deferred *prev, *next;
};

struct question {
    struct group_service *gs;
    char *key;
    uint32_t node;
};

static void recall (struct group *g);

/* group.hold {"uid":i "name":s "rank":i "version":i "seq":i} -> {}; EAGAIN */
void group_hold_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = group_said (arg, msg);
    json_int_t rank, version, seq;

    if (flux_msg_unpack (msg, "{s:I s:I s:I}", "rank", &rank, "version", &version, "seq", &seq) <
            0 ||
        rank <= 0 || rank >= router_size (rt)) {
        router_respond_error (rt, msg, EPROTO, NULL);
    } else if (!g || g->hold.rank > 0 || g->version != version || g->next_seq != seq ||
               reduce_has_group (g)) {
        router_respond_error (rt, msg, EAGAIN, NULL);
    } else {
        g->hold.rank = g->hold.last = rank;
        g->hold.from = g->hold.to = seq;
        router_respond (rt, msg, NULL);
    }
}

bool group_hold_had (const struct group *g, uint32_t seq)
{
    return (int32_t)(seq - g->hold.from) >= 0 && (int32_t)(seq - g->hold.to) < 0;
}

void group_hold_free (struct group *g)
{
    struct deferred *d, *tmp;

    DL_FOREACH_SAFE (g->hold.deferred, d, tmp)
    {
        flux_msg_decref (d->msg);
        free (d);
    }
    idset_destroy (g->hold.lost);
    idset_destroy (g->hold.ask);
}

/* They are rank 0's again: what has waited for that. The group may be gone then. */
static void released (struct group *g)
{
    struct group_service *gs = g->gs;
    struct deferred *list = g->hold.deferred, *d, *tmp;
    struct idset *lost = g->hold.lost;
    char *key = strdup (g->key);

    g->hold.rank = 0;
    g->hold.to = g->next_seq;
    g->hold.deferred = NULL;
    g->hold.lost = NULL;
    DL_FOREACH_SAFE (list, d, tmp)
    {
        d->again (gs->rt, d->msg, gs);
        flux_msg_decref (d->msg);
        free (d);
    }
    if (key)
        HASH_FIND_STR (gs->groups, key, g);
    unsigned int node = lost ? idset_first (lost) : IDSET_INVALID_ID;
    for (; key && g && node != IDSET_INVALID_ID; node = idset_next (lost, node))
        group_lose_members (g, node);
    idset_destroy (lost);
    free (key);
}

/* The group that was asked about, as long as another broker holds its operations. */
static struct group *answered (struct question *q)
{
    struct group *g;

    HASH_FIND_STR (q->gs->groups, q->key, g);
    free (q->key);
    return g && g->hold.rank > 0 ? g : NULL;
}

static bool send_question (struct group *g, const char *topic, uint32_t node, response_f cb)
{
    struct question *q = calloc (1, sizeof (*q));

    if (q && (q->key = strdup (g->key))) {
        q->gs = g->gs;
        q->node = node;
        if (router_rpc_pack (g->gs->rt, topic, node, 0, cb, q, "{s:I s:s}", "uid",
                             (json_int_t)g->uid, "name", g->name) > 0)
            return true;
        free (q->key);
    }
    free (q);
    ev_timer_start (router_loop (g->gs->rt), &g->gs->again);
    return false;
}

static void recall_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct question *q = arg;
    struct group *g = answered (q);
    json_int_t seq;
    int errnum = 0;

    flux_msg_get_errnum (response, &errnum);
    if (g)
        g->hold.recalling = false;
    if (!g || g->hold.ask) { // it was lost meanwhile
        free (q);
        return;
    }
    if (errnum == EHOSTUNREACH) { // it is on its way to another place in the tree, or dead
        ev_timer_start (router_loop (rt), &q->gs->again);
    } else {
        if (errnum == 0 && flux_msg_unpack (response, "{s:I}", "seq", &seq) == 0 &&
            (int32_t)((uint32_t)seq - g->next_seq) > 0)
            g->next_seq = seq;
        released (g);
    }
    free (q);
}

static void recall (struct group *g)
{
    if (!g->hold.ask && !g->hold.recalling)
        g->hold.recalling = send_question (g, "group.recall", g->hold.rank, recall_cb);
}

bool group_hold_defer (struct group *g, const flux_msg_t *msg, handler_f again)
{
    struct deferred *d;

    if (!g || g->hold.rank == 0)
        return false;
    if (!(d = calloc (1, sizeof (*d)))) {
        router_respond_error (g->gs->rt, msg, ENOMEM, NULL);
        return true;
    }
    d->msg = flux_msg_incref (msg);
    d->again = again;
    DL_APPEND (g->hold.deferred, d);
    recall (g);
    return true;
}

/* ---- the broker that held them is lost ---- */

static void check_known (struct group *g)
{
    if (!idset_empty (g->hold.ask))
        return;
    idset_destroy (g->hold.ask);
    g->hold.ask = NULL;
    released (g);
}

static void where_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct question *q = arg;
    struct group *g = answered (q);
    json_int_t seq;
    int errnum = 0;

    flux_msg_get_errnum (response, &errnum);
    if (g && g->hold.ask && errnum == EHOSTUNREACH) {
        ev_timer_start (router_loop (rt), &q->gs->again);
    } else if (g && g->hold.ask) {
        idset_clear (g->hold.ask, q->node);
        if (errnum == 0 && flux_msg_unpack (response, "{s:I}", "seq", &seq) == 0 &&
            (int32_t)((uint32_t)seq - g->next_seq) > 0)
            g->next_seq = seq;
        check_known (g);
    }
    free (q);
}

/* All that are to be asked; whom that reaches twice does not mind. */
static void ask_where (struct group *g)
{
    unsigned int node = idset_first (g->hold.ask);

    for (; node != IDSET_INVALID_ID; node = idset_next (g->hold.ask, node))
        send_question (g, "group.where", node, where_cb);
}

static void begin_asking (struct group *g)
{
    struct member *m, *tmp;

    if (!(g->hold.ask = idset_create (0, IDSET_FLAG_AUTOGROW)))
        return; // out of memory: what waits, waits on
    HASH_ITER (hh, g->members, m, tmp)
    {
        if (!idset_test (g->hold.lost, m->node))
            idset_set (g->hold.ask, m->node);
    }
    ask_where (g);
    check_known (g);
}

bool group_hold_lost (struct group *g, uint32_t node)
{
    if (g->hold.rank == 0)
        return false;
    if (!g->hold.lost && !(g->hold.lost = idset_create (0, IDSET_FLAG_AUTOGROW)))
        return false;
    idset_set (g->hold.lost, node);
    if (g->hold.ask) {
        idset_clear (g->hold.ask, node);
        check_known (g);
    } else if (g->hold.rank == node) {
        begin_asking (g);
    } else {
        recall (g);
    }
    return true;
}

void group_hold_again (struct group_service *gs)
{
    struct group *g, *tmp;

    HASH_ITER (hh, gs->groups, g, tmp)
    {
        if (g->hold.ask)
            ask_where (g);
        else if (g->hold.rank > 0 && (g->hold.deferred || g->hold.lost))
            recall (g);
    }
}
