/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An instance seen as a job: its numbers of jobs and resources, and the job that it is itself. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <flux/job.h>

#include "shell/cmd/client.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/jobinstance.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/rstates.h"

bool jobinstance_running (const json_t *job)
{
    return jobinfo_uri (job) &&
           json_integer_value (json_object_get (job, "state")) == FLUX_JOB_STATE_RUN;
}

json_t *jobinstance_numbers (flux_t *h)
{
    struct joblist_stats s;
    struct rstates states;
    json_t *res, *out;

    if (joblist_stats (h, NULL, &s, NULL) < 0)
        return NULL;
    out = json_pack ("{s:{s:i s:i s:i s:i s:i s:i}}", "stats", "total", s.total, "inactive",
                     s.inactive, "pending", s.pending, "running", s.running, "successful",
                     s.successful, "failed", s.failed);
    res = cmd_rpc_try (h, "resource.sched-status", FLUX_NODEID_ANY, NULL, NULL);
    if (rstates_create (&states, res) == 0) {
        json_object_set_new (out, "resources", rstates_counts (&states, NULL));
        rstates_clear (&states);
    }
    json_decref (res);
    return out;
}

void jobinstance_ask (json_t *job)
{
    flux_t *h = cmd_open_uri (jobinfo_uri (job), NULL);
    json_t *numbers = h ? jobinstance_numbers (h) : NULL;

    if (numbers)
        jobinfo_set_instance (job, numbers);
    flux_close (h);
}

static json_t *job_in_parent (flux_t *h)
{
    const char *text = flux_attr_get (h, "jobid");
    const char *uri = flux_attr_get (h, "parent-uri");
    flux_t *parent;
    flux_jobid_t id;

    if (!text || !uri || flux_job_id_parse (text, &id) < 0 || !(parent = cmd_open_uri (uri, NULL)))
        return NULL;
    json_t *jobs = joblist_by_id (parent, &id, 1, json_pack ("[s]", "all"), NULL, NULL);
    json_t *job = json_incref (json_array_get (jobs, 0));
    json_decref (jobs);
    flux_close (parent);
    return job;
}

static double number_attr (flux_t *h, const char *name)
{
    const char *s = flux_attr_get (h, name);
    return s ? strtod (s, NULL) : 0;
}

static json_t *job_of_attrs (flux_t *h)
{
    json_int_t size = (json_int_t)number_attr (h, "size");
    const char *hosts = flux_attr_get (h, "hostlist");

    return json_pack ("{s:I s:i s:s s:I s:I s:s s:f}", "userid",
                      (json_int_t)number_attr (h, "security.owner"), "state", FLUX_JOB_STATE_RUN,
                      "name", ".", "ntasks", size, "nnodes", size, "nodelist", hosts ? hosts : "",
                      "t_run", number_attr (h, "broker.starttime"));
}

json_t *jobinstance_self (flux_t *h)
{
    const char *uri = flux_attr_get (h, "local-uri");
    json_t *job = job_in_parent (h);
    json_t *numbers;
    char ranks[32];

    if (!job && !(job = job_of_attrs (h))) {
        errno = ENOMEM;
        return NULL;
    }
    // the parent's ranks would mislead: count from this instance's own
    snprintf (ranks, sizeof (ranks), "0-%d", (int)number_attr (h, "size") - 1);
    json_object_set_new (job, "ranks", json_string (ranks));
    if (uri && !jobinfo_uri (job))
        json_object_set_new (job, "annotations", json_pack ("{s:{s:s}}", "user", "uri", uri));
    if ((numbers = jobinstance_numbers (h)))
        jobinfo_set_instance (job, numbers);
    return job;
}
