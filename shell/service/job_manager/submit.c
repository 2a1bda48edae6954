/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-ingest.submit: from a signed jobspec to a job. The jobspec is decoded once; the job keeps
 * what lists and the scheduler need, the rest goes to the KVS (jobstore.h). */

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "lib/job/fluid.h"
#include "lib/util/fsd.h"
#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"
#include "shell/service/job_manager/jobstore.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/submission.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/sched/sched.h"

#define JOB_FLAGS (JOBFLAG_DEBUG | JOBFLAG_WAITABLE | JOBFLAG_NOVALIDATE | 1 /* pre-signed */)

static bool is_plain (const struct jobspec_vertex *v)
{
    return !v->next && !v->count.values && v->count.min == v->count.max && !v->unit && !v->id;
}

/* [node ->] slot -> core [, gpu]: what facts can say. Anything else is kept as it was asked for. */
static bool facts_suffice (const struct jobspec *js)
{
    const struct jobspec_vertex *v = js->resources;

    if (!js->counts.fixed || !is_plain (v))
        return false;
    if (strcmp (v->type, "node") == 0) {
        if (!(v = v->with) || !is_plain (v))
            return false;
    }
    if (strcmp (v->type, "slot") != 0 || v->exclusive == JOBSPEC_EXCLUSIVE_TRUE)
        return false;
    for (v = v->with; v; v = v->next) {
        bool known = strcmp (v->type, "core") == 0 || strcmp (v->type, "gpu") == 0;
        if (!known || v->with || v->count.values || v->unit || v->id ||
            v->exclusive == JOBSPEC_EXCLUSIVE_FALSE)
            return false;
    }
    return js->counts.slot_cores > 0;
}

/* attributes.system.graph.policy: a match policy of the job's own. */
static int take_graph_policy (struct job_manager *jm, struct job *job, const struct jobspec *js)
{
    json_t *policy = json_object_get (json_object_get (js->system, "graph"), "policy");
    const char *text = policy ? strpool_get (jm->strings, json_string_value (policy)) : NULL;

    if (policy && !text) {
        errno = json_is_string (policy) ? ENOMEM : EINVAL;
        return -1;
    }
    strpool_put (jm->strings, job->live->graph_policy);
    job->live->graph_policy = text;
    return 0;
}

int job_set_facts (struct job_manager *jm, struct job *job, const struct jobspec *js)
{
    struct job_facts *f = &job->facts;
    const struct jobspec_counts *c = &js->counts;
    struct {
        const char **dst;
        const char *src;
    } strings[] = {{&f->name, jobspec_job_name (js)},
                   {&f->cwd, js->cwd},
                   {&f->queue, js->queue},
                   {&f->project, js->project},
                   {&f->bank, js->bank}};

    for (size_t i = 0; i < sizeof (strings) / sizeof (strings[0]); i++) {
        const char *text = strpool_get (jm->strings, strings[i].src);
        if (strings[i].src && !text)
            return -1;
        strpool_put (jm->strings, *strings[i].dst);
        *strings[i].dst = text;
    }
    if (take_graph_policy (jm, job, js) < 0)
        return -1;
    f->nnodes = c->nnodes;
    f->nslots = c->nnodes > 0 && c->slots_per_node > 0 ? c->slots_per_node : c->nslots;
    f->cores = c->slot_cores;
    f->gpus = c->slot_gpus;
    f->exclusive = c->exclusive;
    f->duration = js->duration;
    f->ntasks = jobspec_task_total (js, c->nnodes, c->ncores);
    if (f->ntasks == 0) // one per node of however many there will be
        f->ntasks = c->nslots;
    if (!job->live->has_resources) {
        job->nnodes = c->nnodes;
        job->ncores = c->ncores;
    }
    json_decref (job->live->request);
    job->live->request =
        facts_suffice (js) ? NULL : json_incref (json_object_get (js->json, "resources"));
    json_decref (job->live->constraint);
    job->live->constraint = js->constraints ? json_incref (js->constraints) : NULL;
    return 0;
}

/* attributes.system.exec.test.run_duration: simulated execution, for tests and measurements. */
static int set_simulation (struct job *job, const struct jobspec *js, flux_error_t *errp)
{
    json_t *test = json_object_get (json_object_get (js->system, "exec"), "test");
    json_t *duration = json_object_get (test, "run_duration");

    if (duration && fsd_from_json (duration, &job->live->sim_duration) < 0)
        return errprintf (errp, "exec.test.run_duration is not a duration");
    return 0;
}

