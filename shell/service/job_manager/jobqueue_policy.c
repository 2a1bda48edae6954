/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Policies of queues (flux-config-policy(5)), checked against jobs. */

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jobspec.h"
#include "lib/util/errprintf.h"
#include "lib/util/fsd.h"
#include "shell/service/job_manager/jobqueue.h"

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
            return errprintf (errp, "requested %s (%u) exceeds policy limit of %d%s",
                              queue_size_name (i), (unsigned)sizes[i], max,
                              in_queue (q, queue, sizeof (queue)));
        if (min >= 0 && sizes[i] < (uint32_t)min)
            return errprintf (errp, "requested %s (%u) is under policy limit of %d%s",
                              queue_size_name (i), (unsigned)sizes[i], min,
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
