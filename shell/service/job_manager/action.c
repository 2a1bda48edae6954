/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What each state of a job is for, and what the exec service tells. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/idset.h>
#include <flux/rpc.h>

#include "lib/job/fluid.h"
#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/sched/sched.h"

static void enter_depend (struct job_manager *jm, struct job *job)
{
    if (!job->live->depends)
        event_post (jm, job, "depend", NULL);
}

static int64_t priority_of (const struct job *job)
{
    if (job->urgency == URGENCY_EXPEDITE)
        return PRIORITY_MAX;
    return job->urgency; // RFC 30: 0 holds the job
}

static void queue_again (struct job_manager *jm, struct job *job)
{
    if (job->live->in)
        queue_remove (job->live->in, job);
    if (queue_insert (jobqueue_root (job->live->jq)->pending, job) < 0)
        job_manager_raise (jm, job, "sched", 0, jm->owner, "out of memory");
    job_manager_reschedule (jm);
}

void job_set_priority (struct job_manager *jm, struct job *job, int64_t priority)
{
    char context[64];

    if (priority == job->priority && job->state != JOB_PRIORITY)
        return;
    job->priority = priority;
    snprintf (context, sizeof (context), "{\"priority\":%lld}", (long long)priority);
    event_post (jm, job, "priority", context);
    if (job->state == JOB_SCHED) {
        queue_again (jm, job);
        extsched_prioritized (jm->extsched, job);
    }
}

/* RFC 30: what is held or expedited stays so, whatever plugins say. */
void job_prioritize (struct job_manager *jm, struct job *job)
{
    int64_t priority = priority_of (job);

    if (job->urgency != URGENCY_HOLD && job->urgency != URGENCY_EXPEDITE &&
        jobtap_rules_priority (jm->jobtap))
        priority = jobtap_priority (jm->jobtap, job, priority);
    if (priority >= PRIORITY_MIN)
        job_set_priority (jm, job, priority);
}

static void answer_release (struct job_manager *jm, struct job *job)
{
    if (!housekeeping_take (jm->housekeeping, job)) {
        sched_free (jm->sched, job->id);
        extsched_free (jm->extsched, job->id, NULL, true);
    }
    job->live->has_resources = false;
    event_post (jm, job, "release", "{\"ranks\":\"all\",\"final\":true}");
    event_post (jm, job, "free", NULL);
    job_manager_reschedule (jm);
}

void job_cleanup (struct job_manager *jm, struct job *job)
{
    if (job->state != JOB_CLEANUP || job->live->started || job->live->nprologs > 0 ||
        job->live->nepilogs > 0)
        return; // what is under way comes back here
    if (job->live->has_resources)
        answer_release (jm, job);
    event_post (jm, job, "clean", NULL);
}

static void enter_cleanup (struct job_manager *jm, struct job *job)
{
    if (job->live->in) {
        queue_remove (job->live->in, job);
        job_manager_reschedule (jm); // others may have waited behind it
    }
    extsched_cancel (jm->extsched, job->id);
    limit_stop (jm, job);
    if (job->exception_severity == 0)
        perilogs_exception (jm->perilogs, job);
    if (job->live->started && !job->finished) {
        job_exec_cancel (jm->exec, job->id,
                         job->exception_severity == 0 &&
                             strcmp (job->exception_type, "timeout") == 0);
        return;
    }
    if (job->finished)
        perilogs_epilog (jm->perilogs, job);
    job_cleanup (jm, job);
}

/* ---- prolog and epilog actions ---- */

static void post_action (struct job_manager *jm, struct job *job, const char *name,
                         const char *description)
{
    event_post_pack (jm, job, name, "{s:s}", "description", description);
}

static void post_action_end (struct job_manager *jm, struct job *job, const char *name,
                             const char *description, int status)
{
    event_post_pack (jm, job, name, "{s:s s:i}", "description", description, "status", status);
}

int action_prolog_start (struct job_manager *jm, struct job *job, const char *description)
{
    if (!(job->state & (JOB_NEW | JOB_PENDING | JOB_RUN)) || job->live->started || !description) {
        errno = EINVAL;
        return -1;
    }
    job->live->nprologs++;
    post_action (jm, job, "prolog-start", description);
    return 0;
}

int action_prolog_finish (struct job_manager *jm, struct job *job, const char *description,
                          int status)
{
    if (!job->live || job->live->nprologs == 0 || !description) {
        errno = EINVAL;
        return -1;
    }
    job->live->nprologs--;
    post_action_end (jm, job, "prolog-finish", description, status);
    if (job->state == JOB_RUN)
        job_start (jm, job);
    else if (job->state == JOB_CLEANUP)
        job_cleanup (jm, job);
    return 0;
}

int action_epilog_start (struct job_manager *jm, struct job *job, const char *description)
{
    if (job->state != JOB_CLEANUP || !job->live->has_resources || !description) {
        errno = EINVAL;
        return -1;
    }
    job->live->nepilogs++;
    post_action (jm, job, "epilog-start", description);
    return 0;
}

int action_epilog_finish (struct job_manager *jm, struct job *job, const char *description,
                          int status)
{
    if (!job->live || job->live->nepilogs == 0 || !description) {
        errno = EINVAL;
        return -1;
    }
    job->live->nepilogs--;
    post_action_end (jm, job, "epilog-finish", description, status);
    job_cleanup (jm, job);
    return 0;
}

