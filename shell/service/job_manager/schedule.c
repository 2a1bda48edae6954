/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One pass over the queue for all that was submitted or freed in a turn of the loop. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/sched/sched.h"

static void start_job (struct job_manager *jm, struct job *job, const struct sched_alloc *alloc)
{
    char *jobspec = job_manager_jobspec (jm, job);
    flux_error_t error;

    if (!jobspec) {
        job_manager_raise (jm, job, "exec", 0, jm->owner, "its jobspec cannot be read");
        return;
    }
    struct exec_request req = {
        .id = job->id,
        .userid = job->userid,
        .jobspec = jobspec,
        .env = job->live->env,
        .R = alloc->R,
        .ranks = alloc->rank,
        .nranks = alloc->nnodes,
        .sim_duration = job->live->sim_duration,
    };
    job->live->started = true;
    if (job_exec_start (jm->exec, &req, &error) < 0) {
        job->live->started = false;
        job_manager_raise (jm, job, "exec", 0, jm->owner, error.text);
    }
    free (jobspec);
}

static void give_resources (struct job_manager *jm, struct job *job, struct sched_alloc *alloc)
{
    char key[JOB_KEY_SIZE];

    queue_remove (jm->queue, job);
    job->live->has_resources = true;
    job->ncores = alloc->ncores;
    job->nnodes = alloc->nnodes;
    job->expiration = alloc->expiration;
    job->ranks = strdup (alloc->ranks);
    job->nodelist = strdup (alloc->nodelist);
    list_prepend (&jm->running, job);
    kvs_local_put (jm->kvs, NULL, job_key (job->id, "R", key, sizeof (key)), alloc->R,
                   strlen (alloc->R));
    limit_start (jm, job);
    event_post (jm, job, "alloc", NULL);
    start_job (jm, job, alloc);
}

/* First come, first served: the first that does not fit now holds up those behind it. */
void schedule_pass (struct router *rt, void *arg)
{
    struct job_manager *jm = arg;
    struct job *job, *next;
    double now = walltime_now ();

    if (jm->sched_stopped || jm->shutting_down)
        return;
    for (job = queue_first (jm->queue); job && job->priority > PRIORITY_MIN; job = next) {
        struct sched_alloc alloc = {0};
        flux_error_t error;

        next = queue_next (jm->queue, job);
        if (sched_alloc (jm->sched, job, now, &alloc, &error) == 0) {
            give_resources (jm, job, &alloc);
            sched_alloc_clear (&alloc);
        } else if (errno == EBUSY) {
            break;
        } else {
            job_manager_raise (jm, job, "alloc", 0, jm->owner, error.text);
        }
    }
}

void job_manager_reschedule (struct job_manager *jm)
{
    router_at_turn_end (jm->rt, schedule_pass, jm);
}
