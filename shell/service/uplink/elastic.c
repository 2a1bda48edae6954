/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Growing and shrinking, see elastic.h:
 *
 *   grow:    job-manager.grow above -> more ranks here -> new R -> brokers there -> answer
 *   shrink:  may we? above -> new R -> brokers leave -> job-manager.shrink above -> answer */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/core.h>

#include "lib/util/errprintf.h"
#include "shell/service/uplink/elastic_private.h"

static void reset (struct elastic *e)
{
    ev_timer_stop (router_loop (e->rt), &e->timer);
    if (e->matchtag)
        router_rpc_forget (e->rt, e->matchtag);
    for (size_t i = 0; i < e->nleaves; i++)
        if (e->leaves[i].matchtag)
            router_rpc_forget (e->rt, e->leaves[i].matchtag);
    free (e->leaves);
    e->leaves = NULL;
    e->nleaves = 0;
    flux_future_destroy (e->f);
    flux_msg_decref (e->msg);
    json_decref (e->R);
    rv1_destroy (e->less);
    idset_destroy (e->waits);
    e->matchtag = 0;
    e->f = NULL;
    e->msg = NULL;
    e->R = NULL;
    e->less = NULL;
    e->waits = NULL;
    *e->failure.text = '\0';
    e->phase = PHASE_NONE;
}

void elastic_fail (struct elastic *e, int errnum, const char *why)
{
    router_respond_error (e->rt, e->msg, errnum, why);
    reset (e);
}

void elastic_succeed (struct elastic *e)
{
    struct rv1 *rs = rv1_from_json (resource_get_R (e->resource), NULL);

    router_respond_pack (e->rt, e->msg, "{s:i s:i s:i}", "nnodes", rs ? (int)rs->nnodes : 0,
                         "ncores", rs ? (int)rv1_ncores (rs) : 0, "ngpus",
                         rs ? (int)rv1_ngpus (rs) : 0);
    rv1_destroy (rs);
    reset (e);
}

void elastic_start_timer (struct elastic *e, double seconds)
{
    ev_timer_set (&e->timer, seconds, 0.);
    ev_now_update (router_loop (e->rt));
    ev_timer_start (router_loop (e->rt), &e->timer);
}

int elastic_ask (struct elastic *e, const char *topic, json_t *payload,
                 void (*cb) (flux_future_t *f, void *arg))
{
    flux_future_destroy (e->f);
    e->phase = PHASE_ASKED;
    if ((e->f = payload ? uplink_rpc (e->up, topic, payload) : NULL))
        return flux_future_then (e->f, -1., cb, e);
    return -1;
}

/* R without what is given back. */
int elastic_drop (struct elastic *e, const struct rv1 *less, flux_error_t *errp)
{
    struct rv1 *now = rv1_from_json (resource_get_R (e->resource), errp);
    struct rv1 *left = now ? rv1_diff (now, less) : NULL;
    json_t *R = NULL;
    int rc = -1;

    if (left && now->scheduling)
        left->scheduling = choose_graph (now->scheduling, left);
    if (left && (R = rv1_to_json (left)))
        rc = resource_change (e->resource, R, "shrink", errp);
    else
        errprintf (errp, "out of memory");
    json_decref (R);
    rv1_destroy (left);
    rv1_destroy (now);
    return rc;
}

/* Undo drop(). */
void elastic_take_again (struct elastic *e)
{
    flux_error_t error;

    if (resource_change (e->resource, e->R, "grow", &error) < 0)
        fprintf (stderr, "flux-broker: resources: %s\n", error.text);
}

static void given_back_cb (flux_future_t *f, void *arg)
{
    struct elastic *e = arg;

    if (*e->failure.text)
        elastic_fail (e, EIO, e->failure.text);
    else if (flux_rpc_get (f, NULL) < 0)
        elastic_fail (e, errno, flux_future_error_string (f));
    else
        elastic_succeed (e);
}

/* The last step of shrinking. */
void elastic_give_back (struct elastic *e)
{
    flux_error_t error = {"out of memory"};
    json_t *R = uplink_R_above (e->up, e->less, &error);

    ev_timer_stop (router_loop (e->rt), &e->timer);
    if (elastic_ask (e, "job-manager.shrink", R ? json_pack ("{s:o}", "R", R) : NULL,
                     given_back_cb) < 0)
        elastic_fail (e, errno, error.text);
}

/* ---- requests ---- */

