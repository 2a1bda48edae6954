/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tasks of this node that leave groups, or are gone; rank 0 is told. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include <flux/disconnect.h>

#include "shell/service/group/hold.h"

static struct join *find_join (struct group *g, const flux_msg_t *msg, int rank)
{
    struct join *j;

    DL_FOREACH (g->joins, j)
    {
        if (j->rank == rank && flux_msg_route_match_first (j->request, msg))
            return j;
    }
    errno = ENOENT;
    return NULL;
}

static uint32_t send_exit (struct group *g, const char *ranks, bool died, response_f cb, void *arg)
{
    return router_rpc_pack (g->gs->rt, "group.exit", 0, 0, cb, arg, "{s:I s:s s:s s:b}", "uid",
                            (json_int_t)g->uid, "name", g->name, "ranks", ranks, "died", died);
}

static void left_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    const flux_msg_t *request = arg;
    int errnum = 0;

    flux_msg_get_errnum (response, &errnum);
    if (errnum)
        router_respond_error (rt, request, errnum, NULL);
    else
        router_respond (rt, request, NULL);
    flux_msg_decref (request);
}

/* group.leave {"name":s "rank":i} */
void group_leave_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group *g = group_named (arg, msg);
    struct join *j = NULL;
    char text[16];
    int rank;

    if (!g || flux_msg_unpack (msg, "{s:i}", "rank", &rank) < 0 || rank < 0 ||
        !(j = find_join (g, msg, rank))) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    snprintf (text, sizeof (text), "%d", rank);
    if (send_exit (g, text, false, left_cb, (void *)flux_msg_incref (msg)) == 0) {
        router_respond_error (rt, msg, errno, NULL);
        flux_msg_decref (msg);
        return;
    }
    group_join_end (j, ENODATA);
    group_check (g);
}

static void gone_turn_end (struct router *rt, void *arg);

struct gone_rpc {
    struct group_service *gs;
    char *key;
    struct idset *ranks;
};

static void gone_rpc_free (struct gone_rpc *r)
{
    free (r->key);
    idset_destroy (r->ranks);
    free (r);
}

/* Rank 0 was out of reach: again later. */
static void gone_cb (struct router *rt, const flux_msg_t *response, void *arg)
{
    struct gone_rpc *r = arg;
    struct group *g;
    int errnum = 0;

    HASH_FIND_STR (r->gs->groups, r->key, g);
    flux_msg_get_errnum (response, &errnum);
    if (g && errnum == EHOSTUNREACH && idset_add (g->gone, r->ranks) == 0)
        ev_timer_start (router_loop (rt), &r->gs->again);
    gone_rpc_free (r);
}

static void send_gone (struct group *g)
{
    struct gone_rpc *r = calloc (1, sizeof (*r));
    char *text = idset_encode (g->gone, IDSET_FLAG_RANGE);

    if (r)
        r->gs = g->gs;
    if (r && text && (r->key = strdup (g->key)) && (r->ranks = idset_copy (g->gone)) &&
        send_exit (g, text, true, gone_cb, r) > 0) {
        idset_clear_all (g->gone);
        r = NULL;
    }
    if (r)
        gone_rpc_free (r);
    free (text);
}

static void gone_turn_end (struct router *rt, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *tmp;

    HASH_ITER (hh, gs->groups, g, tmp)
    {
        if (!idset_empty (g->gone))
            send_gone (g);
    }
}

void group_again_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct group_service *gs = w->data;

    gone_turn_end (gs->rt, gs);
    group_hold_again (gs);
}

void group_tell_gone (struct group *g, int rank)
{
    idset_set (g->gone, rank);
    router_at_turn_end (g->gs->rt, gone_turn_end, g->gs);
}

void group_disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct group_service *gs = arg;
    struct group *g, *gtmp;
    struct join *j, *tmp;

    HASH_ITER (hh, gs->groups, g, gtmp)
    {
        DL_FOREACH_SAFE (g->joins, j, tmp)
        {
            if (!flux_disconnect_match (msg, j->request))
                continue;
            if (j->rank >= 0)
                group_tell_gone (g, j->rank);
            group_join_end (j, 0);
        }
        group_check (g);
    }
    reduce_disconnect (gs->reduce, msg);
}
