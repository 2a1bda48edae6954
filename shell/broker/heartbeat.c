/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* See heartbeat.h. Interest is a lease, so that neither a broker that dies nor a tree that heals
 * needs any bookkeeping: rank 0 beats until the last lease has run out. */

#include <errno.h>
#include <ev.h>
#include <stdlib.h>
#include <flux/rpc.h>

#include "lib/util/errprintf.h"
#include "shell/broker/attr.h"
#include "shell/broker/heartbeat.h"
#include "shell/broker/router.h"

#define PERIOD_MIN .01
#define LEASE 60. // seconds for which a rank's interest counts
#define RENEW 30. // how often a rank with subscribers says so
#define PREFIX "heartbeat"

struct heartbeat {
    struct router *rt;
    double period;
    ev_tstamp until; // rank 0: end of the last lease
    ev_timer beat;   // rank 0
    ev_timer renew;
    json_int_t count;
};

static void beat_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct heartbeat *hb = w->data;

    if (ev_now (loop) >= hb->until && !router_event_has_subscriber (hb->rt, PREFIX)) {
        ev_timer_stop (loop, w);
        return;
    }
    hb->count++;
    router_publish (hb->rt, "heartbeat.pulse", NULL);
}

static void beat_start (struct heartbeat *hb)
{
    if (!ev_is_active (&hb->beat))
        ev_timer_again (router_loop (hb->rt), &hb->beat);
}

static void want_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct heartbeat *hb = arg;

    if (router_rank (rt) == 0) {
        hb->until = ev_now (router_loop (rt)) + LEASE;
        beat_start (hb);
    }
    router_respond (rt, msg, NULL);
}

static void say_want (struct heartbeat *hb)
{
    if (router_rank (hb->rt) == 0)
        beat_start (hb);
    else
        router_rpc (hb->rt, "heartbeat.want", 0, FLUX_RPC_NORESPONSE, NULL, NULL, NULL);
}

static void renew_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct heartbeat *hb = w->data;

    if (router_event_has_subscriber (hb->rt, PREFIX))
        say_want (hb);
    else
        ev_timer_stop (loop, w);
}

static void subscribed_cb (void *arg)
{
    struct heartbeat *hb = arg;

    say_want (hb);
    if (router_rank (hb->rt) > 0)
        ev_timer_again (router_loop (hb->rt), &hb->renew);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct heartbeat *hb = arg;

    router_respond_pack (rt, msg, "{s:f s:I s:b}", "period", hb->period, "count", hb->count,
                         "beating", ev_is_active (&hb->beat) ? 1 : 0);
}

static const struct handler_row rows[] = {
    {"want", want_cb, FLUX_ROLE_OWNER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER | FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

struct heartbeat *heartbeat_create (struct router *rt, const struct attrs *attrs,
                                    flux_error_t *errp)
{
    struct heartbeat *hb = calloc (1, sizeof (*hb));

    if (!hb) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    hb->rt = rt;
    if (attr_get_duration (attrs, "heartbeat.period", &hb->period, errp) < 0)
        goto error;
    if (hb->period < PERIOD_MIN) {
        errno = EINVAL;
        errprintf (errp, "heartbeat.period: at least %g s", PERIOD_MIN);
        goto error;
    }
    ev_timer_init (&hb->beat, beat_cb, 0., hb->period);
    ev_timer_init (&hb->renew, renew_cb, 0., RENEW);
    hb->beat.data = hb->renew.data = hb;
    if (router_service_add (rt, "heartbeat", rows, hb) < 0) {
        errprintf (errp, "out of memory");
        goto error;
    }
    router_event_watch (rt, PREFIX, subscribed_cb, hb);
    return hb;
error:
    free (hb);
    return NULL;
}

void heartbeat_destroy (struct heartbeat *hb)
{
    if (hb) {
        int saved_errno = errno;
        router_event_watch (hb->rt, NULL, NULL, NULL);
        router_service_remove (hb->rt, "heartbeat");
        ev_timer_stop (router_loop (hb->rt), &hb->beat);
        ev_timer_stop (router_loop (hb->rt), &hb->renew);
        free (hb);
        errno = saved_errno;
    }
}
