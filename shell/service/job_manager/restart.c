/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Going on where an earlier instance ended: every job of the KVS is made again from its eventlog
 * (replay.c). Inactive jobs are history; pending ones are pending again; those that ran have lost
 * their tasks and get an exception. Nothing starts before job_manager_release(). */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/fluid.h"
#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_manager/jobids.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/replay.h"
#include "shell/service/kvs/kvs.h"

/* flux-core's name and form; `epoch` is ours: the time at which the timestamp of job ids was 0. */
#define CHECKPOINT "checkpoint.job-manager"
#define CHECKPOINT_VERSION 1

#define LOST_NOTE "the instance ended while the job ran, and was started again"

struct restart {
    struct job_manager *jm;
    struct jobspec *js; // the last one, of this text
    char *text;
    size_t len;
};

/* ---- one job */

static int replay (struct job_manager *jm, struct job *job, flux_error_t *errp)
{
    size_t len, Rlen;
    char *log = job_get_key (jm, job->id, "eventlog", &len), *summary = NULL;
    int rc;

    if (!log)
        return errprintf (errp, "eventlog: %s", strerror (errno));
    char *R = job_get_key (jm, job->id, "R", &Rlen);
    rc = job_replay (job, log, len, R, &summary, errp);
    job->resource_summary = strpool_get (jm->strings, summary);
    free (summary);
    free (R);
    free (log);
    return rc;
}

/* Most jobs have the jobspec of the one before. */
static struct jobspec *same_jobspec (struct restart *r, const char *text, size_t len)
{
    if (r->js && r->len == len && memcmp (r->text, text, len) == 0)
        return r->js;
    return NULL;
}

static void keep_jobspec (struct restart *r, struct jobspec *js, char *text, size_t len)
{
    jobspec_destroy (r->js);
    free (r->text);
    r->js = js;
    r->text = text;
    r->len = len;
}

static struct jobspec *get_jobspec (struct restart *r, struct job *job)
{
    size_t len;
    char *text = NULL;
    struct jobspec *js = NULL;

    if (job->updated) {
        js = job_current_jobspec (r->jm, job);
    } else if ((text = job_get_key (r->jm, job->id, "jobspec", &len))) {
        if ((js = same_jobspec (r, text, len))) {
            free (text);
            return js;
        }
        js = jobspec_decode (text, len, NULL);
    }
    keep_jobspec (r, js, text, len);
    return js;
}

static int take_facts (struct restart *r, struct job *job, flux_error_t *errp)
{
    struct jobspec *js = get_jobspec (r, job);
    uint32_t nnodes = job->nnodes, ncores = job->ncores;

    if (!js)
        return errprintf (errp, "its jobspec cannot be read");
    if (job_set_facts (r->jm, job, js) < 0)
        return errprintf (errp, "out of memory");
    if (job->ranks) { // what it got counts, not what it asked for
        job->nnodes = nnodes;
        job->ncores = ncores;
    }
    return 0;
}

static struct job *load_job (struct restart *r, uint64_t id)
{
    struct job *job = job_create (id);
    flux_error_t error = {"out of memory"};
    char name[FLUID_STRING_SIZE];

    if (job && replay (r->jm, job, &error) == 0 && take_facts (r, job, &error) == 0)
        return job;
    fluid_encode (id, FLUID_F58_PLAIN, name, sizeof (name));
    fprintf (stderr, "flux-broker: job %s of the earlier instance is not taken over: %s\n", name,
             error.text);
    if (job)
        job_drop_strings (r->jm, job);
    job_free (job);
    return NULL;
}

/* Where it counts; one whose queue is gone counts in the first one. */
static void enter_queue (struct job_manager *jm, struct job *job)
{
    struct jobqueue *q = jobqueues_lookup (jm->queues, job->facts.queue);

    job->live->jq = q = q ? q : jm->queues->list;
    q->state_count[state_index (job->state)]++;
    if (job->state == JOB_INACTIVE) {
        q->result_count[state_index (job->result)]++;
        return;
    }
    jobqueue_count_active (q, job->userid, 1);
    if ((job->states_seen & JOB_RUN))
        jobqueue_count_running (q, job->userid, 1);
}

