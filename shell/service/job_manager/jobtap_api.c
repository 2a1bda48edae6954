/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What plugins can do to jobs (<flux/jobtap.h>). */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "lib/util/fail.h"
#include "shell/service/job_manager/depend.h"
#include "shell/service/job_manager/jobtap_private.h"
#include "shell/service/kvs/kvs.h"

static struct jobtap *jobtap_of (flux_plugin_t *p)
{
    struct tap *tap = p ? flux_plugin_aux_get (p, TAP_KEY) : NULL;

    if (!tap)
        errno = EINVAL;
    return tap ? tap->jt : NULL;
}

struct job *tap_job (flux_plugin_t *p, flux_jobid_t id, struct jobtap **jtp)
{
    struct jobtap *jt = jobtap_of (p);
    struct job *job;

    if (!jt)
        return NULL;
    *jtp = jt;
    if (id == FLUX_JOBTAP_CURRENT_JOB || (jt->current && jt->current->id == id)) {
        errno = EINVAL;
        return jt->current;
    }
    if (!(job = job_manager_lookup (jt->jm, id)))
        errno = ENOENT;
    return job;
}

static int set_errmsg (flux_plugin_arg_t *args, const char *fmt, va_list ap)
{
    char text[256];

    vsnprintf (text, sizeof (text), fmt, ap);
    flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:s}", "errmsg", text);
    return -1;
}

int flux_jobtap_error (flux_plugin_t *p, flux_plugin_arg_t *args, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    int rc = set_errmsg (args, fmt, ap);
    va_end (ap);
    return rc;
}

int flux_jobtap_reject_job (flux_plugin_t *p, flux_plugin_arg_t *args, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    if (fmt)
        set_errmsg (args, fmt, ap);
    else
        flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:s}", "errmsg",
                              "rejected by job-manager plugin");
    va_end (ap);
    return -1;
}

/* ---- priority ---- */

int flux_jobtap_set_load_sort_order (flux_plugin_t *p, const char *mode)
{
    struct tap *tap = p ? flux_plugin_aux_get (p, TAP_KEY) : NULL;

    if (!tap || !mode)
        return fail (EINVAL);
    if (strcmp (mode, "state") != 0 && strcmp (mode, "-state") != 0)
        return fail (EINVAL);
    tap->order = *mode == '-' ? -1 : 1;
    return 0;
}

int flux_jobtap_priority_unavail (flux_plugin_t *p, flux_plugin_arg_t *args)
{
    return flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_OUT, "{s:I}", "priority",
                                 (json_int_t)PRIORITY_UNAVAIL);
}

static int prioritize_one (struct job *job, void *arg)
{
    if ((job->state & (JOB_PRIORITY | JOB_SCHED)))
        job_prioritize (arg, job);
    return 0;
}

int flux_jobtap_reprioritize_all (flux_plugin_t *p)
{
    struct tap *tap = p ? flux_plugin_aux_get (p, TAP_KEY) : NULL;

    if (!tap)
        return fail (EINVAL);
    return walk_collected (tap->jt->jm, JOB_PENDING, prioritize_one, tap->jt->jm);
}

int flux_jobtap_reprioritize_job (flux_plugin_t *p, flux_jobid_t id, unsigned int priority)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    if (!job)
        return -1;
    if (!(job->state & (JOB_PRIORITY | JOB_SCHED)))
        return 0;
    job_set_priority (jt->jm, job, priority);
    return 0;
}

/* ---- dependencies ---- */

int flux_jobtap_dependency_add (flux_plugin_t *p, flux_jobid_t id, const char *description)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct dependency *dep;

    if (!job)
        return -1;
    if (!(job->state & (JOB_NEW | JOB_DEPEND)) || !description)
        return fail (EINVAL);
    LL_FOREACH (job->live->depends, dep)
    {
        if (strcmp (dep->description, description) == 0) {
            errno = EEXIST;
            return -1;
        }
    }
    if (flux_jobtap_job_event_posted (p, id, "dependency-remove") == 1 && job->live->taps &&
        job->live->taps->had && strstr (job->live->taps->had, description)) {
        errno = EEXIST;
        return -1;
    }
    if (depends_describe (job, description) < 0)
        return -1;
    if (job->state == JOB_DEPEND) // else they are all announced together
        event_post_pack (jt->jm, job, "dependency-add", "{s:s}", "description", description);
    return 0;
}

static void remember_removed (struct job *job, const char *description)
{
    struct job_taps *taps = job_taps (job);
    char *text;

    if (taps && asprintf (&text, "%s%s\n", taps->had ? taps->had : "", description) >= 0) {
        free (taps->had);
        taps->had = text;
    }
}

