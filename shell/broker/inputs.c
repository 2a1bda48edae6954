/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What comes to the broker from outside: its parent and children, signals, time, a wish to end. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <flux/disconnect.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "lib/overlay/overlay.h"
#include "shell/broker/attr.h"
#include "shell/broker/broker.h"
#include "shell/broker/conf_service.h"
#include "shell/broker/program.h"
#include "shell/service/services.h"

#define ORPHAN_GRACE 3. // how long a broker below rank 0 waits for its parent to end it

void broker_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct broker *b = w->data;

    switch (life_state (b->life)) {
    case STATE_QUORUM:
        broker_complain (b, "only %u of %u brokers joined in time",
                         services_ready_count (b->services), b->quorum);
        life_post (b->life, "quorum-fail");
        break;
    case STATE_CLEANUP: // it was told to end and does not
        program_kill (b->program, SIGKILL);
        break;
    case STATE_SHUTDOWN:
        broker_complain (b, "some brokers did not leave in time");
        life_post (b->life, "children-gone");
        break;
    case STATE_GOODBYE:
        life_post (b->life, "goodbye");
        break;
    default: // a signal's grace is over
        life_post (b->life, "shutdown");
    }
}

/* The hosts of these brokers, "n[1-2] (rank 1-2)". */
static char *name_brokers (struct broker *b, const struct idset *ranks)
{
    struct hostlist *all = hostlist_decode (attr_get (b->attrs, "hostlist")),
                    *hl = hostlist_create ();
    char *ids = idset_encode (ranks, IDSET_FLAG_RANGE), *hosts = NULL, *text = NULL;

    for (unsigned int i = idset_first (ranks); all && i != IDSET_INVALID_ID;
         i = idset_next (ranks, i)) {
        const char *host = hostlist_nth (all, i);
        if (host)
            hostlist_append (hl, host);
    }
    hosts = hostlist_encode (hl);
    if (asprintf (&text, "%s (rank %s)", hosts, ids) < 0)
        text = NULL;
    free (hosts);
    free (ids);
    hostlist_destroy (hl);
    hostlist_destroy (all);
    return text;
}

void broker_slow_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct broker *b = w->data;
    bool joining = life_state (b->life) == STATE_QUORUM;
    struct idset *ranks = idset_create (b->info->size, 0);

    if (!b->net || !ranks) {
        idset_destroy (ranks);
        return;
    }
    for (uint32_t rank = 0; rank < b->info->size; rank++)
        if (rank != b->info->rank && overlay_online (net_overlay (b->net), rank) != joining)
            idset_set (ranks, rank);
    char *text = name_brokers (b, ranks);
    if (text && !idset_empty (ranks))
        router_log (b->router, LOG_ERR, "broker", "%s: %s",
                    joining ? "waiting for brokers to join" : "waiting for brokers to leave", text);
    free (text);
    idset_destroy (ranks);
}

static void conf_followed_cb (int errnum, void *arg)
{
    struct broker *b = arg;

    if (errnum != 0)
        broker_complain (b, "rank %u: no configuration from its parent: %s", b->info->rank,
                         strerror (errnum));
    life_post (b->life, errnum == 0 ? "parent-ready" : "parent-fail");
}

static void parent_up_cb (void *arg)
{
    struct broker *b = arg;

    if (life_state (b->life) == STATE_JOIN)
        conf_service_follow (b->conf, conf_followed_cb, b);
    else
        life_follow_parent (b->life);
}

static void parent_lost_cb (bool final, const char *reason, void *arg)
{
    struct broker *b = arg;

    if (!final)
        return;
    if (life_state (b->life) == STATE_GOODBYE) {
        life_post (b->life, "goodbye");
        return;
    }
    if (reason)
        broker_complain (b, "rank %u: %s", b->info->rank, reason);
    life_post (b->life, "parent-fail");
}

/* One that will not come is not waited for, when the others are too few. */
static void lost_before_start (struct broker *b, uint32_t rank)
{
    if (b->info->size - ++b->lost < b->quorum) {
        broker_complain (b, "rank %u ended before the instance had started", rank);
        life_post (b->life, "quorum-fail");
    }
}

/* A rank that looks for another parent is only out of reach: its jobs go on. */
static void rank_state_cb (uint32_t rank, enum overlay_rank_state state, void *arg)
{
    struct broker *b = arg;

    if (!b->services)
        return;
    if (state == OVERLAY_RANK_LOST && life_state (b->life) == STATE_QUORUM)
        lost_before_start (b, rank);
    if (state == OVERLAY_RANK_LOST)
        services_rank_lost (b->services, rank);
    else
        services_rank_online (b->services, rank, state == OVERLAY_RANK_ONLINE);
}

static void online_cb (void *arg)
{
    struct broker *b = arg;

    if (life_state (b->life) == STATE_SHUTDOWN && !broker_children_online (b))
        life_post (b->life, "children-gone");
    else if (b->end_pending && !broker_children_online (b)) {
        b->end_pending = false;
        life_post (b->life, "shutdown");
    }
}

const struct net_ops broker_net_ops = {
    .parent_up = parent_up_cb,
    .parent_lost = parent_lost_cb,
    .rank_state = rank_state_cb,
    .online = online_cb,
};

/* A request to end. Rank 0 passes it to the initial program, whose end is the instance's. The
 * others are told by their parents; should that not come, they end by themselves. */
void broker_end_signal_cb (struct ev_loop *loop, ev_signal *w, int revents)
{
    struct broker *b = w->data;

    /* Beside the tasks of a Slurm step: each broker is ended with the tasks of its node, and must
     * not take the instance from those whose tasks still run. */
    if (attr_get (b->attrs, "broker.last-out")) {
        b->end_pending = broker_children_online (b);
        if (!b->end_pending)
            life_post (b->life, "shutdown");
    } else if (!broker_is_leader (b)) {
        broker_timer_start (b, ORPHAN_GRACE);
    } else {
        program_kill (b->program, w->signum);
        life_post (b->life, "shutdown");
    }
}

void broker_pass_signal_cb (struct ev_loop *loop, ev_signal *w, int revents)
{
    struct broker *b = w->data;

    program_kill (b->program, w->signum);
}

/* shutdown.start: with a streaming request, lines for the user until the end of it. */
static void shutdown_start_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct broker *b = arg;

    if (!broker_is_leader (b)) {
        router_respond_error (rt, msg, EINVAL, "shutdown is for rank 0");
    } else if (life_state (b->life) > STATE_RUN) {
        router_respond_error (rt, msg, EINVAL, "shutdown is already in progress");
    } else {
        if (flux_msg_is_streaming (msg))
            b->shutdown_request = flux_msg_incref (msg);
        else
            router_respond (rt, msg, NULL);
        program_kill (b->program, SIGHUP);
        life_post (b->life, "shutdown");
    }
}

static void shutdown_disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct broker *b = arg;

    if (b->shutdown_request && flux_disconnect_match (msg, b->shutdown_request)) {
        flux_msg_decref (b->shutdown_request);
        b->shutdown_request = NULL;
    }
}

const struct handler_row broker_shutdown_rows[] = {
    {"start", shutdown_start_cb, FLUX_ROLE_OWNER},
    {"disconnect", shutdown_disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};
