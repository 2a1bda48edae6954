/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Fewer resources, see elastic.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/core.h>

#include "lib/util/errprintf.h"
#include "shell/service/sched/sched.h"
#include "shell/service/uplink/elastic_private.h"

#define LEAVE_TIMEOUT 20. // seconds for brokers to leave

static bool is_there (const struct elastic *e, uint32_t rank)
{
    return resource_is_online (e->resource, rank) || recruit_runs (e->recruits, rank);
}

/* Those that will not leave stay; what the others had is given back. */
static void keep (struct elastic *e)
{
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);

    e->phase = PHASE_ASKED; // what changes now is our doing
    ev_timer_stop (router_loop (e->rt), &e->timer);
    errprintf (&e->failure, "there are brokers below others that were to leave");
    for (size_t i = 0; ranks && i < e->nleaves; i++)
        if (e->leaves[i].refused)
            idset_set (ranks, e->leaves[i].rank);
    if (!ranks || rv1_remove_ranks (e->less, ranks) < 0)
        errprintf (&e->failure, "out of memory");
    idset_destroy (ranks);
    elastic_take_again (e);
    if (e->less->nnodes > 0 && elastic_drop (e, e->less, &e->failure) == 0)
        elastic_give_back (e);
    else
        elastic_fail (e, EBUSY, e->failure.text);
}

static void left_cb (struct router *rt, const flux_msg_t *msg, void *arg);

static void tell_to_leave (struct leave *l)
{
    l->refused = false;
    l->matchtag = router_rpc_pack (l->e->rt, "broker.leave", l->rank, 0, left_cb, l, "{}");
}

/* When nobody is on the way out, those that have refused are told once more, if somebody has left
 * since then. */
void elastic_check_left (struct elastic *e)
{
    size_t leaving = 0, refused = 0, gone = 0;

    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r))
        leaving += is_there (e, r);
    for (size_t i = 0; i < e->nleaves; i++) {
        refused += e->leaves[i].refused;
        gone += !is_there (e, e->leaves[i].rank);
    }
    if (leaving == 0) {
        elastic_give_back (e);
    } else if (refused == leaving && gone == e->gone) {
        keep (e);
    } else if (refused == leaving) {
        e->gone = gone;
        for (size_t i = 0; i < e->nleaves; i++)
            if (e->leaves[i].refused)
                tell_to_leave (&e->leaves[i]);
    }
}

/* A broker that is out of reach is gone, or the time-out comes. */
static void left_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct leave *l = arg;

    l->matchtag = 0;
    if (flux_response_decode (msg, NULL, NULL) < 0 && errno == EBUSY) {
        l->refused = true;
        elastic_check_left (l->e);
    }
}

static int tell_all (struct elastic *e)
{
    if (!(e->leaves = calloc (idset_count (e->waits) + 1, sizeof (*e->leaves))))
        return -1;
    e->gone = 0;
    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r))
        if (resource_is_online (e->resource, r)) {
            e->leaves[e->nleaves] = (struct leave){.e = e, .rank = r};
            tell_to_leave (&e->leaves[e->nleaves++]);
        }
    return 0;
}

static int find_leaving (struct elastic *e)
{
    struct rv1 *left = rv1_from_json (resource_get_R (e->resource), NULL);

    if (!left || !(e->waits = idset_create (0, IDSET_FLAG_AUTOGROW))) {
        rv1_destroy (left);
        return -1;
    }
    for (size_t i = 0; i < e->less->nnodes; i++)
        if (!rv1_find (left, e->less->node[i].rank))
            idset_set (e->waits, e->less->node[i].rank);
    rv1_destroy (left);
    return 0;
}

static bool still_idle (struct elastic *e)
{
    struct rv1 *idle = sched_idle (e->sched), *busy = idle ? rv1_diff (e->less, idle) : NULL;
    bool yes = busy && busy->nnodes == 0;

    rv1_destroy (busy);
    rv1_destroy (idle);
    return yes;
}

void elastic_allowed (flux_future_t *f, void *arg)
{
    struct elastic *e = arg;
    flux_error_t error = {"out of memory"};

    if (flux_rpc_get (f, NULL) < 0) {
        elastic_fail (e, errno, flux_future_error_string (f));
    } else if (!still_idle (e)) {
        elastic_fail (e, EBUSY, "jobs have begun to use it meanwhile");
    } else if (!(e->R = json_deep_copy (resource_get_R (e->resource))) ||
               elastic_drop (e, e->less, &error) < 0) {
        elastic_fail (e, errno, error.text);
    } else if (find_leaving (e) < 0 || tell_all (e) < 0) {
        elastic_take_again (e);
        elastic_fail (e, ENOMEM, NULL);
    } else {
        e->phase = PHASE_WAITS;
        elastic_start_timer (e, LEAVE_TIMEOUT);
        elastic_check_left (e);
    }
}

int elastic_choose (struct elastic *e, const char *targets, struct choose_wish *wish,
                    flux_error_t *errp)
{
    struct rv1 *all = rv1_from_json (resource_get_R (e->resource), errp);
    struct rv1 *idle = all ? sched_idle (e->sched) : NULL;
    struct idset *ranks = NULL;

    if (idle && (!targets || (ranks = resource_find (e->resource, targets, errp)))) {
        wish->ranks = ranks;
        e->less = choose_less (all, idle, wish, errp);
    }
    int saved_errno = errno;
    idset_destroy (ranks);
    rv1_destroy (idle);
    rv1_destroy (all);
    errno = saved_errno;
    return e->less ? 0 : -1;
}