static void add_job (struct job_manager *jm, struct job *job)
{
    HASH_ADD (hh, jm->jobs, id, sizeof (job->id), job);
    jm->state_count[state_index (job->state)]++;
    job->result = job->state == JOB_INACTIVE ? job_result_of (job) : 0;
    for (int i = 0; i < JOB_RESULTS; i++)
        jm->result_count[i] += job->result == 1 << i;
    enter_queue (jm, job);
    if ((job->state & JOB_UNQUEUED))
        list_append (&jm->unqueued, job);
    if ((job->state & JOB_RUNNING))
        list_prepend (&jm->running, job);
    if (job->state == JOB_INACTIVE)
        job_retire (job);
    else
        job_waits_begin (jm, job);
}

/* ---- all jobs */

static int by_end (const void *a, const void *b)
{
    const struct job *x = *(struct job *const *)a, *y = *(struct job *const *)b;
    return x->t_inactive < y->t_inactive ? -1 : x->t_inactive > y->t_inactive;
}

/* The list of inactive jobs is by their end, the newest first. */
static int list_inactive (struct job_manager *jm)
{
    size_t n = jm->state_count[state_index (JOB_INACTIVE)], i = 0;
    struct job **jobs = calloc (n + 1, sizeof (*jobs)), *job, *tmp;

    if (!jobs)
        return -1;
    HASH_ITER (hh, jm->jobs, job, tmp)
    {
        if (job->state == JOB_INACTIVE)
            jobs[i++] = job;
    }
    qsort (jobs, n, sizeof (*jobs), by_end);
    for (i = 0; i < n; i++) {
        list_prepend (&jm->inactive, jobs[i]);
        job_waits_begin (jm, jobs[i]);
    }
    free (jobs);
    return 0;
}

/* ---- what an active job goes on with */

static void fail (struct job_manager *jm, struct job *job, const char *type, const char *note)
{
    job_manager_raise (jm, job, type, 0, jm->owner, note);
}

static void forget_dependencies (struct dependency *dep)
{
    while (dep) {
        struct dependency *next = dep->next;
        free (dep->description);
        free (dep);
        dep = next;
    }
}

static int revive (struct job_manager *jm, struct job *job, flux_error_t *errp)
{
    size_t len;
    char *J = job_get_key (jm, job->id, "J", &len);

    if (!J)
        return errprintf (errp, "J: %s", strerror (errno));
    int rc = job_revive (jm, job, J, errp);
    free (J);
    return rc;
}

static int check_queue (struct job_manager *jm, const struct job *job, flux_error_t *errp)
{
    if (jobqueues_lookup (jm->queues, job->facts.queue))
        return 0;
    return errprintf (errp, "queue %s is not configured any more",
                      job->facts.queue ? job->facts.queue : "without a name");
}

static void resume_pending (struct job_manager *jm, struct job *job)
{
    struct dependency *announced = job->live->depends;
    flux_error_t error;
    bool revived;

    job->live->depends = NULL;
    revived = check_queue (jm, job, &error) == 0 && revive (jm, job, &error) == 0;
    if (revived && (job->state & (JOB_NEW | JOB_DEPEND)))
        depends_announce_again (jm->depends, job, announced);
    forget_dependencies (announced);
    if (job->state == JOB_NEW)
        event_post (jm, job, "validate", NULL);
    else if (revived && job->state == JOB_SCHED)
        event_post (jm, job, "flux-restart", NULL);
    else if (revived)
        job_action (jm, job);
    if (!revived)
        fail (jm, job, job->state == JOB_DEPEND ? "dependency" : "exec", error.text);
}

