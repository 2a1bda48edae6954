/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Policies of queues (flux-config-policy(5)): parsed from a table, checked against jobs. */

#include <errno.h>
#include <grp.h>
#include <math.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"
#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"
#include "lib/util/json_strings.h"
#include "shell/service/job_manager/jobqueue.h"

static const char *const size_names[SIZE_KINDS] = {"nnodes", "ncores", "ngpus"};

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

/* ---- from the configuration ---- */

/* A table within a table; NULL when it is not there, and for what is none. */
static const json_t *sub (const json_t *table, const char *key, const char *where, bool *bad,
                          flux_error_t *errp)
{
    const json_t *o = json_object_get (table, key);

    if (o && !json_is_object (o)) {
        errprintf (errp, "%s.%s: must be a table", where, key);
        *bad = true;
        return NULL;
    }
    return o;
}

static int take_duration (double *value, const json_t *table, const char *key, const char *where,
                          flux_error_t *errp)
{
    const json_t *o = json_object_get (table, key);

    if (!o)
        return 0;
    if (fsd_from_json (o, value) < 0)
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
    char at[256];
    bool bad = false;

    snprintf (at, sizeof (at), "%s.limits", where);
    if (take_duration (&p->max_duration, limits, "duration", at, errp) < 0)
        return -1;
    const json_t *size = sub (limits, "job-size", at, &bad, errp);
    const json_t *jobs = bad ? NULL : sub (limits, "max-jobs", at, &bad, errp);
    if (bad)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.job-size.max", where);
    if (take_sizes (p->max_size, json_object_get (size, "max"), at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.job-size.min", where);
    if (take_sizes (p->min_size, json_object_get (size, "min"), at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.max-jobs", where);
    if (take_throttle (&p->max_jobs, jobs, at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.limits.max-jobs.user", where);
    return take_throttle (&p->max_user_jobs, json_object_get (jobs, "user"), at, errp);
}

int queue_policy_parse (struct queue_policy *p, const json_t *table, const char *where,
                        flux_error_t *errp)
{
    char at[256];
    bool bad = false;

    errno = EINVAL;
    if (table && !json_is_object (table))
        return errprintf (errp, "%s: must be a table", where);
    const json_t *limits = sub (table, "limits", where, &bad, errp);
    const json_t *access = bad ? NULL : sub (table, "access", where, &bad, errp);
    if (bad || take_limits (p, limits, where, errp) < 0)
        return -1;
    const json_t *defaults = json_object_get (
        json_object_get (json_object_get (table, "jobspec"), "defaults"), "system");
    snprintf (at, sizeof (at), "%s.jobspec.defaults.system", where);
    if (take_duration (&p->default_duration, defaults, "duration", at, errp) < 0)
        return -1;
    snprintf (at, sizeof (at), "%s.access", where);
    if (take_names (&p->allow_user, access, "allow-user", at, errp) < 0)
        return -1;
    return take_names (&p->allow_group, access, "allow-group", at, errp);
}

/* ---- against a job ---- */

static const char *in_queue (const struct jobqueue *q, char *buf, size_t size)
{
    *buf = '\0';
    if (q->name)
        snprintf (buf, size, " for queue %s", q->name);
    return buf;
}

static int check_duration (const struct jobqueue *q, double duration, flux_error_t *errp)
{
    char wanted[64] = "unlimited", limit[64], queue[128];

    if (q->policy.max_duration <= 0 || (duration > 0 && duration <= q->policy.max_duration))
        return 0;
    if (duration > 0)
        fsd_format_duration (wanted, sizeof (wanted), duration);
    fsd_format_duration (limit, sizeof (limit), q->policy.max_duration);
    errno = EINVAL;
    return errprintf (errp, "requested duration (%s) exceeds policy limit of %s%s", wanted, limit,
                      in_queue (q, queue, sizeof (queue)));
}

int jobqueue_check_sizes (const struct jobqueue *q, const uint32_t sizes[SIZE_KINDS],
                          flux_error_t *errp)
{
    char queue[128];

    errno = EINVAL;
    for (int i = 0; i < SIZE_KINDS; i++) {
        int max = q->policy.max_size[i], min = q->policy.min_size[i];
        if (max >= 0 && sizes[i] > (uint32_t)max)
            return errprintf (errp, "requested %s (%u) exceeds policy limit of %d%s", size_names[i],
                              (unsigned)sizes[i], max, in_queue (q, queue, sizeof (queue)));
        if (min >= 0 && sizes[i] < (uint32_t)min)
            return errprintf (errp, "requested %s (%u) is under policy limit of %d%s",
                              size_names[i], (unsigned)sizes[i], min,
                              in_queue (q, queue, sizeof (queue)));
    }
    return 0;
}

int jobqueue_check_limits (const struct jobqueue *q, const struct jobspec *js, flux_error_t *errp)
{
    const struct jobspec_counts *c = &js->counts;
    uint32_t sizes[SIZE_KINDS] = {c->nnodes, c->ncores, c->ngpus};

    if (check_duration (q, js->duration, errp) < 0)
        return -1;
    return jobqueue_check_sizes (q, sizes, errp);
}

static bool has_name (const json_t *names, const char *name)
{
    size_t i;
    json_t *entry;

    json_array_foreach (names, i, entry)
    {
        if (strcmp (json_string_value (entry), name) == 0)
            return true;
    }
    return false;
}

#define GROUPS_MAX 1024

static bool in_a_group (const json_t *names, const struct passwd *pw)
{
    gid_t groups[GROUPS_MAX];
    int n = GROUPS_MAX;

    if (getgrouplist (pw->pw_name, pw->pw_gid, groups, &n) < 0)
        n = n > GROUPS_MAX ? GROUPS_MAX : n;
    for (int i = 0; i < n; i++) {
        struct group *gr = getgrgid (groups[i]);
        if (gr && has_name (names, gr->gr_name))
            return true;
    }
    return false;
}

int jobqueue_check_access (const struct jobqueue *q, uint32_t userid, flux_error_t *errp)
{
    const struct queue_policy *p = &q->policy;
    char queue[128];

    if (!p->allow_user && !p->allow_group)
        return 0;
    struct passwd *pw = getpwuid (userid);
    if (pw && (has_name (p->allow_user, pw->pw_name) || in_a_group (p->allow_group, pw)))
        return 0;
    errno = EPERM;
    return errprintf (errp, "user %s has no access%s", pw ? pw->pw_name : "(unknown)",
                      in_queue (q, queue, sizeof (queue)));
}

/* ---- throttling ---- */

static struct user_count *find_user (const struct jobqueue *q, uint32_t userid)
{
    struct user_count *u;

    HASH_FIND (hh, q->users, &userid, sizeof (userid), u);
    return u;
}

static bool reached (int limit, size_t count)
{
    return limit >= 0 && count >= (size_t)limit;
}

int jobqueue_check_active (const struct jobqueue *q, uint32_t userid, flux_error_t *errp)
{
    const struct queue_policy *p = &q->policy;
    const struct user_count *u = p->max_user_jobs.active >= 0 ? find_user (q, userid) : NULL;
    char queue[128];

    errno = EINVAL;
    if (reached (p->max_jobs.active, q->active))
        return errprintf (errp, "the policy limit of %d active jobs%s is reached",
                          p->max_jobs.active, in_queue (q, queue, sizeof (queue)));
    if (reached (p->max_user_jobs.active, u ? u->active : 0))
        return errprintf (errp, "the policy limit of %d active jobs of a user%s is reached",
                          p->max_user_jobs.active, in_queue (q, queue, sizeof (queue)));
    return 0;
}

bool jobqueue_may_run (const struct jobqueue *q, uint32_t userid)
{
    const struct queue_policy *p = &q->policy;

    if (reached (p->max_jobs.running, q->running))
        return false;
    if (p->max_user_jobs.running < 0)
        return true;
    const struct user_count *u = find_user (q, userid);
    return !reached (p->max_user_jobs.running, u ? u->running : 0);
}

static struct user_count *get_user (struct jobqueue *q, uint32_t userid)
{
    struct user_count *u = find_user (q, userid);

    if (!u && (u = calloc (1, sizeof (*u)))) {
        u->userid = userid;
        HASH_ADD (hh, q->users, userid, sizeof (u->userid), u);
    }
    return u;
}

void jobqueue_count_active (struct jobqueue *q, uint32_t userid, int n)
{
    struct user_count *u = get_user (q, userid);

    q->active += n;
    if (!u)
        return;
    u->active += n;
    if (u->active == 0 && u->running == 0) {
        HASH_DEL (q->users, u);
        free (u);
    }
}

void jobqueue_count_running (struct jobqueue *q, uint32_t userid, int n)
{
    struct user_count *u = get_user (q, userid);

    q->running += n;
    if (u)
        u->running += n;
}
