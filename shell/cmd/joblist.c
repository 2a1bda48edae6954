/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/joblist.h"

static const struct {
    const char *name;
    int states, results;
} filters[] = {
    {"depend", FLUX_JOB_STATE_DEPEND, 0},    {"priority", FLUX_JOB_STATE_PRIORITY, 0},
    {"sched", FLUX_JOB_STATE_SCHED, 0},      {"run", FLUX_JOB_STATE_RUN, 0},
    {"cleanup", FLUX_JOB_STATE_CLEANUP, 0},  {"inactive", FLUX_JOB_STATE_INACTIVE, 0},
    {"pending", FLUX_JOB_STATE_PENDING, 0},  {"running", FLUX_JOB_STATE_RUNNING, 0},
    {"active", FLUX_JOB_STATE_ACTIVE, 0},    {"completed", 0, FLUX_JOB_RESULT_COMPLETED},
    {"failed", 0, FLUX_JOB_RESULT_FAILED},   {"canceled", 0, FLUX_JOB_RESULT_CANCELED},
    {"timeout", 0, FLUX_JOB_RESULT_TIMEOUT},
};

int joblist_parse_filter (struct joblist_query *q, const char *text, flux_error_t *errp)
{
    while (*text) {
        size_t len = strcspn (text, ","), i;
        size_t count = sizeof (filters) / sizeof (filters[0]);

        for (i = 0; i < count; i++)
            if (strlen (filters[i].name) == len && strncasecmp (filters[i].name, text, len) == 0)
                break;
        if (i == count && len > 0) {
            errno = EINVAL;
            return errprintf (errp, "%.*s: no such state or result", (int)len, text);
        }
        if (i < count) {
            q->states |= filters[i].states;
            q->results |= filters[i].results;
        }
        text += len + (text[len] == ',');
    }
    return 0;
}

static void add_term (json_t *all, const char *name, json_t *value)
{
    json_array_append_new (all, json_pack ("{s:[o]}", name, value));
}

static json_t *make_constraint (const struct joblist_query *q)
{
    json_t *all = json_array ();

    if (q->constraint)
        json_array_append (all, q->constraint);
    if (q->userid != FLUX_USERID_UNKNOWN)
        add_term (all, "userid", json_integer (q->userid));
    if (q->name)
        add_term (all, "name", json_string (q->name));
    if (json_array_size (q->queues) > 0)
        json_array_append_new (all, json_pack ("{s:O}", "queue", q->queues));
    if (q->states && q->results)
        json_array_append_new (all, json_pack ("{s:[{s:[i]},{s:[i]}]}", "or", "states", q->states,
                                               "results", q->results));
    else if (q->states)
        add_term (all, "states", json_integer (q->states));
    else if (q->results)
        add_term (all, "results", json_integer (q->results));
    return json_pack ("{s:o}", "and", all);
}

json_t *joblist_request (const struct joblist_query *q, json_t *attrs)
{
    return json_pack ("{s:i s:o s:f s:o}", "max_entries", q->max_entries, "attrs", attrs, "since",
                      q->since, "constraint", make_constraint (q));
}

/* Responses come in parts until ENODATA; a service of the first version answers once. */
json_t *joblist_query (flux_t *h, const struct joblist_query *q, json_t *attrs, flux_error_t *errp)
{
    json_t *jobs = json_array (), *part;
    flux_future_t *f = flux_rpc_pack (h, "job-list.list", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "o",
                                      joblist_request (q, attrs));
    int version = 0, rc = -1;
    bool more = true;

    for (bool first = true; f && more; first = false) {
        if ((rc = flux_rpc_get_unpack (f, "{s:o s?i}", "jobs", &part, "version", &version)) < 0)
            break;
        json_array_extend (jobs, part);
        if (first)
            more = version > 0; // only the first part says so
        flux_future_reset (f);
    }
    if (rc < 0 && (!f || errno != ENODATA)) {
        errprintf (errp, "cannot list jobs: %s", cmd_why (f));
        json_decref (jobs);
        jobs = NULL;
    }
    flux_future_destroy (f);
    return jobs;
}

json_t *joblist_by_id (flux_t *h, const flux_jobid_t *ids, size_t count, json_t *attrs,
                       void (*missing) (size_t index, int errnum, const char *text, void *arg),
                       void *arg)
{
    flux_future_t **f = calloc (count + 1, sizeof (*f));
    json_t *jobs = json_array (), *job;

    for (size_t i = 0; f && i < count; i++)
        f[i] = flux_rpc_pack (h, "job-list.list-id", FLUX_NODEID_ANY, 0, "{s:I s:O}", "id", ids[i],
                              "attrs", attrs);
    for (size_t i = 0; f && i < count; i++) {
        if (!f[i] || flux_rpc_get_unpack (f[i], "{s:o}", "job", &job) < 0)
            missing (i, errno, cmd_why (f[i]), arg);
        else
            json_array_append (jobs, job);
        flux_future_destroy (f[i]);
    }
    free (f);
    json_decref (attrs);
    return jobs;
}

static int int_of (const json_t *o, const char *key)
{
    return json_integer_value (json_object_get (o, key));
}

static void add_stats (struct joblist_stats *s, const json_t *o)
{
    const json_t *states = json_object_get (o, "job_states");

    s->pending +=
        int_of (states, "depend") + int_of (states, "priority") + int_of (states, "sched");
    s->running += int_of (states, "run") + int_of (states, "cleanup");
    s->inactive += int_of (states, "inactive");
    s->total += int_of (states, "total");
    s->successful += int_of (o, "successful");
    s->canceled += int_of (o, "canceled");
    s->timeout += int_of (o, "timeout");
    s->failed += int_of (o, "failed") + int_of (o, "timeout") + int_of (o, "canceled");
    s->purged += int_of (o, "inactive_purged");
    s->active = s->total - s->inactive;
}

static bool in_array (const json_t *a, const char *s)
{
    size_t i;
    json_t *o;

    json_array_foreach (a, i, o) if (s && strcmp (json_string_value (o), s) == 0) return true;
    return false;
}

int joblist_stats (flux_t *h, const json_t *queues, struct joblist_stats *stats, flux_error_t *errp)
{
    json_t *o = cmd_rpc_try (h, "job-list.job-stats", FLUX_NODEID_ANY, json_object (), errp);
    json_t *q;
    size_t i;

    *stats = (struct joblist_stats){0};
    if (!o)
        return -1;
    if (json_array_size (queues) == 0)
        add_stats (stats, o);
    else
        json_array_foreach (
            json_object_get (o, "queues"), i,
            q) if (in_array (queues, json_string_value (json_object_get (q, "name"))))
            add_stats (stats, q);
    json_decref (o);
    return 0;
}
