/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Requests to job-manager about single jobs and about all. Payloads as flux-core's clients send. */

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <flux/request.h>

#include "shell/service/job_exec/exec.h"
#include "shell/service/job_manager/journal.h"
#include "shell/service/job_manager/private.h"

/* The job of a request, when the sender may deal with it; else the request was answered. */
struct job *request_target (struct job_manager *jm, const flux_msg_t *msg, uint64_t id)
{
    struct job *job = job_manager_lookup (jm, id);

    if (!job) {
        router_respond_error (jm->rt, msg, ENOENT, "unknown job id");
        return NULL;
    }
    if (flux_msg_authorize (msg, job->userid) < 0) {
        router_respond_error (jm->rt, msg, errno, "the job belongs to another user");
        return NULL;
    }
    return job;
}

struct job *request_active_target (struct job_manager *jm, const flux_msg_t *msg, uint64_t id)
{
    struct job *job = request_target (jm, msg, id);

    if (job && job->state == JOB_INACTIVE) {
        router_respond_error (jm->rt, msg, ENOENT, "job is inactive");
        return NULL;
    }
    return job;
}

uint32_t request_sender (const flux_msg_t *msg)
{
    uint32_t userid = FLUX_USERID_UNKNOWN;

    flux_msg_get_userid (msg, &userid);
    return userid;
}

bool exception_type_is_valid (const char *type)
{
    return *type && strlen (type) < 64 && !strpbrk (type, " \t\n\r\f\v");
}

static void raise_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int severity;
    const char *type, *note = NULL;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i s:s s?s}", "id", &id, "severity", &severity,
                             "type", &type, "note", &note) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (severity < 0 || severity > 7)
        router_respond_error (rt, msg, EINVAL, "invalid exception severity");
    else if (!exception_type_is_valid (type))
        router_respond_error (rt, msg, EINVAL, "invalid exception type");
    else if ((job = request_active_target (jm, msg, id))) {
        job_manager_raise (jm, job, type, severity, request_sender (msg), note);
        router_respond (rt, msg, NULL);
    }
}

static void kill_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int signum;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "signum", &signum) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if (signum <= 0 || signum >= NSIG)
        router_respond_error (rt, msg, EINVAL, "invalid signal number");
    else if (!(job = request_target (jm, msg, id)))
        return;
    else if (job->state == JOB_INACTIVE)
        router_respond_error (rt, msg, EINVAL, "job is inactive");
    else if (!(job->state & JOB_RUNNING) || job_exec_kill (jm->exec, job->id, signum) < 0)
        router_respond_error (rt, msg, EINVAL, "job is not running");
    else
        router_respond (rt, msg, NULL);
}

static void urgency_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int urgency;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:i}", "id", &id, "urgency", &urgency) < 0) {
        router_respond_error (rt, msg, errno, NULL);
        return;
    }
    if (urgency < URGENCY_HOLD || urgency > URGENCY_EXPEDITE) {
        router_respond_error (rt, msg, EINVAL, "urgency value is out of range");
        return;
    }
    if (!(job = request_target (jm, msg, id)))
        return;
    if (job->state == JOB_INACTIVE) {
        router_respond_error (rt, msg, EINVAL, "job is inactive");
        return;
    }
    if (flux_msg_authorize (msg, FLUX_USERID_UNKNOWN) < 0 && urgency > URGENCY_DEFAULT) {
        router_respond_error (rt, msg, EPERM, "only the instance owner may raise urgency above 16");
        return;
    }
    if (!(job->state & JOB_PENDING)) {
        router_respond_error (rt, msg, EINVAL,
                              "urgency cannot be changed once resources are allocated");
        return;
    }
    int old = job->urgency;
    job->urgency = urgency;
    event_post_pack (jm, job, "urgency", "{s:I s:i}", "userid", (json_int_t)request_sender (msg),
                     "urgency", urgency);
    if (job->state == JOB_SCHED)
        job_prioritize (jm, job);
    router_respond_pack (rt, msg, "{s:i}", "old_urgency", old);
}

static void disconnect_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    job_waits_disconnect (jm->waits, msg);
    waiters_disconnect (jm->drains, msg);
    waiters_disconnect (jm->idles, msg);
    journal_disconnect (jm->journal, msg);
    extsched_disconnect (jm->extsched, msg);
}

static void getinfo_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond_pack (rt, msg, "{s:I}", "max_jobid", (json_int_t)jm->max_id);
}

