/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One pass over the queue for all that was submitted or freed in a turn of the loop. */

#include <errno.h>
#include <flux/idset.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/util/buf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/sched/sched.h"

static void start_on (struct job_manager *jm, struct job *job, const char *R, const uint32_t *ranks,
                      uint32_t nranks)
{
    bool simulated = job->live->sim_duration >= 0; // no shell will read it
    char *jobspec = simulated ? NULL : job_manager_jobspec (jm, job), *copy = NULL;
    const char *env = jobspec ? jobstore_get_environment (jm->store, job, &copy) : NULL;
    flux_error_t error;

    if (!env && !simulated) {
        free (jobspec);
        job_manager_raise (jm, job, "exec", 0, jm->owner, "its jobspec cannot be read");
        return;
    }
    struct exec_request req = {
        .id = job->id,
        .userid = job->userid,
        .jobspec = jobspec,
        .env = env,
        .R = R,
        .ranks = ranks,
        .nranks = nranks,
        .sim_duration = job->live->sim_duration,
    };
    job->live->started = true;
    if (job->flags & JOBFLAG_DEBUG)
        event_post (jm, job, "debug.start-request", NULL);
    if (job_exec_start (jm->exec, &req, &error) < 0) {
        job->live->started = false;
        job_manager_raise (jm, job, "exec", 0, jm->owner, error.text);
    }
    free (copy);
    free (jobspec);
}

static bool may_start (const struct job *job)
{
    return job->state == JOB_RUN && job->live->has_resources && !job->live->started &&
           job->live->nprologs == 0;
}

/* After a prolog: R is read again. */
void job_start (struct job_manager *jm, struct job *job)
{
    char key[JOB_KEY_SIZE];
    struct idset *ids;
    char *R = NULL;
    size_t len;
    uint32_t n = 0;

    if (!may_start (job))
        return;
    ids = idset_decode (job->ranks);
    uint32_t *ranks = ids ? calloc (idset_count (ids) + 1, sizeof (*ranks)) : NULL;
    if (!ranks ||
        kvs_local_get (jm->kvs, NULL, job_key (job->id, "R", key, sizeof (key)), &R, &len) < 0) {
        job_manager_raise (jm, job, "exec", 0, jm->owner, "its resources cannot be read");
    } else {
        for (unsigned int r = idset_first (ids); r != IDSET_INVALID_ID; r = idset_next (ids, r))
            ranks[n++] = r;
        start_on (jm, job, R, ranks, n);
    }
    free (R);
    free (ranks);
    idset_destroy (ids);
}

/* A summary has no character that JSON would quote. */
static void post_alloc (struct job_manager *jm, struct job *job)
{
    struct buf b = {0};

    buf_printf (&b, "{\"annotations\":{\"sched\":{\"resource_summary\":\"%s\"}}}",
                job->resource_summary ? job->resource_summary : "");
    event_post (jm, job, "alloc", b.err ? NULL : b.data);
    buf_clear (&b);
}

void job_give_resources (struct job_manager *jm, struct job *job, struct sched_alloc *alloc)
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
    job->resource_summary = strpool_get (jm->strings, alloc->summary);
    post_alloc (jm, job);
    if (job->state == JOB_RUN && job->live->sim_duration < 0)
        perilogs_prolog (jm->perilogs, job);
    if (may_start (job))
        start_on (jm, job, alloc->R, alloc->rank, alloc->nnodes);
}

/* RFC 21, debug events: the first time that resources are sought. False: the job is gone with it.
 */
static bool tell_request (struct job_manager *jm, struct job *job)
{
    if ((job->flags & JOBFLAG_DEBUG) && !job->live->sought) {
        job->live->sought = true;
        event_post (jm, job, "debug.alloc-request", NULL);
    }
    return job->state == JOB_SCHED;
}

static pass_outcome_t try_job (struct job_manager *jm, struct job *job, double now, bool reserve)
{
    struct sched_alloc alloc = {0};
    flux_error_t error;
    double start = 0;

    if (sched_alloc (jm->sched, job, now, reserve, &alloc, &start, &error) == 0) {
        job_give_resources (jm, job, &alloc);
        sched_alloc_clear (&alloc);
        return PASS_STARTED;
    }
    if (errno != EBUSY) {
        job_manager_raise (jm, job, "alloc", 0, jm->owner, error.text);
        return PASS_STARTED;
    }
    job->live->t_estimate = start;
    job->live->lacks_resources = true;
    return start > 0 ? PASS_RESERVED : PASS_WAITS;
}

/* All that may run, as far as the scheduler outside wants to know of them. */
static pass_outcome_t ask_for (struct job_manager *jm, struct job *job)
{
    if (extsched_may_ask (jm->extsched, job) && extsched_ask (jm->extsched, job) < 0)
        job_manager_raise (jm, job, "alloc", 0, jm->owner, "its jobspec cannot be read");
    return PASS_STARTED;
}

/* What is stopped as a whole, or full, need not be walked through. */
static void begin_pass (struct job_manager *jm)
{
    struct jobqueue *q;

    pending_begin (jm->queues);
    LL_FOREACH (jm->queues->list, q)
    {
        pass_begin (&q->pass, qpolicies_find (jm->policies, q->name));
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

    if (jm->shutting_down || jm->held || !jm->policies)
        return;
    bool outside = extsched_is_active (jm->extsched);
    if (outside)
        extsched_begin_pass (jm->extsched);
    else
        sched_begin_pass (jm->sched);
    begin_pass (jm);
    while ((job = pending_next (jm->queues)) && job->priority > PRIORITY_MIN) {
        struct jobqueue *root = jobqueue_root (job->live->jq);
        if (!jobqueue_is_started (job->live->jq) ||
            !jobqueue_may_run (job->live->jq, job->userid)) {
            root->passed = is_lone (jm, root); // else those behind it may run
            continue;
        }
        if (!tell_request (jm, job))
            continue;
        pass_outcome_t outcome =
            outside ? ask_for (jm, job) : try_job (jm, job, now, pass_may_reserve (&root->pass));
        root->passed = !pass_goes_on (&root->pass, outcome);
    }
}

void job_manager_reschedule (struct job_manager *jm)
{
    router_at_turn_end (jm->rt, schedule_pass, jm);
}
