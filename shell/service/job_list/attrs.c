/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job attributes: a table of names and encoders. An encoder gives NULL for what the job does not
 * have. */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <utlist.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_list/attrs.h"
#include "shell/service/job_manager/job.h"

static json_t *string_or_none (const char *s)
{
    return s ? json_string (s) : NULL;
}

static json_t *time_or_none (double t)
{
    return t > 0 ? json_real (t) : NULL;
}

static bool is_inactive (const struct job *job)
{
    return job->state == JOB_INACTIVE;
}

static json_t *get_userid (const struct job *job)
{
    return json_integer (job->userid);
}

static json_t *get_urgency (const struct job *job)
{
    return json_integer (job->urgency);
}

static json_t *get_priority (const struct job *job)
{
    return job->priority >= 0 ? json_integer (job->priority) : NULL;
}

static json_t *get_t_submit (const struct job *job)
{
    return time_or_none (job->t_submit);
}

static json_t *get_t_depend (const struct job *job)
{
    return time_or_none (job->t_depend);
}

static json_t *get_t_priority (const struct job *job)
{
    return time_or_none (job->t_priority);
}

static json_t *get_t_sched (const struct job *job)
{
    return time_or_none (job->t_sched);
}

static json_t *get_t_run (const struct job *job)
{
    return time_or_none (job->t_run);
}

static json_t *get_t_cleanup (const struct job *job)
{
    return time_or_none (job->t_cleanup);
}

static json_t *get_t_inactive (const struct job *job)
{
    return time_or_none (job->t_inactive);
}

static json_t *get_state (const struct job *job)
{
    return json_integer (job->state);
}

static json_t *get_name (const struct job *job)
{
    return string_or_none (job->facts.name);
}

static json_t *get_cwd (const struct job *job)
{
    return string_or_none (job->facts.cwd);
}

static json_t *get_queue (const struct job *job)
{
    return string_or_none (job->facts.queue);
}

static json_t *get_project (const struct job *job)
{
    return string_or_none (job->facts.project);
}

static json_t *get_bank (const struct job *job)
{
    return string_or_none (job->facts.bank);
}

static json_t *get_ntasks (const struct job *job)
{
    return json_integer (job->facts.ntasks);
}

static json_t *get_ncores (const struct job *job)
{
    return job->ncores > 0 ? json_integer (job->ncores) : NULL;
}

static json_t *get_nnodes (const struct job *job)
{
    return job->nnodes > 0 ? json_integer (job->nnodes) : NULL;
}

static json_t *get_ranks (const struct job *job)
{
    return string_or_none (job->ranks);
}

static json_t *get_nodelist (const struct job *job)
{
    return string_or_none (job->nodelist);
}

static json_t *get_duration (const struct job *job)
{
    return json_real (job->facts.duration);
}

static json_t *get_expiration (const struct job *job)
{
    return (job->states_seen & JOB_RUN) ? json_real (job->expiration) : NULL; // 0: it has none
}

static json_t *get_success (const struct job *job)
{
    return is_inactive (job) ? json_boolean (job->result == RESULT_COMPLETED) : NULL;
}

static json_t *get_result (const struct job *job)
{
    return is_inactive (job) ? json_integer (job->result) : NULL;
}

static json_t *get_waitstatus (const struct job *job)
{
    return job->finished ? json_integer (job->wait_status) : NULL;
}

static json_t *get_exception_occurred (const struct job *job)
{
    return json_boolean (job->exception_severity >= 0);
}

static json_t *get_exception_severity (const struct job *job)
{
    return job->exception_severity >= 0 ? json_integer (job->exception_severity) : NULL;
}

static json_t *get_exception_type (const struct job *job)
{
    return string_or_none (job->exception_type);
}

static json_t *get_exception_note (const struct job *job)
{
    return string_or_none (job->exception_note);
}

/* What the scheduler says of a job (RFC 27): while it waits, and once it has resources. */
static json_t *sched_annotations (const struct job *job)
{
    const struct job_live *live = job->live;

    if (job->resource_summary)
        return json_pack ("{s:s}", "resource_summary", job->resource_summary);
    if (!live || !live->lacks_resources || job->state != JOB_SCHED)
        return NULL;
    json_t *o = json_pack ("{s:s}", "reason_pending", "insufficient resources");
    if (o && live->t_estimate > 0)
        json_object_set_new (o, "t_estimate", json_real (live->t_estimate));
    return o;
}

static json_t *get_annotations (const struct job *job)
{
    json_t *o = job->annotations ? json_deep_copy (job->annotations) : NULL;
    json_t *sched = sched_annotations (job);

    if (sched && !o)
        o = json_object ();
    if (sched)
        json_object_set_new (o, "sched", sched);
    return o;
}

static json_t *get_dependencies (const struct job *job)
{
    struct dependency *dep;
    json_t *a;

    if (!job->live || !job->live->depends)
        return NULL;
    a = json_array ();
    LL_FOREACH (job->live->depends, dep)
    json_array_append_new (a, json_string (dep->description));
    return a;
}

static const struct {
    const char *name;
    json_t *(*get) (const struct job *job);
} table[] = {
    {"userid", get_userid},
    {"urgency", get_urgency},
    {"priority", get_priority},
    {"t_submit", get_t_submit},
    {"t_depend", get_t_depend},
    {"t_priority", get_t_priority},
    {"t_sched", get_t_sched},
    {"t_run", get_t_run},
    {"t_cleanup", get_t_cleanup},
    {"t_inactive", get_t_inactive},
    {"state", get_state},
    {"name", get_name},
    {"cwd", get_cwd},
    {"queue", get_queue},
    {"project", get_project},
    {"bank", get_bank},
    {"ntasks", get_ntasks},
    {"ncores", get_ncores},
    {"nnodes", get_nnodes},
    {"ranks", get_ranks},
    {"nodelist", get_nodelist},
    {"duration", get_duration},
    {"expiration", get_expiration},
    {"success", get_success},
    {"result", get_result},
    {"waitstatus", get_waitstatus},
    {"exception_occurred", get_exception_occurred},
    {"exception_severity", get_exception_severity},
    {"exception_type", get_exception_type},
    {"exception_note", get_exception_note},
    {"annotations", get_annotations},
    {"dependencies", get_dependencies},
};

#define NATTRS (sizeof (table) / sizeof (table[0]))

static int find_attr (const char *name)
{
    for (size_t i = 0; i < NATTRS; i++) {
        if (strcmp (table[i].name, name) == 0)
            return i;
    }
    return -1;
}

int job_attrs_parse (const json_t *names, uint64_t *mask, flux_error_t *errp)
{
    size_t i;
    json_t *entry;

    *mask = 0;
    json_array_foreach (names, i, entry)
    {
        const char *name = json_string_value (entry);
        int n = name ? find_attr (name) : -1;
        if (n >= 0)
            *mask |= 1ULL << n;
        else if (name && strcmp (name, "all") == 0)
            *mask = (1ULL << NATTRS) - 1;
        else if (!name || strcmp (name, "id") != 0) {
            errno = EINVAL;
            return errprintf (errp, "%s is not a valid attribute",
                              name ? name : "what is no string");
        }
    }
    return 0;
}

json_t *job_attrs_encode (const struct job *job, uint64_t mask)
{
    json_t *o = json_pack ("{s:I}", "id", (json_int_t)job->id);

    for (size_t i = 0; o && i < NATTRS; i++) {
        json_t *value = (mask & (1ULL << i)) ? table[i].get (job) : NULL;
        if (value)
            json_object_set_new_nocheck (o, table[i].name, value);
    }
    return o;
}
