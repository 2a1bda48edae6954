/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Calling plugins of the job manager at each point of a job's life. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <utlist.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_manager/jobtap_private.h"
#include "shell/service/kvs/kvs.h"

/* While it runs, events of the job wait. */
int tap_call_one (struct tap *tap, struct job *job, const char *topic, flux_plugin_arg_t *args)
{
    struct jobtap *jt = tap->jt;
    struct job *outer = jt->current;

    jt->current = job;
    if (job)
        event_hold (job);
    int rc = flux_plugin_call (tap->p, topic, args);
    if (job)
        event_unhold (jt->jm, job);
    jt->current = outer;
    return rc;
}

int tap_call (struct jobtap *jt, struct job *job, const char *topic, flux_plugin_arg_t *args,
              bool stop)
{
    struct tap *tap, *tmp;
    int rc = 0;

    event_hold (job); // for all of them
    DL_FOREACH_SAFE (jt->list, tap, tmp)
    {
        if (flux_plugin_match_handler (tap->p, topic) &&
            (rc = tap_call_one (tap, job, topic, args)) < 0 && stop)
            break;
    }
    event_unhold (jt->jm, job);
    return rc;
}

static const char *refusal (flux_plugin_arg_t *args, const char *otherwise)
{
    const char *text = NULL;

    flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_OUT, "{s?s}", "errmsg", &text);
    return text ? text : otherwise;
}

static void take_annotations (struct job *job, flux_plugin_arg_t *args)
{
    json_t *note = NULL;

    flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_OUT, "{s?o}", "annotations", &note);
    if (json_is_object (note) && (job->annotations || (job->annotations = json_object ())))
        json_object_update_recursive (job->annotations, note);
}

/* ---- a new job ---- */

int jobtap_admit (struct jobtap *jt, struct job *job, flux_error_t *errp)
{
    static const char *const topics[] = {"job.create", "job.validate"};
    flux_plugin_arg_t *args = tap_args (jt, job);
    int rc = 0;

    if (!args)
        return errprintf (errp, "out of memory");
    for (int i = 0; i < 2 && rc == 0; i++) {
        if (tap_call (jt, job, topics[i], args, true) < 0) {
            errno = EINVAL;
            rc = errprintf (errp, "%s", refusal (args, "rejected by job-manager plugin"));
        }
    }
    take_annotations (job, args);
    flux_plugin_arg_destroy (args);
    return rc;
}

static bool anyone_handles (struct jobtap *jt, const char *topic)
{
    struct tap *tap;

    DL_FOREACH (jt->list, tap)
    {
        if (flux_plugin_match_handler (tap->p, topic))
            return true;
    }
    return false;
}

int jobtap_dependency (struct jobtap *jt, struct job *job, const json_t *entry, flux_error_t *errp)
{
    const char *scheme = json_string_value (json_object_get (entry, "scheme"));
    flux_plugin_arg_t *args;
    char topic[128];
    int rc = 0;

    errno = EINVAL;
    if (snprintf (topic, sizeof (topic), "job.dependency.%s", scheme) >= (int)sizeof (topic) ||
        !anyone_handles (jt, topic))
        return errprintf (errp, "dependency scheme \"%s\" not supported", scheme);
    if (!(args = tap_args (jt, job)) ||
        flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:O}", "dependency", entry) < 0)
        rc = errprintf (errp, "out of memory");
    else if (tap_call (jt, job, topic, args, true) < 0) {
        errno = EINVAL;
        rc = errprintf (errp, "%s", refusal (args, "rejected by job-manager dependency plugin"));
    }
    flux_plugin_arg_destroy (args);
    return rc;
}

static void tell (struct jobtap *jt, struct job *job, const char *topic)
{
    flux_plugin_arg_t *args;

    if (!jt->list || !(args = tap_args (jt, job)))
        return;
    tap_call (jt, job, topic, args, false);
    take_annotations (job, args);
    flux_plugin_arg_destroy (args);
}

void jobtap_new_job (struct jobtap *jt, struct job *job)
{
    tell (jt, job, "job.new");
}

void jobtap_end_job (struct jobtap *jt, struct job *job)
{
    if (job->state == JOB_INACTIVE)
        tell (jt, job, "job.inactive-add");
    tell (jt, job, "job.destroy");
}

void jobtap_purged (struct jobtap *jt, struct job *job)
{
    tell (jt, job, "job.inactive-remove");
}

/* ---- events ---- */

static void remember_end (struct job *job, json_t *entry)
{
    struct job_taps *taps = job_taps (job);

    if (taps && job->state == JOB_CLEANUP && !taps->end_event)
        taps->end_event = json_incref (entry);
}

static void tell_subscribers (struct jobtap *jt, struct job *job, const char *name,
                              flux_plugin_arg_t *args)
{
    struct tap *tap, *tmp;
    char topic[128];

    snprintf (topic, sizeof (topic), "job.event.%s", name);
    DL_FOREACH_SAFE (jt->list, tap, tmp)
    {
        if (job_taps_subscribed (job, tap->p) && flux_plugin_match_handler (tap->p, topic))
            tap_call_one (tap, job, topic, args);
    }
}

