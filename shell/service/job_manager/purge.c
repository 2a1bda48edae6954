/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Forgetting inactive jobs. */

#include <errno.h>

#include <flux/request.h>

#include "lib/util/monotime.h"
#include "shell/service/job_manager/private.h"
#include "shell/service/kvs/kvs.h"

void job_drop_strings (struct job_manager *jm, struct job *job)
{
    strpool_put (jm->strings, job->facts.name);
    strpool_put (jm->strings, job->facts.cwd);
    strpool_put (jm->strings, job->facts.queue);
    strpool_put (jm->strings, job->facts.project);
    strpool_put (jm->strings, job->facts.bank);
    strpool_put (jm->strings, job->resource_summary);
    if (job->live) {
        strpool_put (jm->strings, job->live->env);
        strpool_put (jm->strings, job->live->graph_policy);
    }
}

static void forget (struct job_manager *jm, struct job *job)
{
    char key[JOB_KEY_SIZE];

    if (jobtap_any (jm->jobtap))
        jobtap_purged (jm->jobtap, job);
    kvs_local_unlink (jm->kvs, NULL, job_key (job->id, NULL, key, sizeof (key)));
    jm->state_count[state_index (JOB_INACTIVE)]--;
    jm->result_count[state_index (job->result)]--;
    struct jobqueue *q = jobqueues_lookup (jm->queues, job->facts.queue);
    if (q) {
        q->state_count[state_index (JOB_INACTIVE)]--;
        q->result_count[state_index (job->result)]--;
        q->purged++;
    }
    walks_forget (jm, job);
    job_waits_forget (jm, job);
    list_remove (&jm->inactive, job);
    HASH_DEL (jm->jobs, job);
    job_drop_strings (jm, job);
    job_free (job);
    jm->purged_count++;
}

static void purge_job (struct job_manager *jm, struct job *job)
{
    forget (jm, job);
}

int purge_oldest (struct job_manager *jm, size_t keep, double age_limit, int batch, bool really)
{
    double now = walltime_now ();
    size_t left = jm->state_count[state_index (JOB_INACTIVE)];
    int count = 0;
    struct job *job = jm->inactive ? jm->inactive->list_prev : NULL, *newer; // the oldest

    for (; job && count < batch; job = newer) {
        newer = job == jm->inactive ? NULL : job->list_prev;
        bool over_age = age_limit >= 0 && now - job->t_inactive >= age_limit;
        if (left <= keep && !over_age)
            break;
        left--;
        count++;
        if (really)
            forget (jm, job);
    }
    return count;
}

#define PURGE_BATCH 100     // jobs in one turn of the loop
#define PURGE_PERIOD_MIN .1 // seconds

static void purge_pass (struct router *rt, void *arg);

static void purge_timer_cb (struct ev_loop *loop, ev_timer *w, int revents)
{
    struct job_manager *jm = w->data;

    router_at_turn_end (jm->rt, purge_pass, jm);
}

static bool over_number (const struct job_manager *jm)
{
    int limit = jm->conf.inactive_num_limit;

    return limit >= 0 && jm->state_count[state_index (JOB_INACTIVE)] > (size_t)limit;
}

/* When the oldest is too old. */
static void start_timer (struct job_manager *jm)
{
    struct ev_loop *loop = router_loop (jm->rt);
    double left = PURGE_PERIOD_MIN;

    ev_timer_stop (loop, &jm->purge_timer);
    if (!jm->inactive || (jm->conf.inactive_age_limit < 0 && !over_number (jm)))
        return;
    double end = jm->inactive->list_prev->t_inactive + jm->conf.inactive_age_limit;
    if (over_number (jm)) // another batch
        left = 0.;
    else if (end - walltime_now () > left)
        left = end - walltime_now ();
    ev_timer_init (&jm->purge_timer, purge_timer_cb, left, 0.);
    jm->purge_timer.data = jm;
    ev_timer_start (loop, &jm->purge_timer);
}

static void purge_pass (struct router *rt, void *arg)
{
    struct job_manager *jm = arg;
    int limit = jm->conf.inactive_num_limit;

    purge_oldest (jm, limit >= 0 ? (size_t)limit : SIZE_MAX, jm->conf.inactive_age_limit,
                  PURGE_BATCH, true);
    start_timer (jm);
}

void purge_follow_limits (struct job_manager *jm)
{
    if (over_number (jm))
        router_at_turn_end (jm->rt, purge_pass, jm);
    else if (jm->conf.inactive_age_limit >= 0 && !ev_is_active (&jm->purge_timer))
        start_timer (jm);
}

void purge_stop (struct job_manager *jm)
{
    router_turn_end_forget (jm->rt, purge_pass, jm);
    ev_timer_stop (router_loop (jm->rt), &jm->purge_timer);
}

size_t job_manager_count_purged (const struct job_manager *jm)
{
    return jm->purged_count;
}

void purge_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    double age_limit;
    int num_limit, batch, force, count = 0;

    if (flux_request_unpack (msg, NULL, "{s:f s:i s:i s:b}", "age_limit", &age_limit, "num_limit",
                             &num_limit, "batch", &batch, "force", &force) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    size_t keep = num_limit >= 0 ? (size_t)num_limit : SIZE_MAX;
    count = purge_oldest (jm, keep, age_limit, batch > 0 ? batch : INT32_MAX, force);
    router_respond_pack (rt, msg, "{s:i}", "count", count);
}

void purge_id_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int force;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "force", &force) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if ((job = request_target (jm, msg, id))) {
        if (job->state != JOB_INACTIVE) {
            router_respond_error (rt, msg, EINVAL, "cannot purge active job");
        } else {
            if (force)
                purge_job (jm, job);
            router_respond_pack (rt, msg, "{s:i}", "count", 1);
        }
    }
}