/* Its queue, what it gets from there, and whether it may be there. */
static int enter_queue (struct job_manager *jm, struct job *job, struct jobspec *js,
                        struct jobsource *src, flux_error_t *errp)
{
    struct jobqueue *q;
    const json_t *constraints = js->constraints;
    const char *queue = js->queue;
    double duration = js->duration;

    if (jobqueue_set_defaults (jm->queues, js, &q, errp) < 0)
        return -1;
    job->live->jq = q;
    src->changed = queue != js->queue || duration != js->duration || constraints != js->constraints;
    if (!q->enabled) {
        errno = EINVAL;
        return errprintf (errp, "job submission%s%s is disabled: %s", q->name ? " to " : "",
                          q->name ? q->name : "", q->disable_reason);
    }
    if (jobqueue_check_access (q, job->userid, errp) < 0 || jobqueue_check_limits (q, js, errp) < 0)
        return -1;
    return jobqueue_check_active (q, job->userid, errp);
}

/* The last word is that of the plugins, who see the job as it is stored. */
static int admit (struct job_manager *jm, struct job *job, const json_t *dependencies,
                  flux_error_t *errp)
{
    if (jobtap_any (jm->jobtap)) {
        event_hold (job); // until its first event is out
        if (jobtap_admit (jm->jobtap, job, errp) < 0)
            return -1;
    }
    if (depends_add (jm->depends, job, dependencies, errp) < 0) {
        if (jobtap_any (jm->jobtap))
            jobtap_end_job (jm->jobtap, job);
        return -1;
    }
    return 0;
}

/* The others of a singleton are those with its name, which is not that of its command. */
static int check_singleton (const struct jobspec *js, flux_error_t *errp)
{
    size_t i;
    json_t *entry;

    json_array_foreach (js->dependencies, i, entry)
    {
        const char *scheme = json_string_value (json_object_get (entry, "scheme"));
        if (!js->name && scheme && strcmp (scheme, "singleton") == 0) {
            errno = EINVAL;
            return errprintf (errp, "singleton jobs require a job name");
        }
    }
    return 0;
}

static struct job *make_job (struct job_manager *jm, struct submission *sub, struct jobspec *js,
                             struct jobsource *src, flux_error_t *errp)
{
    uint64_t id;
    struct job *job = NULL;
    json_t *dependencies = json_incref (js->dependencies); // js ends when it is stored
    bool stored = false;
    char key[JOB_KEY_SIZE];

    if (fluid_generate (jm->fluid, &id) < 0 || !(job = job_create (id))) {
        errprintf (errp, "%s", strerror (errno));
        goto error;
    }
    job->userid = sub->cred.userid;
    job->urgency = sub->urgency;
    job->flags = sub->flags & ~1;
    if (check_singleton (js, errp) < 0 || enter_queue (jm, job, js, src, errp) < 0)
        goto error;
    if (job_set_facts (jm, job, js) < 0) {
        errprintf (errp, "%s",
                   errno == EINVAL ? "attributes.system.graph.policy must be a string"
                                   : strerror (errno));
        goto error;
    }
    if (set_simulation (job, js, errp) < 0 || sched_feasible (jm->sched, job, errp) < 0)
        goto error;
    if (jobstore_environment (jm->store, job, js, src) < 0 ||
        jobstore_jobspec (jm->store, job, js, src) < 0 ||
        jobstore_J (jm->store, job, &sub->J) < 0) {
        errprintf (errp, "the jobspec could not be stored: %s", strerror (errno));
        goto error;
    }
    stored = true;
    if (admit (jm, job, dependencies, errp) < 0)
        goto error;
    json_decref (dependencies);
    return job;
error:
    json_decref (dependencies);
    if (job) {
        int saved_errno = errno;
        if (stored)
            kvs_local_unlink (jm->kvs, NULL, job_key (job->id, NULL, key, sizeof (key)));
        depends_forget (jm->depends, job);
        job_drop_strings (jm, job);
        job_free (job);
        errno = saved_errno;
    }
    return NULL;
}

static void begin_life (struct job_manager *jm, struct job *job)
{
    char context[128];

    HASH_ADD (hh, jm->jobs, id, sizeof (job->id), job);
    jm->state_count[state_index (JOB_NEW)]++;
    job_waits_begin (jm, job);
    job->live->jq->state_count[state_index (JOB_NEW)]++;
    jobqueue_count_active (job->live->jq, job->userid, 1);
    jm->max_id = job->id > jm->max_id ? job->id : jm->max_id;
    snprintf (context, sizeof (context),
              "{\"userid\":%" PRIu32 ",\"urgency\":%d,\"flags\":%d,\"version\":1}", job->userid,
              job->urgency, job->flags);
    event_post_first (jm, job, "submit", context);
    if (job->live->hold > 0)
        event_unhold (jm, job); // what plugins have posted
    if (jobtap_any (jm->jobtap))
        jobtap_new_job (jm->jobtap, job);
    depends_announce (jm->depends, job);
    event_post (jm, job, "validate", NULL);
}

