/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One pass over the queue for all that was submitted or freed in a turn of the loop. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

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

    queue_remove (job->live->in, job);
    jobqueue_count_running (job->live->jq, job->userid, 1);
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

/* Try one job. Returns false when those behind it have to wait. */
static bool try_job (struct job_manager *jm, struct job *job, double now, uint32_t *reserved)
{
    struct sched_alloc alloc = {0};
    flux_error_t error;
    double start = 0;
    bool reserve = *reserved < jm->policy.reservation_depth;

    if (sched_alloc (jm->sched, job, now, reserve, &alloc, &start, &error) == 0) {
        give_resources (jm, job, &alloc);
        sched_alloc_clear (&alloc);
        return true;
    }
    if (errno != EBUSY) {
        job_manager_raise (jm, job, "alloc", 0, jm->owner, error.text);
        return true;
    }
    *reserved += start > 0;
    job->live->t_estimate = start;
    return jm->policy.backfill;
}

/* What is stopped as a whole, or full, need not be walked through. */
static void begin_pass (struct job_manager *jm)
{
    struct jobqueue *q;

    pending_begin (jm->queues);
    LL_FOREACH (jm->queues->list, q)
    {
        q->looked_at = q->reserved = 0;
        q->passed = !q->started;
    }
}

/* Do all that wait in this order have the same queue and user? */
static bool is_lone (struct job_manager *jm, const struct jobqueue *root)
{
    struct jobqueue *q;

    LL_FOREACH (jm->queues->list, q)
    {
        if (q->parent == root)
            return false;
    }
    return HASH_COUNT (root->users) <= 1;
}

void schedule_pass (struct router *rt, void *arg)
{
    struct job_manager *jm = arg;
    struct job *job;
    double now = walltime_now ();

    if (jm->shutting_down)
        return;
    sched_begin_pass (jm->sched);
    begin_pass (jm);
    while ((job = pending_next (jm->queues)) && job->priority > PRIORITY_MIN) {
        struct jobqueue *root = jobqueue_root (job->live->jq);
        if (!jobqueue_is_started (job->live->jq) ||
            !jobqueue_may_run (job->live->jq, job->userid)) {
            root->passed = is_lone (jm, root); // else those behind it may run
            continue;
        }
        if (!try_job (jm, job, now, &root->reserved))
            root->passed = true;
        else if (job->live && job->live->in && ++root->looked_at == jm->policy.queue_depth)
            root->passed = true;
    }
}

/* Fluxion's queue policies. fcfs: the first that does not fit now holds up those behind it. The
 * others let jobs behind it go first if they do not delay those that have a reservation: easy gives
 * one to the first, conservative to all that are looked at, hybrid to some. */
int schedule_policy_parse (struct schedule_policy *policy, const char *name, uint32_t queue_depth,
                           uint32_t reservation_depth)
{
    *policy = (struct schedule_policy){.name = name, .queue_depth = queue_depth};
    if (strcmp (name, "fcfs") == 0)
        return 0;
    policy->backfill = true;
    if (strcmp (name, "easy") == 0)
        policy->reservation_depth = 1;
    else if (strcmp (name, "conservative") == 0)
        policy->reservation_depth = queue_depth;
    else if (strcmp (name, "hybrid") == 0)
        policy->reservation_depth = reservation_depth;
    else {
        errno = EINVAL;
        return -1;
    }
    return 0;
}

void job_manager_reschedule (struct job_manager *jm)
{
    router_at_turn_end (jm->rt, schedule_pass, jm);
}