static const char *state_topic (int state, char *buf, size_t size)
{
    snprintf (buf, size, "job.state.%s", flux_job_statetostr (state, "l"));
    return buf;
}

/* What job.state.priority returned is kept until the action of the state asks for it. */
static void take_priority (struct job *job, flux_plugin_arg_t *args)
{
    struct job_taps *taps = job_taps (job);
    json_int_t priority = -1;

    flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_OUT, "{s?I}", "priority", &priority);
    if (taps)
        taps->priority = priority;
}

void jobtap_event (struct jobtap *jt, struct job *job, const char *name, const char *entry_text,
                   int prev_state)
{
    json_t *entry = json_loads (entry_text, JSON_DISABLE_EOF_CHECK, NULL);
    flux_plugin_arg_t *args = NULL;
    char topic[64];

    if (entry && job->state != prev_state)
        remember_end (job, entry);
    if (!entry || !job->live || !(args = tap_args (jt, job)))
        goto done;
    flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:O s:i}", "entry", entry, "prev_state",
                          prev_state);
    tell_subscribers (jt, job, name, args);
    if (job->state != prev_state && job->state != JOB_INACTIVE) {
        tap_call (jt, job, state_topic (job->state, topic, sizeof (topic)), args, false);
        if (job->state == JOB_PRIORITY)
            take_priority (job, args);
    } else if (job->state != prev_state) {
        tap_call (jt, job, "job.state.inactive", args, false);
    }
    take_annotations (job, args);
done:
    json_decref (entry);
    flux_plugin_arg_destroy (args);
}

int64_t jobtap_priority (struct jobtap *jt, struct job *job, int64_t urgency)
{
    struct job_taps *taps = job_taps (job);
    flux_plugin_arg_t *args;

    if (!taps)
        return urgency;
    if (job->state != JOB_PRIORITY && (args = tap_args (jt, job))) {
        tap_call (jt, job, "job.priority.get", args, false);
        take_priority (job, args);
        flux_plugin_arg_destroy (args);
    }
    if (taps->priority == -1)
        return jt->no_priority_default ? PRIORITY_UNAVAIL : urgency;
    return taps->priority;
}

/* ---- updates ---- */

static int update_key (struct jobtap *jt, struct job *job, json_t *updates, const char *key,
                       const flux_msg_t *msg, bool *validated, flux_error_t *errp)
{
    flux_plugin_arg_t *args = tap_args (jt, job);
    struct flux_msg_cred cred = {0};
    json_t *more = NULL;
    char topic[256];
    int valid = 0, rc = 0;

    flux_msg_get_cred (msg, &cred);
    snprintf (topic, sizeof (topic), "job.update.%s", key);
    if (!args || flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:{s:I s:I} s:s s:O s:O}",
                                       "cred", "userid", (json_int_t)cred.userid, "rolemask",
                                       (json_int_t)cred.rolemask, "key", key, "value",
                                       json_object_get (updates, key), "updates", updates) < 0) {
        rc = errprintf (errp, "out of memory");
    } else if (tap_call (jt, job, topic, args, true) < 0) {
        errno = EINVAL;
        rc = errprintf (errp, "%s", refusal (args, "update rejected by job-manager plugin"));
    } else {
        flux_plugin_arg_unpack (args, FLUX_PLUGIN_ARG_OUT, "{s?i s?o}", "validated", &valid,
                                "updates", &more);
        if (json_is_object (more))
            json_object_update (updates, more);
    }
    *validated = *validated && valid;
    flux_plugin_arg_destroy (args);
    return rc;
}

int jobtap_update (struct jobtap *jt, struct job *job, json_t *updates, const flux_msg_t *msg,
                   flux_error_t *errp)
{
    json_t *wanted = json_copy (updates), *value;
    const char *key;
    bool validated = true;
    flux_plugin_arg_t *args;
    int rc = 0;

    json_object_foreach (wanted, key, value)
    {
        if ((rc = update_key (jt, job, updates, key, msg, &validated, errp)) < 0)
            break;
    }
    json_decref (wanted);
    if (rc < 0 || validated)
        return rc;
    json_t *now = job_manager_jobspec_with (jt->jm, job, updates);
    args = now ? tap_args (jt, job) : NULL;
    if (!args || flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:O}", "jobspec", now) < 0) {
        errno = EINVAL;
        rc = errprintf (errp, "the update is not valid");
    } else if (tap_call (jt, job, "job.validate", args, true) < 0) {
        errno = EINVAL;
        rc = errprintf (errp, "%s", refusal (args, "rejected by job-manager plugin"));
    }
    json_decref (now);
    flux_plugin_arg_destroy (args);
    return rc;
}
