/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-manager.update: changes to a job's jobspec after its submission. A pending job may change
 * its duration and queue, and what plugins know besides; a running one its duration only. The
 * jobspec in the KVS stays as it was submitted; jobspec-update events (RFC 21) say what holds now.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "lib/job/eventlog.h"
#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"
#include "shell/service/sched/sched.h"

#define DURATION "attributes.system.duration"
#define QUEUE "attributes.system.queue"
#define CONSTRAINTS "attributes.system.constraints"

char *job_get_key (struct job_manager *jm, uint64_t id, const char *name, size_t *lenp)
{
    char key[JOB_KEY_SIZE];
    char *data = NULL;

    if (kvs_local_get (jm->kvs, NULL, job_key (id, name, key, sizeof (key)), &data, lenp) < 0)
        return NULL;
    return data;
}

/* Apply one line of the eventlog, if it is an update. */
static struct jobspec *apply_line (struct jobspec *js, const char *line, size_t len)
{
    json_t *entry = eventlog_entry_decode (line, len, NULL), *context = NULL;
    const char *name;
    struct jobspec *next = NULL;

    if (entry && eventlog_entry_parse (entry, NULL, &name, &context) == 0 && context &&
        strcmp (name, "jobspec-update") == 0)
        next = jobspec_update (js, context, NULL);
    if (next)
        jobspec_destroy (js);
    json_decref (entry);
    return next ? next : js;
}

struct jobspec *job_current_jobspec (struct job_manager *jm, const struct job *job)
{
    size_t len, left = 0, linelen;
    char *text = job_get_key (jm, job->id, "jobspec", &len);
    struct jobspec *js = text ? jobspec_decode (text, len, NULL) : NULL;
    char *log = js && job->updated ? job_get_key (jm, job->id, "eventlog", &left) : NULL;
    const char *p = log, *line;

    while (log && eventlog_next_line (&p, &left, &line, &linelen))
        js = apply_line (js, line, linelen);
    free (log);
    free (text);
    return js;
}

char *job_manager_jobspec (struct job_manager *jm, const struct job *job)
{
    size_t len;

    if (!job->updated)
        return job_get_key (jm, job->id, "jobspec", &len);
    struct jobspec *js = job_current_jobspec (jm, job);
    struct buf b = {0};
    if (!js)
        return NULL;
    jobspec_encode_buf (&b, js);
    jobspec_destroy (js);
    return buf_steal (&b, NULL);
}

/* What has an effect. What else there may be is for plugins to know. */
static bool is_known (const char *key)
{
    return strcmp (key, DURATION) == 0 || strcmp (key, QUEUE) == 0;
}

static int check_keys (const struct job *job, json_t *updates, bool plugins, flux_error_t *errp)
{
    const char *key;
    json_t *value;

    errno = EINVAL;
    if (json_object_size (updates) == 0)
        return errprintf (errp, "the update changes nothing");
    json_object_foreach (updates, key, value)
    {
        if (strncmp (key, "attributes.", 11) != 0)
            return errprintf (errp, "%s: only attributes can be updated", key);
        if (strncmp (key, "attributes.system.environment", 29) == 0)
            return errprintf (errp, "%s: cannot be updated", key);
        if (!is_known (key) && !plugins)
            return errprintf (errp, "update of %s not supported", key);
        if ((job->state & JOB_RUNNING) && strcmp (key, DURATION) != 0)
            return errprintf (errp, "%s: cannot be updated while the job is running", key);
    }
    return 0;
}

struct new_end {
    struct job_manager *jm;
    double expiration;
};

static void new_expiration (struct job_manager *jm, struct job *job, double expiration)
{
    limit_stop (jm, job);
    job->expiration = expiration;
    limit_start (jm, job);
    sched_set_expiration (jm->sched, job->id, job->expiration);
    extsched_expiration (jm->extsched, job->id, job->expiration);
    event_post_pack (jm, job, "resource-update", "{s:f}", "expiration", job->expiration);
}

static void new_time_limit (struct job_manager *jm, struct job *job, double duration)
{
    new_expiration (jm, job, duration > 0 ? job->t_run + duration : 0.);
}

/* Jobs with a duration of their own keep it. */
static int follow_end (struct job *job, void *arg)
{
    const struct new_end *end = arg;

    if (job->state == JOB_RUN && job->facts.duration <= 0 && job->expiration != end->expiration)
        new_expiration (end->jm, job, end->expiration);
    return 0;
}

void job_manager_set_end (struct job_manager *jm, double expiration)
{
    struct new_end end = {jm, expiration};

    job_manager_walk (jm, JOB_RUNNING, follow_end, &end);
}

/* Another queue takes what that queue requires in place of what this one did; what the job required
 * besides is not known any more, so then it cannot move. */
static int move (struct job_manager *jm, struct job *job, const struct jobspec *js, json_t *updates,
                 struct jobqueue **to, flux_error_t *errp)
{
    json_t *o = json_object_get (updates, QUEUE);
    struct jobqueue *q;