static void count_end (struct job *job)
{
    struct jobqueue *q = job->live->jq;

    q->result_count[state_index (job->result)]++;
    jobqueue_count_active (q, job->userid, -1);
    if ((job->states_seen & JOB_RUN))
        jobqueue_count_running (q, job->userid, -1);
}

/* Clients look at a job when it ends, and hardly later. */
static void cool (struct job_manager *jm, const struct job *job)
{
    uint64_t *place = &jm->cooling[jm->ncooling++ % COOLING_MAX];
    char key[JOB_KEY_SIZE];

    if (*place)
        kvs_local_cool (jm->kvs, NULL, job_key (*place, NULL, key, sizeof (key)));
    *place = job->id;
}

static void enter_inactive (struct job_manager *jm, struct job *job)
{
    job->result = job_result_of (job);
    for (int i = 0; i < JOB_RESULTS; i++)
        jm->result_count[i] += job->result == 1 << i;
    count_end (job);
    list_remove (&jm->running, job);
    list_prepend (&jm->inactive, job);
    depends_notify (jm->depends, job);
    if (jobtap_any (jm->jobtap))
        jobtap_end_job (jm->jobtap, job);
    strpool_put (jm->strings, job->live->env);
    strpool_put (jm->strings, job->live->graph_policy);
    job_retire (job);
    cool (jm, job);
    job_wait_answer (jm, job);
    purge_follow_limits (jm);
    check_idle (jm);
}

void job_action (struct job_manager *jm, struct job *job)
{
    switch (job->state) {
    case JOB_DEPEND:
        enter_depend (jm, job);
        break;
    case JOB_PRIORITY:
        job_prioritize (jm, job);
        break;
    case JOB_SCHED: // job_prioritize() queues it once its event is out
    case JOB_RUN:   // schedule.c starts it: it has R at hand
        break;
    case JOB_CLEANUP:
        enter_cleanup (jm, job);
        break;
    case JOB_INACTIVE:
        enter_inactive (jm, job);
        break;
    }
}

void job_manager_raise (struct job_manager *jm, struct job *job, const char *type, int severity,
                        uint32_t userid, const char *note)
{
    if (job->state == JOB_INACTIVE)
        return;
    job_set_exception (job, type, severity, note);
    event_post_pack (jm, job, "exception", "{s:s s:i s:s s:I}", "type", type, "severity", severity,
                     "note", note ? note : "", "userid", (json_int_t)userid);
}

/* ---- what exec tells ---- */

static void started_cb (uint64_t id, void *arg)
{
    struct job_manager *jm = arg;
    struct job *job = job_manager_lookup (jm, id);

    if (job && job->state != JOB_INACTIVE) {
        event_post (jm, job, "start", NULL);
        depends_notify (jm->depends, job);
    }
}

static void exception_cb (uint64_t id, const char *type, int severity, const char *note, void *arg)
{
    struct job_manager *jm = arg;
    struct job *job = job_manager_lookup (jm, id);

    if (job)
        job_manager_raise (jm, job, type, severity, jm->owner, note);
}

static void finish_cb (uint64_t id, bool started, int wait_status, void *arg)
{
    struct job_manager *jm = arg;
    struct job *job = job_manager_lookup (jm, id);
    char context[64];

    if (!job || !job->live || !job->live->started)
        return;
    job->live->started = false;
    if (!started) {
        if (job->state == JOB_RUN)
            job_manager_raise (jm, job, "exec", 0, jm->owner, "the job could not be started");
        else
            job_cleanup (jm, job);
        return;
    }
    job->finished = true;
    job->wait_status = wait_status;
    snprintf (context, sizeof (context), "{\"status\":%d}", wait_status);
    bool was_running = job->state == JOB_RUN;
    event_post (jm, job, "finish", context);
    if (!was_running && job->state == JOB_CLEANUP) {
        perilogs_epilog (jm->perilogs, job);
        job_cleanup (jm, job);
    }
}

static void left_cb (uint64_t id, uint32_t rank, void *arg)
{
    struct job_manager *jm = arg;
    struct job *job = job_manager_lookup (jm, id);

    if (job)
        resize_shell_ended (jm, job, rank);
}

void job_manager_drain (struct job_manager *jm, const struct idset *ranks, const char *reason)
{
    char *targets = idset_encode (ranks, IDSET_FLAG_RANGE);

    if (targets && *targets)
        router_rpc_pack (jm->rt, "resource.drain", 0, FLUX_RPC_NORESPONSE, NULL, NULL,
                         "{s:s s:s s:s}", "targets", targets, "reason", reason, "mode", "update");
    free (targets);
}

static void unkillable_cb (uint64_t id, const struct idset *ranks, void *arg)
{
    char text[FLUID_STRING_SIZE], reason[128];

    fluid_encode (id, FLUID_F58, text, sizeof (text));
    snprintf (reason, sizeof (reason), "unkillable user processes for job %s", text);
    job_manager_drain (arg, ranks, reason);
}

const struct job_exec_ops job_exec_callbacks = {
    .left = left_cb,
    .start = started_cb,
    .exception = exception_cb,
    .unkillable = unkillable_cb,
    .finish = finish_cb,
};
