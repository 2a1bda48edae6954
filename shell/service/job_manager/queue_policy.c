/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Policies of queues (flux-config-policy(5)), parsed from a table of the configuration. */

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "lib/util/fsd.h"
#include "lib/util/json_keys.h"
#include "lib/util/json_strings.h"
#include "shell/service/job_manager/jobqueue.h"

static const char *const size_names[SIZE_KINDS + 1] = {"nnodes", "ncores", "ngpus", NULL};

void queue_policy_init (struct queue_policy *p)
{
    *p = (struct queue_policy){
        .default_duration = -1.,
        .max_size = {-1, -1, -1},
        .min_size = {-1, -1, -1},
        .max_jobs = {-1, -1},
        .max_user_jobs = {-1, -1},
    };
}

void queue_policy_clear (struct queue_policy *p)
{
    json_decref (p->allow_user);
    json_decref (p->allow_group);
    queue_policy_init (p);
}

const char *queue_size_name (int kind)
{
    return size_names[kind];
}

/* A table within a table, with known keys and no others; *o is NULL when it is not there. */
static int sub (const json_t **o, const json_t *table, const char *key, const char *const *known,
                const char *where, flux_error_t *errp)
{
    char at[256];

    *o = json_object_get (table, key);
    snprintf (at, sizeof (at), "%s.%s", where, key);
    if (*o && !json_is_object (*o))
        return errprintf (errp, "%s: must be a table", at);
    return json_check_keys (*o, known, at, errp);
}

static int take_duration (double *value, const json_t *table, const char *key, const char *where,
                          flux_error_t *errp)
{
    const json_t *o = json_object_get (table, key);

    if (!o)
        return 0;
    if (!json_is_string (o) || fsd_from_json (o, value) < 0)
        return errprintf (errp, "%s.%s: FSD value is malformed", where, key);
    if (isinf (*value))
        *value = 0.;
    return 0;
}

static int take_count (int *value, const json_t *table, const char *key, const char *where,
                       flux_error_t *errp)
{
    const json_t *o = json_object_get (table, key);

    if (!o)
        return 0;
    if (!json_is_integer (o) || json_integer_value (o) < -1 || json_integer_value (o) > INT32_MAX)
        return errprintf (errp, "%s.%s: must be -1 (unlimited) or a number >= 0", where, key);
    *value = (int)json_integer_value (o);
    return 0;
}

static int take_sizes (int *sizes, const json_t *table, const char *where, flux_error_t *errp)
{
    for (int i = 0; i < SIZE_KINDS; i++) {
        if (take_count (&sizes[i], table, size_names[i], where, errp) < 0)
            return -1;
    }
    return 0;
}

static int take_throttle (struct throttle *t, const json_t *table, const char *where,
                          flux_error_t *errp)
{
    if (take_count (&t->active, table, "active", where, errp) < 0)
        return -1;
    return take_count (&t->running, table, "running", where, errp);
}

static int take_names (json_t **names, const json_t *table, const char *key, const char *where,
                       flux_error_t *errp)
{
    json_t *o = json_object_get (table, key);

    if (!o)
        return 0;
    if (!json_is_strings (o))
        return errprintf (errp, "%s.%s: must be an array of names", where, key);
    json_decref (*names);
    *names = json_incref (o);
    return 0;
}

static int take_limits (struct queue_policy *p, const json_t *limits, const char *where,
                        flux_error_t *errp)
{
    static const char *const bound_keys[] = {"max", "min", NULL};
    static const char *const jobs_keys[] = {"active", "running", "user", NULL};
    static const char *const user_keys[] = {"active", "running", NULL};
    const json_t *size, *max, *min, *jobs, *user;
    char at[256], at_size[256];

    snprintf (at, sizeof (at), "%s.limits", where);
    if (take_duration (&p->max_duration, limits, "duration", at, errp) < 0 ||
        sub (&size, limits, "job-size", bound_keys, at, errp) < 0 ||
        sub (&jobs, limits, "max-jobs", jobs_keys, at, errp) < 0)
        return -1;
    snprintf (at_size, sizeof (at_size), "%s.limits.job-size", where);
    if (sub (&max, size, "max", size_names, at_size, errp) < 0 ||
        sub (&min, size, "min", size_names, at_size, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.job-size.max", where);
    if (take_sizes (p->max_size, max, at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.job-size.min", where);
    if (take_sizes (p->min_size, min, at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.max-jobs", where);
    if (take_throttle (&p->max_jobs, jobs, at, errp) < 0 ||
        sub (&user, jobs, "user", user_keys, at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.max-jobs.user", where);
    return take_throttle (&p->max_user_jobs, user, at, errp);
}

static int take_defaults (struct queue_policy *p, const json_t *table, const char *where,
                          flux_error_t *errp)
{
    static const char *const jobspec_keys[] = {"defaults", NULL};
    static const char *const defaults_keys[] = {"system", NULL};
    static const char *const system_keys[] = {"duration", "queue", NULL};
    const json_t *jobspec, *defaults, *values;
    char at[256];

    if (sub (&jobspec, table, "jobspec", jobspec_keys, where, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.jobspec", where);
    if (sub (&defaults, jobspec, "defaults", defaults_keys, at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.jobspec.defaults", where);
    if (sub (&values, defaults, "system", system_keys, at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.jobspec.defaults.system", where);
    if (json_object_get (values, "queue") && strcmp (where, "policy") != 0)
        return errprintf (errp, "%s.queue: a queue has no default queue", at);
    return take_duration (&p->default_duration, values, "duration", at, errp);
}

int queue_policy_parse (struct queue_policy *p, const json_t *table, const char *where,
                        flux_error_t *errp)
{
    static const char *const keys[] = {"jobspec", "limits", "access", "scheduler", NULL};
    static const char *const limits_keys[] = {"duration", "job-size", "max-jobs", NULL};
    static const char *const access_keys[] = {"allow-user", "allow-group", NULL};
    const json_t *limits, *access;
    char at[256];

    errno = EINVAL;
    if (table && !json_is_object (table))
        return errprintf (errp, "%s: must be a table", where);
    if (json_check_keys (table, keys, where, errp) < 0 ||
        sub (&limits, table, "limits", limits_keys, where, errp) < 0 ||
        sub (&access, table, "access", access_keys, where, errp) < 0 ||
        take_limits (p, limits, where, errp) < 0 || take_defaults (p, table, where, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.access", where);
    if (take_names (&p->allow_user, access, "allow-user", at, errp) < 0)
        return -1;
    return take_names (&p->allow_group, access, "allow-group", at, errp);
}