/* Another one is under way, or there is nobody to ask: the request was answered. */
static bool is_refused (struct elastic *e, const flux_msg_t *msg)
{
    if (!e->up)
        router_respond_error (e->rt, msg, EINVAL, "this instance is not a job of another one");
    else if (e->phase != PHASE_NONE)
        router_respond_error (e->rt, msg, EBUSY, "another change of the resources is under way");
    else
        return false;
    return true;
}

static void grow_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct elastic *e = arg;
    int nodes = 0, slots = 0, cores = 0, gpus = 0;

    if (flux_request_unpack (msg, NULL, "{s?i s?i s?i s?i}", "nodes", &nodes, "slots", &slots,
                             "cores", &cores, "gpus", &gpus) < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (is_refused (e, msg))
        return;
    e->msg = flux_msg_incref (msg);
    e->growing = true;
    if (elastic_ask (e, "job-manager.grow",
                     json_pack ("{s:i s:i s:i s:i}", "nodes", nodes, "slots", slots, "cores", cores,
                                "gpus", gpus),
                     elastic_got_more) < 0)
        elastic_fail (e, errno, NULL);
}

static void shrink_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct elastic *e = arg;
    int nodes = 0, cores = 0, gpus = 0, idle = 0;
    const char *targets = NULL;
    flux_error_t error = {"out of memory"};

    if (flux_request_unpack (msg, NULL, "{s?s s?i s?i s?i s?b}", "targets", &targets, "nodes",
                             &nodes, "cores", &cores, "gpus", &gpus, "idle", &idle) < 0 ||
        nodes < 0 || cores < 0 || gpus < 0) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    struct choose_wish wish = {.nodes = nodes, .cores = cores, .gpus = gpus, .all = idle};
    if (is_refused (e, msg))
        return;
    e->msg = flux_msg_incref (msg);
    e->growing = false;
    if (elastic_choose (e, targets, &wish, &error) < 0) {
        elastic_fail (e, errno, error.text);
        return;
    }
    json_t *R = uplink_R_above (e->up, e->less, &error);
    if (elastic_ask (e, "job-manager.shrink",
                     R ? json_pack ("{s:o s:b}", "R", R, "check", 1) : NULL, elastic_allowed) < 0)
        elastic_fail (e, errno, error.text);
}

/* ---- what happens meanwhile ---- */

void elastic_ranks_changed (struct elastic *e)
{
    if (e->phase != PHASE_WAITS)
        return;
    if (e->growing)
        elastic_check_come (e);
    else
        elastic_check_left (e);
}

static void ended_cb (uint32_t rank, const char *why, void *arg)
{
    struct elastic *e = arg;

    if (e->phase != PHASE_WAITS || !idset_test (e->waits, rank)) {
        if (why)
            fprintf (stderr, "flux-broker: %s\n", why);
    } else if (e->growing) {
        elastic_give_up (e, why ? why : "a new broker ended at once");
    } else {
        elastic_check_left (e);
    }
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct elastic *e = w->data;

    if (e->growing) {
        elastic_give_up (e, "new brokers did not come up in time");
        return;
    }
    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r))
        recruit_kill (e->recruits, r);
    elastic_give_back (e); // what does not leave is its shell's, and freed when that has ended
}

static const struct handler_row rows[] = {
    {"grow", grow_cb, FLUX_ROLE_OWNER},
    {"shrink", shrink_cb, FLUX_ROLE_OWNER},
    {NULL, NULL, 0},
};

struct elastic *elastic_create (struct router *rt, struct uplink *up, struct resource *resource,
                                struct sched *sched, const struct attrs *attrs)
{
    struct elastic *e = calloc (1, sizeof (*e));

    if (!e)
        return NULL;
    e->rt = rt;
    e->up = up;
    e->resource = resource;
    e->sched = sched;
    e->attrs = attrs;
    ev_init (&e->timer, timer_cb);
    e->timer.data = e;
    if ((up && !(e->recruits = recruits_create (rt, up, attrs, ended_cb, e))) ||
        router_service_add (rt, "elastic", rows, e) < 0) {
        recruits_destroy (e->recruits);
        free (e);
        return NULL;
    }
    return e;
}

void elastic_destroy (struct elastic *e)
{
    if (e) {
        int saved_errno = errno;
        router_service_remove (e->rt, "elastic");
        if (e->phase != PHASE_NONE)
            reset (e);
        recruits_destroy (e->recruits);
        free (e);
        errno = saved_errno;
    }
}
