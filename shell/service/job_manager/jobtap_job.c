/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What plugins have on a job, and what they are told of it. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "shell/service/job_manager/jobtap_private.h"
#include "shell/service/kvs/kvs.h"

static void aux_item_free (struct tap_aux *aux)
{
    if (aux->free_fn)
        aux->free_fn (aux->val);
    free (aux->name);
    free (aux);
}

void job_taps_drop_plugin (struct job_taps *taps, flux_plugin_t *p)
{
    struct tap_aux *aux, *atmp;
    struct tap_subscription *s, *stmp;

    LL_FOREACH_SAFE (taps->aux, aux, atmp)
    {
        if (!p || aux->p == p) {
            LL_DELETE (taps->aux, aux);
            aux_item_free (aux);
        }
    }
    LL_FOREACH_SAFE (taps->subscriptions, s, stmp)
    {
        if (!p || s->p == p) {
            LL_DELETE (taps->subscriptions, s);
            free (s);
        }
    }
}

static void job_taps_free (struct job_taps *taps)
{
    if (taps) {
        job_taps_drop_plugin (taps, NULL);
        json_decref (taps->jobspec);
        json_decref (taps->end_event);
        free (taps->had);
        free (taps);
    }
}

struct job_taps *job_taps (struct job *job)
{
    struct job_live *live = job->live;

    if (!live) {
        errno = ENOENT;
        return NULL;
    }
    if (!live->taps && (live->taps = calloc (1, sizeof (struct job_taps)))) {
        live->taps->priority = -1;
        live->taps_free = job_taps_free;
    }
    return live->taps;
}

void job_taps_changed (struct job *job)
{
    if (job->live && job->live->taps) {
        json_decref (job->live->taps->jobspec);
        job->live->taps->jobspec = NULL;
    }
}

bool job_taps_subscribed (struct job *job, flux_plugin_t *p)
{
    struct tap_subscription *s;

    if (!job->live || !job->live->taps)
        return false;
    LL_FOREACH (job->live->taps->subscriptions, s)
    {
        if (s->p == p)
            return true;
    }
    return false;
}

static json_t *get_jobspec (struct jobtap *jt, struct job *job)
{
    struct job_taps *taps = job_taps (job);

    if (taps && !taps->jobspec) {
        char *text = job_manager_jobspec (jt->jm, job);
        taps->jobspec = text ? json_loads (text, 0, NULL) : NULL;
        free (text);
    }
    return taps ? taps->jobspec : NULL;
}

static void add_R (struct jobtap *jt, struct job *job, flux_plugin_arg_t *args)
{
    char key[JOB_KEY_SIZE];
    char *text = NULL;
    size_t len;
    json_t *R;

    if (!(job->states_seen & JOB_RUN) ||
        kvs_local_get (jt->jm->kvs, NULL, job_key (job->id, "R", key, sizeof (key)), &text, &len) <
            0)
        return;
    if ((R = json_loadb (text, len, 0, NULL))) {
        json_object_del (R, "scheduling");
        flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:o}", "R", R);
    }
    free (text);
}

flux_plugin_arg_t *tap_args (struct jobtap *jt, struct job *job)
{
    flux_plugin_arg_t *args = flux_plugin_arg_create ();
    json_t *jobspec = get_jobspec (jt, job);

    if (!args || flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:I s:I s:i s:i s:I s:f}", "id",
                                       (json_int_t)job->id, "userid", (json_int_t)job->userid,
                                       "urgency", job->urgency, "state", job->state, "priority",
                                       (json_int_t)job->priority, "t_submit", job->t_submit) < 0) {
        flux_plugin_arg_destroy (args);
        return NULL;
    }
    if (jobspec)
        flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:O}", "jobspec", jobspec);
    if (job->live && job->live->taps->end_event)
        flux_plugin_arg_pack (args, FLUX_PLUGIN_ARG_IN, "{s:O}", "end_event",
                              job->live->taps->end_event);
    add_R (jt, job, args);
    return args;
}

/* ---- the plugin's side ---- */

int flux_jobtap_job_aux_set (flux_plugin_t *p, flux_jobid_t id, const char *name, void *val,
                             flux_free_f free_fn)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct job_taps *taps = job ? job_taps (job) : NULL;
    struct tap_aux *aux, *tmp;

    if (!taps)
        return -1;
    LL_FOREACH_SAFE (taps->aux, aux, tmp)
    {
        if (aux->p == p && name && aux->name && strcmp (aux->name, name) == 0) {
            LL_DELETE (taps->aux, aux);
            aux_item_free (aux);
        }
    }
    if (!val)
        return 0;
    if (!(aux = calloc (1, sizeof (*aux))) || (name && !(aux->name = strdup (name)))) {
        free (aux);
        return -1;
    }
    aux->p = p;
    aux->val = val;
    aux->free_fn = free_fn;
    LL_PREPEND (taps->aux, aux);
    return 0;
}

void *flux_jobtap_job_aux_get (flux_plugin_t *p, flux_jobid_t id, const char *name)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct tap_aux *aux;

    if (!job || !job->live || !job->live->taps || !name)
        return NULL;
    LL_FOREACH (job->live->taps->aux, aux)
    {
        if (aux->p == p && aux->name && strcmp (aux->name, name) == 0)
            return aux->val;
    }
    errno = ENOENT;
    return NULL;
}

int flux_jobtap_job_aux_delete_value (flux_plugin_t *p, flux_jobid_t id, void *val)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct job_taps *taps = job ? job_taps (job) : NULL;
    struct tap_aux *aux, *tmp;

    if (!taps)
        return -1;
    LL_FOREACH_SAFE (taps->aux, aux, tmp)
    {
        if (aux->p == p && aux->val == val) {
            LL_DELETE (taps->aux, aux);
            aux_item_free (aux);
            return 0;
        }
    }
    errno = ENOENT;
    return -1;
}

int flux_jobtap_job_subscribe (flux_plugin_t *p, flux_jobid_t id)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct job_taps *taps = job ? job_taps (job) : NULL;
    struct tap_subscription *s;

    if (!taps)
        return -1;
    if (job_taps_subscribed (job, p))
        return 0;
    if (!(s = calloc (1, sizeof (*s))))
        return -1;
    s->p = p;
    LL_PREPEND (taps->subscriptions, s);
    return 0;
}

void flux_jobtap_job_unsubscribe (flux_plugin_t *p, flux_jobid_t id)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);
    struct tap_subscription *s, *tmp;

    if (!job || !job->live || !job->live->taps)
        return;
    LL_FOREACH_SAFE (job->live->taps->subscriptions, s, tmp)
    {
        if (s->p == p) {
            LL_DELETE (job->live->taps->subscriptions, s);
            free (s);
        }
    }
}

flux_plugin_arg_t *flux_jobtap_job_lookup (flux_plugin_t *p, flux_jobid_t id)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    if (!job)
        return NULL;
    if (!job->live) {
        errno = ENOENT;
        return NULL;
    }
    return tap_args (jt, job);
}

int flux_jobtap_get_job_result (flux_plugin_t *p, flux_jobid_t id, flux_job_result_t *resultp)
{
    struct jobtap *jt;
    struct job *job = tap_job (p, id, &jt);

    if (!job)
        return -1;
    if (!resultp || !(job->state & (JOB_CLEANUP | JOB_INACTIVE))) {
        errno = EINVAL;
        return -1;
    }
    *resultp = job_result_of (job);
    return 0;
}