    *to = NULL;
    if (!o)
        return 0;
    errno = EINVAL;
    if (!json_is_string (o))
        return errprintf (errp, "%s: must be a string", QUEUE);
    if (!(q = jobqueues_find (jm->queues, json_string_value (o), errp)))
        return -1;
    if (q == job->live->jq)
        return errprintf (errp, "job queue is already set to %s", q->name);
    if (!q->enabled)
        return errprintf (errp, "queue %s is currently disabled", q->name);
    json_t *had = job->live->jq->constraint;
    if (had ? !js->constraints || !json_equal (had, js->constraints)
            : json_object_size (js->constraints) > 0)
        return errprintf (errp,
                          "job appears to have non-queue constraints, unable to update queue to %s",
                          q->name);
    json_object_set_new (updates, CONSTRAINTS,
                         q->constraint ? json_deep_copy (q->constraint) : json_object ());
    *to = q;
    return 0;
}

/* Limits hold for guests; the owner may go beyond, but for those of a queue that it chooses. */
static int check_limits (struct job_manager *jm, const struct job *job, const struct jobspec *js,
                         struct jobqueue *to, uint32_t sender, flux_error_t *errp)
{
    if (!to && sender == jm->owner)
        return 0;
    return jobqueue_check_limits (to ? to : job->live->jq, js, errp);
}

static void enter_queue (struct job_manager *jm, struct job *job, struct jobqueue *to)
{
    struct jobqueue *from = job->live->jq;
    bool waits = job->live->in != NULL;

    if (waits)
        queue_remove (job->live->in, job);
    from->state_count[state_index (job->state)]--;
    to->state_count[state_index (job->state)]++;
    jobqueue_count_active (from, job->userid, -1);
    jobqueue_count_active (to, job->userid, 1);
    job->live->jq = to;
    if (waits && queue_insert (jobqueue_root (to)->pending, job) < 0)
        job_manager_raise (jm, job, "sched", 0, jm->owner, "out of memory");
}

json_t *job_manager_jobspec_with (struct job_manager *jm, const struct job *job,
                                  const json_t *updates)
{
    struct jobspec *old = job_current_jobspec (jm, job);
    struct jobspec *new = old ? jobspec_update (old, updates, NULL) : NULL;
    json_t *o = new ? json_incref (new->json) : NULL;

    jobspec_destroy (new);
    jobspec_destroy (old);
    return o;
}

int update_apply (struct job_manager *jm, struct job *job, json_t *updates, flux_error_t *errp)
{
    struct jobspec *old = job_current_jobspec (jm, job), *new = NULL;
    int rc = -1;

    if (!old)
        return errprintf (errp, "the jobspec cannot be read");
    if ((new = jobspec_update (old, updates, errp)) && job_set_facts (jm, job, new) == 0) {
        job->updated = true;
        job_taps_changed (job);
        event_post_pack (jm, job, "jobspec-update", "O", updates);
        rc = 0;
    }
    jobspec_destroy (new);
    jobspec_destroy (old);
    return rc;
}

static int update_job (struct job_manager *jm, struct job *job, json_t *updates,
                       const flux_msg_t *msg, flux_error_t *errp)
{
    struct jobspec *old = NULL, *new = NULL;
    struct jobqueue *to;
    int rc = -1;

    bool plugins = jobtap_any (jm->jobtap);
    if (check_keys (job, updates, plugins, errp) < 0 ||
        (plugins && jobtap_update (jm->jobtap, job, updates, msg, errp) < 0))
        return -1;
    if (!(old = job_current_jobspec (jm, job)))
        return errprintf (errp, "the jobspec cannot be read");
    if (move (jm, job, old, updates, &to, errp) < 0 ||
        !(new = jobspec_update (old, updates, errp)) ||
        check_limits (jm, job, new, to, request_sender (msg), errp) < 0)
        goto done;
    if ((job->state & JOB_RUNNING) && new->duration > 0 &&
        job->t_run + new->duration <= walltime_now ()) {
        errno = EINVAL;
        errprintf (errp, "with this duration the job would have ended in the past");
        goto done;
    }
    if (job_set_facts (jm, job, new) < 0)
        goto done;
    if ((job->state & JOB_PENDING) && sched_feasible (jm->sched, job, errp) < 0) {
        job_set_facts (jm, job, old);
        errno = EINVAL;
        goto done;
    }
    job->updated = true;
    job_taps_changed (job);
    if (to)
        enter_queue (jm, job, to);
    event_post_pack (jm, job, "jobspec-update", "O", updates);
    if ((job->state & JOB_RUNNING))
        new_time_limit (jm, job, new->duration);
    rc = 0;
done:
    jobspec_destroy (new);
    jobspec_destroy (old);
    return rc;
}

void update_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    json_t *updates;
    struct job *job;
    flux_error_t error = {"the update is not valid"};

    if (flux_request_unpack (msg, NULL, "{s:I s:o}", "id", &id, "updates", &updates) < 0 ||
        !json_is_object (updates))
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (!(job = job_manager_lookup (jm, id)))
        router_respond_error (rt, msg, ENOENT, "unknown job id");
    else if (job->state == JOB_INACTIVE)
        router_respond_error (rt, msg, EINVAL, "job is inactive");
    else if (flux_msg_authorize (msg, job->userid) < 0)
        router_respond_error (rt, msg, EPERM, "guests may only update their own jobs");
    else if (update_job (jm, job, updates, msg, &error) < 0)
        router_respond_error (rt, msg, errno, error.text);
    else {
        router_respond (rt, msg, NULL);
        job_manager_reschedule (jm);
    }
}
