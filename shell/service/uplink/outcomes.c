/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/job.h>

#include "shell/broker/router.h"
#include "shell/service/job_manager/manager.h"
#include "shell/service/uplink/outcomes.h"
#include "shell/service/uplink/uplink.h"

#define PERIOD 1. // seconds between two notes

#define KINDS 4
static const struct {
    const char *name;
    int result;
} kinds[KINDS] = {
    {"successful", FLUX_JOB_RESULT_COMPLETED},
    {"failed", FLUX_JOB_RESULT_FAILED},
    {"canceled", FLUX_JOB_RESULT_CANCELED},
    {"timeout", FLUX_JOB_RESULT_TIMEOUT},
};

struct counts {
    json_int_t own[KINDS], below[KINDS];
};

struct outcomes {
    struct router *rt;
    struct uplink *up;
    struct job_manager *jm;
    json_int_t ended[KINDS]; // of instances that have ended
    struct counts told;
    ev_timer timer;
};

/* What a job that is an instance has noted of its jobs. */
static bool add_notes (const struct job *job, json_int_t *sum)
{
    json_t *user = json_object_get (job->annotations, "user");
    json_t *own = json_object_get (user, "jobs"), *below = json_object_get (user, "below");

    for (int i = 0; i < KINDS; i++)
        sum[i] += json_integer_value (json_object_get (own, kinds[i].name)) +
                  json_integer_value (json_object_get (below, kinds[i].name));
    return json_object_get (user, "uri") != NULL;
}

struct look {
    json_int_t *sum;
    bool any;
};

static int look_at (struct job *job, void *arg)
{
    struct look *l = arg;

    l->any |= add_notes (job, l->sum);
    return 0;
}

/* True: there are instances, whose notes may change without an event. */
static bool count (struct outcomes *r, struct counts *c)
{
    struct look l = {c->below, false};

    for (int i = 0; i < KINDS; i++) {
        c->own[i] = (json_int_t)job_manager_count_result (r->jm, kinds[i].result);
        c->below[i] = r->ended[i];
    }
    job_manager_walk (r->jm, JOB_RUNNING, look_at, &l);
    return l.any;
}

static json_t *to_json (const json_int_t *n)
{
    json_t *o = json_object ();

    for (int i = 0; o && i < KINDS; i++)
        json_object_set_new (o, kinds[i].name, json_integer (n[i]));
    return o;
}

static json_t *describe (const struct counts *c, const char *state)
{
    return json_pack ("{s:s* s:o s:o}", "state", state, "jobs", to_json (c->own), "below",
                      to_json (c->below));
}

static void timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct outcomes *r = w->data;
    struct counts now;

    if (!count (r, &now))
        ev_timer_stop (loop, w);
    if (memcmp (&now, &r->told, sizeof (now)) != 0)
        uplink_memo (r->up, describe (&now, NULL), true);
    r->told = now;
}

static void event_cb (struct job *job, const char *name, const char *entry, void *arg)
{
    struct outcomes *r = arg;
    bool ended = strcmp (name, "clean") == 0;

    if (ended && job->annotations)
        (void)add_notes (job, r->ended);
    if ((ended || strcmp (name, "start") == 0) && !ev_is_active (&r->timer))
        ev_timer_again (router_loop (r->rt), &r->timer);
}

void outcomes_finish (struct outcomes *r)
{
    struct counts now;

    ev_timer_stop (router_loop (r->rt), &r->timer);
    (void)count (r, &now);
    uplink_memo_wait (r->up, describe (&now, "shutdown"));
}

struct outcomes *outcomes_create (struct router *rt, struct uplink *up, struct job_manager *jm)
{
    struct outcomes *r = calloc (1, sizeof (*r));

    if (!r)
        return NULL;
    r->rt = rt;
    r->up = up;
    r->jm = jm;
    ev_init (&r->timer, timer_cb);
    r->timer.repeat = PERIOD;
    r->timer.data = r;
    if (job_manager_on_event (jm, event_cb, r) < 0) {
        free (r);
        return NULL;
    }
    return r;
}

void outcomes_destroy (struct outcomes *r)
{
    if (r) {
        int saved_errno = errno;
        ev_timer_stop (router_loop (r->rt), &r->timer);
        free (r);
        errno = saved_errno;
    }
}
