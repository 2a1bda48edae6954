/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How many jobs there are in each state, with each result, and in each queue. Who asks with a
 * stream gets the figures again when they changed, at most a few times a second. */

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>

#include "shell/broker/router.h"
#include "shell/broker/waiters.h"
#include "shell/service/job_list/private.h"
#include "shell/service/job_manager/jobqueue.h"
#include "shell/service/job_manager/manager.h"

#define PERIOD 0.2

struct job_stats {
    struct job_list *jl;
    struct waiters *watchers;
    ev_timer timer;
};

static void add_counts (json_t *o, const size_t *states, const size_t *results)
{
    static const struct {
        const char *name;
        int state;
    } names[] = {
        {"depend", JOB_DEPEND}, {"priority", JOB_PRIORITY}, {"sched", JOB_SCHED},
        {"run", JOB_RUN},       {"cleanup", JOB_CLEANUP},   {"inactive", JOB_INACTIVE},
    };
    static const char *const result_names[JOB_RESULTS] = {"successful", "failed", "canceled",
                                                          "timeout"};
    json_t *by_state = json_object ();
    json_int_t total = 0;

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        json_int_t n = (json_int_t)states[__builtin_ctz (names[i].state)];
        json_object_set_new (by_state, names[i].name, json_integer (n));
        total += n;
    }
    json_object_set_new (by_state, "total", json_integer (total));
    json_object_set_new (o, "job_states", by_state);
    for (int i = 0; i < JOB_RESULTS; i++)
        json_object_set_new (o, result_names[i], json_integer ((json_int_t)results[i]));
}

static int add_queue (const struct jobqueue *q, void *arg)
{
    if (!q->name)
        return 0;
    json_t *o = json_pack ("{s:s}", "name", q->name);
    add_counts (o, q->state_count, q->result_count);
    json_object_set_new (o, "inactive_purged", json_integer ((json_int_t)q->purged));
    return json_array_append_new (arg, o);
}

static json_t *encode_stats (struct job_manager *jm)
{
    json_t *o = json_object (), *queues = json_array ();
    size_t states[JOB_STATES], results[JOB_RESULTS];

    for (int i = 0; i < JOB_STATES; i++)
        states[i] = job_manager_count (jm, 1 << i);
    for (int i = 0; i < JOB_RESULTS; i++)
        results[i] = job_manager_count_result (jm, 1 << i);
    add_counts (o, states, results);
    json_object_set_new (o, "inactive_purged",
                         json_integer ((json_int_t)job_manager_count_purged (jm)));
    job_manager_each_queue (jm, add_queue, queues);
    json_object_set_new (o, "queues", queues);
    return o;
}

static void one_cb (const flux_msg_t *msg, void *arg)
{
    struct job_stats *s = arg;

    if (router_backlog (s->jl->rt, msg) == 0) // who does not read gets the next ones
        router_respond_pack (s->jl->rt, msg, "o", encode_stats (s->jl->jm));
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct job_stats *s = w->data;

    waiters_each (s->watchers, one_cb, s);
}

static void event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct job_stats *s = arg;

    if (waiters_count (s->watchers) > 0 && !ev_is_active (&s->timer)) {
        ev_timer_set (&s->timer, PERIOD, 0.);
        ev_timer_start (router_loop (s->jl->rt), &s->timer);
    }
}

void job_stats_request (struct job_stats *s, const flux_msg_t *msg)
{
    struct router *rt = s->jl->rt;

    if (!job_list_sees_all (s->jl, msg))
        router_respond_error (rt, msg, EPERM, "figures of all jobs are not shown here");
    else if (flux_msg_is_streaming (msg) && waiters_add (s->watchers, msg) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else
        router_respond_pack (rt, msg, "o", encode_stats (s->jl->jm));
}

void job_stats_cancel (struct job_stats *s, const flux_msg_t *cancel)
{
    const flux_msg_t *held = waiters_cancel (s->watchers, cancel);

    if (held) {
        router_respond_error (s->jl->rt, held, ENODATA, NULL);
        flux_msg_decref (held);
    }
}

void job_stats_disconnect (struct job_stats *s, const flux_msg_t *disconnect)
{
    waiters_disconnect (s->watchers, disconnect);
}

size_t job_stats_watchers (const struct job_stats *s)
{
    return waiters_count (s->watchers);
}

struct job_stats *job_stats_create (struct job_list *jl)
{
    struct job_stats *s = calloc (1, sizeof (*s));

    if (!s || !(s->watchers = waiters_create ()) ||
        job_manager_on_event (jl->jm, event_cb, s) < 0) {
        if (s)
            waiters_destroy (s->watchers);
        free (s);
        return NULL;
    }
    s->jl = jl;
    ev_init (&s->timer, timer_cb);
    s->timer.data = s;
    return s;
}

void job_stats_destroy (struct job_stats *s)
{
    if (s) {
        ev_timer_stop (router_loop (s->jl->rt), &s->timer);
        waiters_destroy (s->watchers);
        free (s);
    }
}
