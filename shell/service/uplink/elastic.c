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

#include "lib/job/rv1.h"
#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/router.h"
#include "shell/service/resource/resource.h"
#include "shell/service/sched/sched.h"
#include "shell/service/uplink/choose.h"
#include "shell/service/uplink/elastic.h"
#include "shell/service/uplink/recruit.h"
#include "shell/service/uplink/uplink.h"

#define START_TIMEOUT 60. // seconds for new brokers to come up
#define LEAVE_TIMEOUT 20. // and for others to leave

enum phase {
    PHASE_NONE,
    PHASE_ASKED, // the instance above is to answer
    PHASE_RANKS, // rank 0 makes room for more ranks
    PHASE_WAITS, // for brokers to come, or to leave
};

/* A broker that is told to leave. One that has others below it will not: it is told again when
 * those have left, if they are to. */
struct leave {
    struct elastic *e;
    uint32_t rank;
    uint32_t matchtag; // 0: nothing is under way
    bool refused;
};

struct elastic {
    struct router *rt;
    struct uplink *up;
    struct resource *resource;
    struct sched *sched;
    const struct attrs *attrs;
    struct recruits *recruits;
    /* The change under way */
    enum phase phase;
    bool growing;
    const flux_msg_t *msg;
    flux_future_t *f;
    uint32_t matchtag;
    json_t *R;            // to come, as the instance above says it; or what there was
    struct rv1 *less;     // what is given back
    struct idset *waits;  // ranks to come or to leave
    struct leave *leaves; // what ranks are told, one after the other
    size_t nleaves;
    size_t gone;          // of them, when those that refused were told last
    flux_error_t failure; // why what was got is given back
    ev_timer timer;
};

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

static void fail (struct elastic *e, int errnum, const char *why)
{
    router_respond_error (e->rt, e->msg, errnum, why);
    reset (e);
}

static void succeed (struct elastic *e)
{
    struct rv1 *rs = rv1_from_json (resource_get_R (e->resource), NULL);

    router_respond_pack (e->rt, e->msg, "{s:i s:i s:i}", "nnodes", rs ? (int)rs->nnodes : 0,
                         "ncores", rs ? (int)rv1_ncores (rs) : 0, "ngpus",
                         rs ? (int)rv1_ngpus (rs) : 0);
    rv1_destroy (rs);
    reset (e);
}

static void start_timer (struct elastic *e, double seconds)
{
    ev_timer_set (&e->timer, seconds, 0.);
    ev_now_update (router_loop (e->rt));
    ev_timer_start (router_loop (e->rt), &e->timer);
}

static int ask (struct elastic *e, const char *topic, json_t *payload,
                void (*cb) (flux_future_t *f, void *arg))
{
    flux_future_destroy (e->f);
    e->phase = PHASE_ASKED;
    if ((e->f = payload ? uplink_rpc (e->up, topic, payload) : NULL))
        return flux_future_then (e->f, -1., cb, e);
    return -1;
}

/* R without what is given back. */
static int drop (struct elastic *e, const struct rv1 *less, flux_error_t *errp)
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
static void take_again (struct elastic *e)
{
    flux_error_t error;

    if (resource_change (e->resource, e->R, "grow", &error) < 0)
        fprintf (stderr, "flux-broker: resources: %s\n", error.text);
}

static void given_back_cb (flux_future_t *f, void *arg)
{
    struct elastic *e = arg;

    if (*e->failure.text)
        fail (e, EIO, e->failure.text);
    else if (flux_rpc_get (f, NULL) < 0)
        fail (e, errno, flux_future_error_string (f));
    else
        succeed (e);
}

/* The last step of shrinking. */
static void give_back (struct elastic *e)
{
    flux_error_t error = {"out of memory"};
    json_t *R = uplink_R_above (e->up, e->less, &error);

    ev_timer_stop (router_loop (e->rt), &e->timer);
    if (ask (e, "job-manager.shrink", R ? json_pack ("{s:o}", "R", R) : NULL, given_back_cb) < 0)
        fail (e, errno, error.text);
}

/* ---- more ---- */

/* What came with ranks that do not start goes back. */
static void give_up (struct elastic *e, const char *why)
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
    if ((e->less = less) && less->nnodes > 0 && drop (e, less, &error) == 0)
        give_back (e);
    else
        fail (e, EIO, e->failure.text);
}

