/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One job in memory, see job.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "shell/service/job_manager/job.h"

struct job *job_create (uint64_t id)
{
    struct job *job = calloc (1, sizeof (*job));

    if (!job || !(job->live = calloc (1, sizeof (*job->live)))) {
        free (job);
        return NULL;
    }
    job->id = id;
    job->state = JOB_NEW;
    job->states_seen = JOB_NEW;
    job->urgency = URGENCY_DEFAULT;
    job->priority = -1;
    job->exception_severity = -1;
    job->live->sim_duration = -1.;
    return job;
}

void job_retire (struct job *job)
{
    struct job_live *live = job->live;

    if (!live)
        return;
    while (live->depends) {
        struct dependency *dep = live->depends;
        live->depends = dep->next;
        free (dep->description);
        free (dep);
    }
    json_decref (live->constraint);
    json_decref (live->request);
    free (live->resource_summary);
    free (live);
    job->live = NULL;
}

void job_free (struct job *job)
{
    if (job) {
        job_retire (job);
        free (job->ranks);
        free (job->nodelist);
        free (job->exception_type);
        free (job->exception_note);
        json_decref (job->annotations);
        free (job);
    }
}

const char *job_key (uint64_t id, const char *path, char *buf, size_t size)
{
    snprintf (buf, size, "job.%04x.%04x.%04x.%04x%s%s", (unsigned)(id >> 48),
              (unsigned)(id >> 32) & 0xffff, (unsigned)(id >> 16) & 0xffff, (unsigned)id & 0xffff,
              path ? "." : "", path ? path : "");
    return buf;
}

int job_result_of (const struct job *job)
{
    if (job->exception_severity == 0) {
        if (strcmp (job->exception_type, "cancel") == 0)
            return RESULT_CANCELED;
        if (strcmp (job->exception_type, "timeout") == 0)
            return RESULT_TIMEOUT;
        return RESULT_FAILED;
    }
    return job->finished && job->wait_status == 0 ? RESULT_COMPLETED : RESULT_FAILED;
}