int flux_jobtap_dependency_remove (flux_plugin_t *p, flux_jobid_t id, const char *description)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct dependency *dep;

    if (!job)
        return -1;
    if (job->state != JOB_DEPEND || !description)
        return fail (EINVAL);
    LL_FOREACH (job->live->depends, dep)
    {
        if (strcmp (dep->description, description) == 0) {
            remember_removed (job, description);
            depends_resolve (jt->jm->depends, job->id, description);
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

/* ---- events ---- */

int flux_jobtap_job_set_flag (flux_plugin_t *p, flux_jobid_t id, const char *flag)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    if (!job)
        return -1;
    if (flag && strcmp (flag, "waitable") == 0)
        job->flags |= JOBFLAG_WAITABLE;
    else if (flag && strcmp (flag, "debug") == 0)
        job->flags |= JOBFLAG_DEBUG;
    else
        return fail (EINVAL);
    event_post_pack (jt->jm, job, "set-flags", "{s:[s]}", "flags", flag);
    return 0;
}

int flux_jobtap_raise_exception (flux_plugin_t *p, flux_jobid_t id, const char *type, int severity,
                                 const char *fmt, ...)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    char note[256] = "";
    va_list ap;

    if (!job)
        return -1;
    if (!type || !exception_type_is_valid (type) || severity < 0 || severity > 7)
        return fail (EINVAL);
    va_start (ap, fmt);
    if (fmt)
        vsnprintf (note, sizeof (note), fmt, ap);
    va_end (ap);
    job_manager_raise (jt->jm, job, type, severity, jt->jm->owner, note);
    return 0;
}

static char *pack_text (const char *fmt, va_list ap)
{
    json_t *o = fmt ? json_vpack_ex (NULL, 0, fmt, ap) : json_object ();
    char *text = json_is_object (o) ? json_dumps (o, JSON_COMPACT) : NULL;

    json_decref (o);
    if (!text)
        errno = EINVAL;
    return text;
}

int flux_jobtap_event_post_pack (flux_plugin_t *p, flux_jobid_t id, const char *name,
                                 const char *fmt, ...)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    char *text = NULL;
    va_list ap;

    if (!job)
        return -1;
    if (!name || !*name || strpbrk (name, "\"\\\n") || job->state == JOB_INACTIVE)
        return fail (EINVAL);
    va_start (ap, fmt);
    if (fmt)
        text = pack_text (fmt, ap);
    va_end (ap);
    if (fmt && !text)
        return -1;
    event_post (jt->jm, job, name, text);
    free (text);
    return 0;
}

int flux_jobtap_job_event_posted (flux_plugin_t *p, flux_jobid_t id, const char *name)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    char key[JOB_KEY_SIZE], want[128];
    char *text = NULL;
    size_t len;

    if (!job)
        return -1;
    if (!name || snprintf (want, sizeof (want), ",\"name\":\"%s\"", name) >= (int)sizeof (want))
        return fail (EINVAL);
    if (kvs_local_get (jt->jm->kvs, NULL, job_key (job->id, "eventlog", key, sizeof (key)), &text,
                       &len) < 0)
        return 0;
    int found = memmem (text, len, want, strlen (want)) != NULL;
    free (text);
    return found;
}

/* ---- updates of the jobspec ---- */

static int update_pack (struct jobtap *jt, struct job *job, const char *fmt, va_list ap)
{
    json_t *updates = json_vpack_ex (NULL, 0, fmt, ap);
    flux_error_t error;

    if (!json_is_object (updates) || !(job->state & (JOB_NEW | JOB_PENDING))) {
        json_decref (updates);
        return fail (EINVAL);
    }
    int rc = update_apply (jt->jm, job, updates, &error);
    json_decref (updates);
    return rc;
}

int flux_jobtap_jobspec_update_pack (flux_plugin_t *p, const char *fmt, ...)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, FLUX_JOBTAP_CURRENT_JOB, &jt);
    va_list ap;

    if (!job)
        return -1;
    va_start (ap, fmt);
    int rc = update_pack (jt, job, fmt, ap);
    va_end (ap);
    return rc;
}

int flux_jobtap_jobspec_update_id_pack (flux_plugin_t *p, flux_jobid_t id, const char *fmt, ...)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    va_list ap;

    if (!job)
        return -1;
    if (job == jt->current)
        return fail (EINVAL);
    va_start (ap, fmt);
    int rc = update_pack (jt, job, fmt, ap);
    va_end (ap);
    return rc;
}

/* ---- prolog and epilog ---- */

int flux_jobtap_prolog_start (flux_plugin_t *p, const char *description)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, FLUX_JOBTAP_CURRENT_JOB, &jt);

    return job ? action_prolog_start (jt->jm, job, description) : -1;
}

int flux_jobtap_prolog_finish (flux_plugin_t *p, flux_jobid_t id, const char *description,
                               int status)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    return job ? action_prolog_finish (jt->jm, job, description, status) : -1;
}

int flux_jobtap_epilog_start (flux_plugin_t *p, const char *description)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, FLUX_JOBTAP_CURRENT_JOB, &jt);

    return job ? action_epilog_start (jt->jm, job, description) : -1;
}

int flux_jobtap_epilog_finish (flux_plugin_t *p, flux_jobid_t id, const char *description,
                               int status)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    return job ? action_epilog_finish (jt->jm, job, description, status) : -1;
}

int flux_jobtap_call (flux_plugin_t *p, flux_jobid_t id, const char *topic, flux_plugin_arg_t *args)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    if (!job)
        return -1;
    if (!topic || strncmp (topic, "job.", 4) == 0)
        return fail (EINVAL);
    return tap_call (jt, job, topic, args, true);
}