static void getattr_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    json_t *attrs;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s:o}", "id", &id, "attrs", &attrs) < 0)
        router_respond_error (rt, msg, errno, NULL);
    else if ((job = request_target (jm, msg, id)))
        router_respond_pack (rt, msg, "{s:i s:I}", "urgency", job->urgency, "userid",
                             (json_int_t)job->userid);
}

static void memo_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    int is_volatile = 0;
    json_t *memo;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I s?b s:o}", "id", &id, "volatile", &is_volatile,
                             "memo", &memo) < 0 ||
        !json_is_object (memo)) {
        router_respond_error (rt, msg, EPROTO, NULL);
        return;
    }
    if (!(job = request_target (jm, msg, id)))
        return;
    if (job->state == JOB_INACTIVE && is_volatile) {
        router_respond_error (rt, msg, EINVAL, "volatile memo cannot be set on an inactive job");
        return;
    }
    job_set_memo (job, memo);
    if (!is_volatile)
        event_post_pack (jm, job, "memo", "O", memo);
    router_respond (rt, msg, NULL);
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond_pack (rt, msg, "{s:o s:i s:i s:I s:i s:i s:o}", "journal",
                         journal_stats (jm->journal), "active_jobs",
                         (int)count_states (jm, JOB_NEW | JOB_ACTIVE), "inactive_jobs",
                         (int)count_states (jm, JOB_INACTIVE), "max_jobid", (json_int_t)jm->max_id,
                         "queued", (int)pending_count (jm->queues), "purged", (int)jm->purged_count,
                         "housekeeping", housekeeping_stats (jm->housekeeping));
}

static void alloc_query_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;

    router_respond_pack (rt, msg, "{s:i s:i s:i}", "queue_length",
                         (int)pending_count_started (jm->queues), "alloc_pending",
                         (int)extsched_pending (jm->extsched), "running",
                         (int)count_states (jm, JOB_RUNNING));
}

static const struct handler_row rows[] = {
    {"raise", raise_cb, FLUX_ROLE_USER},
    {"raiseall", raiseall_cb, FLUX_ROLE_USER},
    {"kill", kill_cb, FLUX_ROLE_USER},
    {"killall", killall_cb, FLUX_ROLE_USER},
    {"urgency", urgency_cb, FLUX_ROLE_USER},
    {"wait", wait_cb, FLUX_ROLE_OWNER},
    {"drain", drain_cb, FLUX_ROLE_OWNER},
    {"idle", idle_cb, FLUX_ROLE_OWNER},
    {"memo", memo_cb, FLUX_ROLE_USER},
    {"update", update_cb, FLUX_ROLE_USER},
    {"grow", grow_cb, FLUX_ROLE_USER},
    {"shrink", shrink_cb, FLUX_ROLE_USER},
    {"alloc-query", alloc_query_cb, FLUX_ROLE_USER},
    {"housekeeping-kill", housekeeping_kill_cb, FLUX_ROLE_OWNER},
    {"jobtap", jobtap_cb, FLUX_ROLE_OWNER},
    {"jobtap-query", jobtap_query_cb, FLUX_ROLE_OWNER},
    {"history.get", history_cb, FLUX_ROLE_USER},
    {"list", list_cb, FLUX_ROLE_OWNER},
    {"getinfo", getinfo_cb, FLUX_ROLE_OWNER},
    {"getattr", getattr_cb, FLUX_ROLE_USER},
    {"queue-list", queue_list_cb, FLUX_ROLE_USER},
    {"queue-status", queue_status_cb, FLUX_ROLE_USER},
    {"queue-enable", queue_enable_cb, FLUX_ROLE_OWNER},
    {"queue-start", queue_start_cb, FLUX_ROLE_OWNER},
    {"purge", purge_cb, FLUX_ROLE_OWNER},
    {"purge-id", purge_id_cb, FLUX_ROLE_OWNER},
    {"sched-hello", sched_hello_cb, FLUX_ROLE_OWNER},
    {"sched-ready", sched_ready_cb, FLUX_ROLE_OWNER},
    {"events-journal", journal_cb, FLUX_ROLE_OWNER},
    {"events-journal-cancel", journal_cancel_cb, FLUX_ROLE_OWNER},
    {"stats-get", stats_cb, FLUX_ROLE_OWNER},
    {"disconnect", disconnect_cb, FLUX_ROLE_ALL},
    {NULL, NULL, 0},
};

int requests_service_add (struct job_manager *jm)
{
    return router_service_add (jm->rt, "job-manager", rows, jm);
}
