/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include <flux/request.h>

#include "shell/service/job_manager/private.h"

/* job-manager.wait: of one waitable job, or of the next one that ends (id FLUX_JOBID_ANY). */

static void describe_end (const struct job *job, char *text, size_t size)
{
    flux_error_t error;

    *text = '\0';
    if (job->exception_severity == 0)
        snprintf (text, size, "Fatal exception type=%s %s", job->exception_type,
                  job->exception_note ? job->exception_note : "");
    else if (flux_job_waitstatus_to_exitcode (job->wait_status, &error) != 0)
        snprintf (text, size, "%s", error.text);
}

static void wait_respond (struct job_manager *jm, const flux_msg_t *msg, struct job *job)
{
    char text[256];

    job->waited = true;
    describe_end (job, text, sizeof (text));
    router_respond_pack (jm->rt, msg, "{s:I s:b s:s}", "id", (json_int_t)job->id, "success",
                         job->result == RESULT_COMPLETED, "errstr", text);
}

static int find_unwaited (struct job *job, void *arg)
{
    struct job **found = arg;

    if ((job->flags & JOBFLAG_WAITABLE) && !job->waited)
        *found = job; // the oldest is last
    return 0;
}

static bool any_waitable (struct job_manager *jm)
{
    struct job *job = NULL;

    job_manager_walk (jm, JOB_ACTIVE | JOB_NEW, find_unwaited, &job);
    return job != NULL;
}

static void wait_any (struct job_manager *jm, const flux_msg_t *msg)
{
    struct job *job = NULL;

    job_manager_walk (jm, JOB_INACTIVE, find_unwaited, &job);
    if (job)
        wait_respond (jm, msg, job);
    else if (!any_waitable (jm))
        router_respond_error (jm->rt, msg, ECHILD, "there are no more waitable jobs");
    else if (waiters_add (jm->waits, msg) < 0)
        router_respond_error (jm->rt, msg, errno, NULL);
}

#define JOBID_ANY ((json_int_t)0xFFFFFFFFFFFFFFFF)

void wait_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    json_int_t id;
    struct job *job;

    if (flux_request_unpack (msg, NULL, "{s:I}", "id", &id) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (id == JOBID_ANY) {
        wait_any (jm, msg);
    } else if (!(job = job_manager_lookup (jm, id))) {
        router_respond_error (rt, msg, ECHILD,
                              "invalid job id, or job may be inactive and not waitable");
    } else if (!(job->flags & JOBFLAG_WAITABLE) || job->waited) {
        router_respond_error (
            rt, msg, ECHILD,
            "job was not submitted with the waitable flag, or was waited for already");
    } else if (job->state == JOB_INACTIVE) {
        wait_respond (jm, msg, job);
    } else if (waiters_add (jm->waits, msg) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    }
}

struct wait_search {
    struct job *job;
    const flux_msg_t *exact, *any;
};

static void match_waiter (const flux_msg_t *msg, void *arg)
{
    struct wait_search *s = arg;
    json_int_t id = 0;

    flux_request_unpack (msg, NULL, "{s:I}", "id", &id);
    if (!s->exact && (uint64_t)id == s->job->id)
        s->exact = msg;
    else if (!s->any && id == JOBID_ANY)
        s->any = msg;
}

void job_wait_answer (struct job_manager *jm, struct job *job)
{
    struct wait_search s = {.job = job};

    if (!(job->flags & JOBFLAG_WAITABLE) || waiters_count (jm->waits) == 0)
        return;
    waiters_each (jm->waits, match_waiter, &s);
    const flux_msg_t *msg = s.exact ? s.exact : s.any;
    if (msg) {
        wait_respond (jm, msg, job);
        waiters_remove (jm->waits, msg);
    }
}