static void resume (struct job_manager *jm, struct job *job)
{
    if (job->state == JOB_CLEANUP && cutoff_waits (job))
        return; // until job_manager_release()
    cutoff_end (jm, job);
    if ((job->state & (JOB_NEW | JOB_PENDING)))
        resume_pending (jm, job);
    else if (job->state == JOB_RUN)
        fail (jm, job, "exec", LOST_NOTE);
    else if (job->state == JOB_CLEANUP)
        job_cleanup (jm, job);
}

/* ---- the state beside the jobs */

static json_t *load_checkpoint (struct job_manager *jm)
{
    char *text = NULL;
    size_t len;

    if (kvs_local_get (jm->kvs, NULL, CHECKPOINT, &text, &len) < 0)
        return NULL;
    json_t *o = json_loadb (text, len, 0, NULL);
    free (text);
    return o;
}

int job_manager_save (struct job_manager *jm)
{
    double epoch = walltime_now () - fluid_save_timestamp (jm->fluid) / 1000.;
    json_t *o = json_pack ("{s:i s:I s:O* s:f}", "version", CHECKPOINT_VERSION, "max_jobid",
                           (json_int_t)jm->max_id, "queue", jm->queue_states, "epoch", epoch);
    char *text = o ? json_dumps (o, JSON_COMPACT) : NULL;

    json_decref (o);
    if (!text) {
        errno = ENOMEM;
        return -1;
    }
    return kvs_local_put_take (jm->kvs, NULL, CHECKPOINT, text, strlen (text));
}

/* No id is given twice: not those of jobs that were purged, nor of jobs that the last checkpoint of
 * the store has not seen. The clock goes on as if the instance had never ended. */
static int restart_ids (struct job_manager *jm, const json_t *checkpoint)
{
    json_int_t max = 0;
    double epoch = 0;

    json_unpack ((json_t *)checkpoint, "{s?I s?F}", "max_jobid", &max, "epoch", &epoch);
    if ((uint64_t)max > jm->max_id)
        jm->max_id = max;
    uint64_t next = jm->max_id > 0 ? fluid_get_timestamp (jm->max_id) + 1 : 0;
    double since = epoch > 0 ? (walltime_now () - epoch) * 1000 : 0;
    if (since > next && since < (double)(UINT64_C (1) << 40))
        next = since;
    return fluid_init (jm->fluid, 0, next);
}

static void resume_all (struct job_manager *jm, const struct jobids *ids)
{
    for (size_t i = 0; i < ids->count; i++) {
        struct job *job = job_manager_lookup (jm, ids->id[i]);
        if (job && job->state != JOB_INACTIVE)
            resume (jm, job);
    }
}

int job_manager_restart (struct job_manager *jm, flux_error_t *errp)
{
    struct restart r = {.jm = jm};
    struct jobids ids = {0};
    json_t *checkpoint = load_checkpoint (jm);
    struct job *job;
    int rc = jobids_find (&ids, jm->kvs);

    queues_restore (jm, json_object_get (checkpoint, "queue"), jm->conf.stop_queues_on_restart);
    for (size_t i = 0; rc == 0 && i < ids.count; i++) {
        jm->max_id = ids.id[i] > jm->max_id ? ids.id[i] : jm->max_id;
        if ((job = load_job (&r, ids.id[i])))
            add_job (jm, job);
    }
    if (rc < 0 || list_inactive (jm) < 0 || restart_ids (jm, checkpoint) < 0)
        rc = errprintf (errp, "the jobs of the earlier instance: %s", strerror (errno));
    else {
        jm->held = true;
        resume_all (jm, &ids);
    }
    keep_jobspec (&r, NULL, NULL, 0);
    json_decref (checkpoint);
    jobids_clear (&ids);
    return rc;
}

void job_manager_release (struct job_manager *jm)
{
    jm->held = false;
    cutoff_resume (jm);
    job_manager_reschedule (jm);
}
