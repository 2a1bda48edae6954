/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* More resources, see elastic.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/core.h>

#include "lib/util/errprintf.h"
#include "shell/service/uplink/elastic_private.h"

#define START_TIMEOUT 60. // seconds for new brokers to come up

/* What came with ranks that do not start goes back. */
void elastic_give_up (struct elastic *e, const char *why)
{
    struct rv1 *now = rv1_from_json (resource_get_R (e->resource), NULL);
    struct rv1 *less = now && e->waits ? rv1_copy_ranks (now, e->waits) : NULL;
    flux_error_t error;

    errprintf (&e->failure, "%s", why);
    e->phase = PHASE_ASKED;
    ev_timer_stop (router_loop (e->rt), &e->timer);
    rv1_destroy (now);
    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r))
        recruit_kill (e->recruits, r);
    rv1_destroy (e->less);
    if ((e->less = less) && less->nnodes > 0 && elastic_drop (e, less, &error) == 0)
        elastic_give_back (e);
    else
        elastic_fail (e, EIO, e->failure.text);
}

void elastic_check_come (struct elastic *e)
{
    unsigned int r = idset_first (e->waits);

    while (r != IDSET_INVALID_ID && resource_is_online (e->resource, r))
        r = idset_next (e->waits, r);
    if (r == IDSET_INVALID_ID)
        elastic_succeed (e);
}

static int find_missing (struct elastic *e, const json_t *R)
{
    struct rv1 *rs = rv1_from_json (R, NULL);

    if (!rs || !(e->waits = idset_create (0, IDSET_FLAG_AUTOGROW))) {
        rv1_destroy (rs);
        return -1;
    }
    for (size_t i = 0; i < rs->nnodes; i++)
        if (!resource_is_online (e->resource, rs->node[i].rank))
            idset_set (e->waits, rs->node[i].rank);
    rv1_destroy (rs);
    return 0;
}

/* All ranks have their place: go on with the new R. */
static void use_R (struct elastic *e)
{
    flux_error_t error = {"out of memory"};
    json_t *R = uplink_R_here (e->up, e->R, &error);
    int rc = R && find_missing (e, R) == 0 ? resource_change (e->resource, R, "grow", &error) : -1;

    json_decref (R);
    if (rc < 0) { // it should not happen; what the job has more is freed with it
        elastic_fail (e, EIO, error.text);
        return;
    }
    e->phase = PHASE_WAITS;
    elastic_start_timer (e, START_TIMEOUT);
    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r)) {
        if (recruit_start (e->recruits, r, &error) < 0) {
            elastic_give_up (e, error.text);
            return;
        }
    }
    elastic_check_come (e);
}

static void ranks_made_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct elastic *e = arg;
    struct rv1 *rs = rv1_from_json (e->R, NULL);
    const char *text = NULL;
    int first;

    e->matchtag = 0;
    if (flux_response_decode (msg, NULL, NULL) < 0) {
        flux_response_decode_error (msg, &text);
        elastic_fail (e, EIO, text ? text : "the instance cannot have more ranks");
    } else if (!rs || flux_msg_unpack (msg, "{s:i}", "first", &first) < 0) {
        elastic_fail (e, EPROTO, NULL);
    } else {
        for (size_t i = 0; i < rs->nnodes; i++)
            if (uplink_rank_here (e->up, rs->node[i].rank) == UPLINK_NO_RANK)
                uplink_set_rank (e->up, (uint32_t)first++, rs->node[i].rank);
        use_R (e);
    }
    rv1_destroy (rs);
}

static void make_ranks (struct elastic *e)
{
    struct rv1 *rs = rv1_from_json (e->R, NULL);
    json_t *hosts = json_array ();

    for (size_t i = 0; rs && i < rs->nnodes; i++)
        if (uplink_rank_here (e->up, rs->node[i].rank) == UPLINK_NO_RANK)
            json_array_append_new (hosts, json_string (rs->node[i].host));
    if (!rs) {
        elastic_fail (e, EPROTO, "R of the enclosing instance is not understood");
    } else if (json_array_size (hosts) == 0) {
        use_R (e);
    } else {
        e->phase = PHASE_RANKS;
        e->matchtag =
            router_rpc_pack (e->rt, "broker.grow", 0, 0, ranks_made_cb, e, "{s:O}", "hosts", hosts);
        if (!e->matchtag)
            elastic_fail (e, errno, NULL);
    }
    json_decref (hosts);
    rv1_destroy (rs);
}

void elastic_got_more (flux_future_t *f, void *arg)
{
    struct elastic *e = arg;
    json_t *R;

    if (flux_rpc_get_unpack (f, "{s:o}", "R", &R) < 0) {
        elastic_fail (e, errno, flux_future_error_string (f));
        return;
    }
    e->R = json_incref (R);
    make_ranks (e);
}