static void check_come (struct elastic *e)
{
    unsigned int r = idset_first (e->waits);

    while (r != IDSET_INVALID_ID && resource_is_online (e->resource, r))
        r = idset_next (e->waits, r);
    if (r == IDSET_INVALID_ID)
        succeed (e);
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
        fail (e, EIO, error.text);
        return;
    }
    e->phase = PHASE_WAITS;
    start_timer (e, START_TIMEOUT);
    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r)) {
        if (recruit_start (e->recruits, r, &error) < 0) {
            give_up (e, error.text);
            return;
        }
    }
    check_come (e);
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
        fail (e, EIO, text ? text : "the instance cannot have more ranks");
    } else if (!rs || flux_msg_unpack (msg, "{s:i}", "first", &first) < 0) {
        fail (e, EPROTO, NULL);
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
        fail (e, EPROTO, "R of the enclosing instance is not understood");
    } else if (json_array_size (hosts) == 0) {
        use_R (e);
    } else {
        e->phase = PHASE_RANKS;
        e->matchtag =
            router_rpc_pack (e->rt, "broker.grow", 0, 0, ranks_made_cb, e, "{s:O}", "hosts", hosts);
        if (!e->matchtag)
            fail (e, errno, NULL);
    }
    json_decref (hosts);
    rv1_destroy (rs);
}

static void got_more_cb (flux_future_t *f, void *arg)
{
    struct elastic *e = arg;
    json_t *R;

    if (flux_rpc_get_unpack (f, "{s:o}", "R", &R) < 0) {
        fail (e, errno, flux_future_error_string (f));
        return;
    }
    e->R = json_incref (R);
    make_ranks (e);
}

/* ---- less ---- */

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
    take_again (e);
    if (e->less->nnodes > 0 && drop (e, e->less, &e->failure) == 0)
        give_back (e);
    else
        fail (e, EBUSY, e->failure.text);
}

static void left_cb (struct router *rt, const flux_msg_t *msg, void *arg);

static void tell_to_leave (struct leave *l)
{
    l->refused = false;
    l->matchtag = router_rpc_pack (l->e->rt, "broker.leave", l->rank, 0, left_cb, l, "{}");
}

/* When nobody is on the way out, those that have refused are told once more, if somebody has left
 * since then. */
static void check_left (struct elastic *e)
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
        give_back (e);
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
        check_left (l->e);
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

static void allowed_cb (flux_future_t *f, void *arg)
{
    struct elastic *e = arg;
    flux_error_t error = {"out of memory"};

    if (flux_rpc_get (f, NULL) < 0) {
        fail (e, errno, flux_future_error_string (f));
    } else if (!still_idle (e)) {
        fail (e, EBUSY, "jobs have begun to use it meanwhile");
    } else if (!(e->R = json_deep_copy (resource_get_R (e->resource))) ||
               drop (e, e->less, &error) < 0) {
        fail (e, errno, error.text);
    } else if (find_leaving (e) < 0 || tell_all (e) < 0) {
        take_again (e);
        fail (e, ENOMEM, NULL);
    } else {
        e->phase = PHASE_WAITS;
        start_timer (e, LEAVE_TIMEOUT);
        check_left (e);
    }
}

static int choose (struct elastic *e, const char *targets, struct choose_wish *wish,
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
    if (ask (e, "job-manager.grow",
             json_pack ("{s:i s:i s:i s:i}", "nodes", nodes, "slots", slots, "cores", cores, "gpus",
                        gpus),
             got_more_cb) < 0)
        fail (e, errno, NULL);
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
    if (choose (e, targets, &wish, &error) < 0) {
        fail (e, errno, error.text);
        return;
    }
    json_t *R = uplink_R_above (e->up, e->less, &error);
    if (ask (e, "job-manager.shrink", R ? json_pack ("{s:o s:b}", "R", R, "check", 1) : NULL,
             allowed_cb) < 0)
        fail (e, errno, error.text);
}

/* ---- what happens meanwhile ---- */

void elastic_ranks_changed (struct elastic *e)
{
    if (e->phase != PHASE_WAITS)
        return;
    if (e->growing)
        check_come (e);
    else
        check_left (e);
}

static void ended_cb (uint32_t rank, const char *why, void *arg)
{
    struct elastic *e = arg;

    if (e->phase != PHASE_WAITS || !idset_test (e->waits, rank)) {
        if (why)
            fprintf (stderr, "flux-broker: %s\n", why);
    } else if (e->growing) {
        give_up (e, why ? why : "a new broker ended at once");
    } else {
        check_left (e);
    }
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct elastic *e = w->data;

    if (e->growing) {
        give_up (e, "new brokers did not come up in time");
        return;
    }
    for (unsigned int r = idset_first (e->waits); r != IDSET_INVALID_ID;
         r = idset_next (e->waits, r))
        recruit_kill (e->recruits, r);
    give_back (e); // what does not leave is its shell's, and freed when that has ended
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
