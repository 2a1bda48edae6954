/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The life of this broker, see life.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include <flux/request.h>
#include <flux/response.h>
#include <flux/rpc.h>

#include "lib/util/fsd.h"
#include "lib/util/monotime.h"
#include "shell/broker/life.h"
#include "shell/broker/router.h"
#include "shell/broker/waiters.h"

#define EVENTS_MAX 16

struct life {
    struct router *rt;
    enum broker_state state;
    double since;
    life_enter_f enter;
    void *arg;
    const char *events[EVENTS_MAX]; // posted while one is handled
    int nevents;
    bool running;
    struct waiters *monitors;
    struct waiters *waits; // for RUN or the end
    uint32_t parent_monitor;
};

static void answer_monitor (struct life *life, const flux_msg_t *msg)
{
    router_respond_pack (life->rt, msg, "{s:i}", "state", life->state);
}

static void monitor_each (const flux_msg_t *msg, void *arg)
{
    answer_monitor (arg, msg);
}

static void wait_each (const flux_msg_t *msg, void *arg)
{
    struct life *life = arg;

    if (life->state == STATE_RUN)
        router_respond (life->rt, msg, NULL);
    else
        router_respond_error (life->rt, msg, EINVAL, "the broker has left the run state");
}

static void change_state (struct life *life, const char *event, enum broker_state next)
{
    char time[32] = "";

    fsd_format_duration_ex (time, sizeof (time), monotime_now () - life->since, 3);
    router_log (life->rt, LOG_INFO, "broker", "%s: %s->%s %s", event, machine_name (life->state),
                machine_name (next), time);
    life->state = next;
    life->since = monotime_now ();
    waiters_each (life->monitors, monitor_each, life);
    if (next >= STATE_RUN) {
        waiters_each (life->waits, wait_each, life);
        waiters_clear (life->waits);
    }
    life->enter (next, life->arg);
}

void life_post (struct life *life, const char *event)
{
    if (life->nevents < EVENTS_MAX)
        life->events[life->nevents++] = event;
    if (life->running)
        return;
    life->running = true;
    while (life->nevents > 0) {
        const char *first = life->events[0];
        memmove (life->events, life->events + 1, --life->nevents * sizeof (life->events[0]));
        enum broker_state next = machine_next (life->state, first);
        if (next != life->state)
            change_state (life, first, next);
    }
    life->running = false;
}

enum broker_state life_state (const struct life *life)
{
    return life->state;
}

double life_duration (const struct life *life)
{
    return monotime_now () - life->since;
}

/* What the parent's state means for us. */
static const char *event_of_parent (enum broker_state parent)
{
    if (parent == STATE_RUN)
        return "quorum-full";
    return parent >= STATE_SHUTDOWN ? "shutdown" : NULL;
}

static void parent_state_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct life *life = arg;
    int state;

    if (flux_response_decode (msg, NULL, NULL) < 0) {
        life->parent_monitor = 0; // healing asks again
        return;
    }
    if (flux_msg_unpack (msg, "{s:i}", "state", &state) == 0) {
        const char *event = event_of_parent (state);
        if (event)
            life_post (life, event);
    }
}

void life_follow_parent (struct life *life)
{
    if (life->parent_monitor)
        router_rpc_forget (life->rt, life->parent_monitor);
    life->parent_monitor = router_rpc (life->rt, "state-machine.monitor", FLUX_NODEID_UPSTREAM,
                                       FLUX_RPC_STREAMING, NULL, parent_state_cb, life);
}

static void monitor_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct life *life = arg;

    answer_monitor (life, msg);
    if (flux_msg_is_streaming (msg) && waiters_add (life->monitors, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

static void wait_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct life *life = arg;

    if (life->state >= STATE_RUN)
        wait_each (msg, life);
    else if (waiters_add (life->waits, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
}

static void get_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct life *life = arg;

    router_respond_pack (rt, msg, "{s:s s:f}", "state", machine_name (life->state), "duration",
                         life_duration (life));
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct life *life = arg;

    waiters_disconnect (life->monitors, msg);
    waiters_disconnect (life->waits, msg);
}

static const struct handler_row rows[] = {
    {"get", get_cb, FLUX_ROLE_ALL},
    {"wait", wait_cb, FLUX_ROLE_ALL},
    {"monitor", monitor_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

struct life *life_create (struct router *rt, life_enter_f enter, void *arg)
{
    struct life *life = calloc (1, sizeof (*life));

    if (!life)
        return NULL;
    life->rt = rt;
    life->enter = enter;
    life->arg = arg;
    life->since = monotime_now ();
    if (!(life->monitors = waiters_create ()) || !(life->waits = waiters_create ()) ||
        router_service_add (rt, "state-machine", rows, life) < 0) {
        life_destroy (life);
        return NULL;
    }
    return life;
}

void life_destroy (struct life *life)
{
    if (life) {
        int saved_errno = errno;
        router_service_remove (life->rt, "state-machine");
        waiters_destroy (life->monitors);
        waiters_destroy (life->waits);
        free (life);
        errno = saved_errno;
    }
}