int job_revive (struct job_manager *jm, struct job *job, const char *J, flux_error_t *errp)
{
    struct jobsource src = {0};
    char *text = submission_unwrap (J, &src.len, errp);
    struct jobspec *js =
        text ? jobspec_decode_lean (text, src.len, &src.env, &src.env_len, errp) : NULL;
    int rc = -1;

    if (js && set_simulation (job, js, errp) == 0) {
        if (jobstore_environment (jm->store, job, js, &src) < 0)
            errprintf (errp, "out of memory");
        else if ((job->state & (JOB_NEW | JOB_DEPEND)))
            rc = depends_add (jm->depends, job, js->dependencies, errp);
        else {
            depends_add_again (jm->depends, job, js->dependencies);
            rc = 0;
        }
    }
    jobspec_destroy (js);
    free (text);
    return rc;
}

static int check_submission (const struct job_manager *jm, const struct submission *sub,
                             flux_error_t *errp)
{
    if (sub->cred.userid != jm->owner) { // a job runs as the broker does
        errno = EPERM;
        return errprintf (errp,
                          "jobs of other users cannot be run: all jobs here run as the owner");
    }
    errno = EINVAL;
    if (sub->urgency < URGENCY_HOLD || sub->urgency > URGENCY_EXPEDITE)
        return errprintf (errp, "urgency %d is not between 0 and 31", sub->urgency);
    if ((sub->flags & ~JOB_FLAGS))
        return errprintf (errp, "unknown submit flags");
    if ((sub->flags & JOBFLAG_WAITABLE) && !(sub->cred.rolemask & FLUX_ROLE_OWNER))
        return errprintf (errp, "waitable jobs are for the instance owner only");
    if (jm->shutting_down)
        return errprintf (errp, "job submission is disabled: the instance is shutting down");
    return 0;
}

struct job *job_manager_submit (struct job_manager *jm, const flux_msg_t *msg, flux_error_t *errp)
{
    struct submission sub = {0};
    struct jobsource src = {0};
    char *text = NULL;
    struct jobspec *js = NULL;
    struct job *job = NULL;

    if (submission_get (msg, &sub) < 0)
        errprintf (errp, "malformed submit request");
    else if (check_submission (jm, &sub, errp) == 0 &&
             (text = submission_unwrap (sub.J, &src.len, errp)) &&
             (js = jobstore_decode (jm->store, text, &src, errp))) {
        job = make_job (jm, &sub, js, &src, errp);
        jobstore_decode_end (jm->store, &src);
    }
    if (job)
        begin_life (jm, job);
    int saved_errno = errno;
    free (text);
    free (sub.J);
    errno = saved_errno;
    return job;
}

/* An id is a promise: given when the job would be known after a crash, as far as that is wanted. */
struct accepted {
    struct router *rt;
    const flux_msg_t *msg;
    uint64_t id;
};

static void accepted_cb (void *arg, int errnum)
{
    struct accepted *a = arg;

    if (errnum)
        router_respond_error (a->rt, a->msg, errnum, "the job could not be written to the disk");
    else
        router_respond_pack (a->rt, a->msg, "{s:I}", "id", (json_int_t)a->id);
}

static void accepted_later_cb (void *arg, int errnum)
{
    struct accepted *a = arg;

    accepted_cb (a, errnum);
    flux_msg_decref (a->msg);
    free (a);
}

static void accept_job (struct router *rt, struct job_manager *jm, const flux_msg_t *msg,
                        struct job *job)
{
    struct accepted a = {rt, msg, job->id}, *later;

    if (!kvs_local_syncs (jm->kvs)) {
        accepted_cb (&a, 0);
    } else if (!(later = malloc (sizeof (*later)))) {
        accepted_cb (&a, ENOMEM);
    } else {
        *later = a;
        flux_msg_incref (msg);
        kvs_local_synced (jm->kvs, accepted_later_cb, later);
    }
}

static void submit_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    flux_error_t error = {""};
    struct job *job = job_manager_submit (jm, msg, &error);

    if (job)
        accept_job (rt, jm, msg, job);
    else
        router_respond_error (rt, msg, errno, error.text);
}

static const struct handler_row rows[] = {
    {"submit", submit_cb, FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

int submit_service_add (struct job_manager *jm)
{
    return router_service_add (jm->rt, "job-ingest", rows, jm);
}
