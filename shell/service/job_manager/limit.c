/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Time limits. */

#include "lib/util/monotime.h"
#include "shell/service/job_manager/private.h"

static void limit_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct job *job = w->data;
    struct job_manager *jm = job->live->jm;

    job_manager_raise (jm, job, "timeout", 0, jm->owner, "resource allocation expired");
}

void limit_start (struct job_manager *jm, struct job *job)
{
    if (job->expiration <= 0)
        return;
    double left = job->expiration - walltime_now ();
    job->live->jm = jm;
    ev_timer_init (&job->live->limit, limit_cb, left > 0 ? left : 0, 0.);
    job->live->limit.data = job;
    ev_now_update (router_loop (jm->rt));
    ev_timer_start (router_loop (jm->rt), &job->live->limit);
}

void limit_stop (struct job_manager *jm, struct job *job)
{
    if (job->live && job->live->jm)
        ev_timer_stop (router_loop (jm->rt), &job->live->limit);
}
