/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* job-manager.list: active jobs as the job manager itself sees them, those in the queue first, and
 * those that ended and can still be waited for. Lists for people are job-list's. */

#include <errno.h>
#include <utlist.h>

#include <flux/request.h>

#include "shell/service/job_manager/private.h"

struct listed {
    json_t *jobs;
    size_t max; // 0: all
};

static json_t *job_json (const struct job *job)
{
    json_t *o = json_pack ("{s:I s:I s:i s:I s:f s:i s:O*}", "id", (json_int_t)job->id, "userid",
                           (json_int_t)job->userid, "urgency", (int)job->urgency, "priority",
                           (json_int_t)job->priority, "t_submit", job->t_submit, "state",
                           (int)job->state, "annotations", job->annotations);
    struct dependency *dep = job->live ? job->live->depends : NULL;
    json_t *deps = dep ? json_array () : NULL;

    LL_FOREACH (dep, dep)
    json_array_append_new (deps, json_string (dep->description));
    if (deps)
        json_object_set_new (o, "dependencies", deps);
    return o;
}

static int add_active (struct job *job, void *arg)
{
    struct listed *l = arg;

    if (l->max > 0 && json_array_size (l->jobs) >= l->max)
        return -1;
    return json_array_append_new (l->jobs, job_json (job));
}

static int add_zombie (struct job *job, void *arg)
{
    struct listed *l = arg;

    return json_array_append_new (l->jobs, job_json (job));
}

void list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_manager *jm = arg;
    int max;

    if (flux_request_unpack (msg, NULL, "{s:i}", "max_entries", &max) < 0) {
        router_respond_error (rt, msg, errno, NULL);
    } else if (max < 0) {
        router_respond_error (rt, msg, EPROTO, "max_entries is below 0");
    } else {
        struct listed l = {json_array (), max};
        job_manager_walk (jm, JOB_NEW | JOB_ACTIVE, add_active, &l);
        job_waits_each_zombie (jm, add_zombie, &l);
        router_respond_pack (rt, msg, "{s:o}", "jobs", l.jobs);
    }
}
