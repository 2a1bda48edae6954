/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job-list service, see list.h. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <flux/request.h>

#include "shell/broker/router.h"
#include "shell/service/job_list/attrs.h"
#include "shell/service/job_list/constraint.h"
#include "shell/service/job_list/list.h"
#include "shell/service/job_manager/jobqueue.h"
#include "shell/service/job_manager/manager.h"

#define CHUNK 250 // jobs in one response of a stream

struct job_list {
    struct router *rt;
    struct job_manager *jm;
};

struct listing {
    struct job_list *jl;
    const flux_msg_t *msg;
    struct job_constraint *constraint;
    uint64_t attrs;
    double since;
    int left; // below 0: no limit
    bool streaming;
    bool first;
    json_t *jobs;
};

static void send_chunk (struct listing *l)
{
    json_t *jobs = l->jobs;

    l->jobs = json_array ();
    if (l->first)
        router_respond_pack (l->jl->rt, l->msg, "{s:o s:i}", "jobs", jobs, "version",
                             l->streaming ? 1 : 0);
    else
        router_respond_pack (l->jl->rt, l->msg, "{s:o}", "jobs", jobs);
    l->first = false;
}

static int list_one (struct job *job, void *arg)
{
    struct listing *l = arg;

    if (l->since > 0 && job->state == JOB_INACTIVE && job->t_inactive <= l->since)
        return 1; // the rest is older still
    if (!job_constraint_match (l->constraint, job))
        return 0;
    json_array_append_new (l->jobs, job_attrs_encode (job, l->attrs));
    if (l->streaming && json_array_size (l->jobs) == CHUNK)
        send_chunk (l);
    return l->left > 0 && --l->left == 0;
}

static int parse_list (struct listing *l, flux_error_t *errp)
{
    int max_entries;
    json_t *attrs, *constraint = NULL;

    if (flux_request_unpack (l->msg, NULL, "{s:i s:o s?F s?o}", "max_entries", &max_entries,
                             "attrs", &attrs, "since", &l->since, "constraint", &constraint) < 0 ||
        max_entries < 0 || !json_is_array (attrs)) {
        errno = EPROTO;
        return -1;
    }
    l->left = max_entries > 0 ? max_entries : -1;
    if (job_attrs_parse (attrs, &l->attrs, errp) < 0)
        return -1;
    l->constraint = job_constraint_create (constraint, errp);
    return l->constraint ? 0 : -1;
}

static void list_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct listing l = {
        .jl = arg, .msg = msg, .first = true, .streaming = flux_msg_is_streaming (msg)};
    flux_error_t error = {""};

    if (parse_list (&l, &error) < 0) {
        router_respond_error (rt, msg, errno, *error.text ? error.text : NULL);
        return;
    }
    l.jobs = json_array ();
    job_manager_walk (l.jl->jm, job_constraint_states (l.constraint), list_one, &l);
    if (l.first || json_array_size (l.jobs) > 0)
        send_chunk (&l);
    if (l.streaming)
        router_respond_error (rt, msg, ENODATA, NULL);
    json_decref (l.jobs);
    job_constraint_destroy (l.constraint);
}

static void list_id_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_list *jl = arg;
    json_int_t id;
    json_t *attrs;
    uint64_t mask;
    struct job *job;
    flux_error_t error = {""};

    if (flux_request_unpack (msg, NULL, "{s:I s:o}", "id", &id, "attrs", &attrs) < 0 ||
        !json_is_array (attrs))
        router_respond_error (rt, msg, EPROTO, NULL);
    else if (job_attrs_parse (attrs, &mask, &error) < 0)
        router_respond_error (rt, msg, errno, error.text);
    else if (!(job = job_manager_lookup (jl->jm, id)))
        router_respond_error (rt, msg, ENOENT, NULL);
    else
        router_respond_pack (rt, msg, "{s:o}", "job", job_attrs_encode (job, mask));
}

static void list_attrs_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    static const char *text =
        "{\"attrs\":[\"userid\",\"urgency\",\"priority\",\"t_submit\",\"t_depend\","
        "\"t_priority\",\"t_sched\",\"t_run\",\"t_cleanup\",\"t_inactive\",\"state\",\"name\","
        "\"cwd\",\"queue\",\"project\",\"bank\",\"ntasks\",\"ncores\",\"duration\",\"nnodes\","
        "\"ranks\",\"nodelist\",\"success\",\"exception_occurred\",\"exception_type\","
        "\"exception_severity\",\"exception_note\",\"result\",\"expiration\",\"annotations\","
        "\"waitstatus\",\"dependencies\",\"all\"]}";

    router_respond (rt, msg, text);
}

static void add_counts (json_t *o, const size_t *states, const size_t *results)
{
    static const struct {
        const char *name;
        int state;
    } names[] = {
        {"depend", JOB_DEPEND}, {"priority", JOB_PRIORITY}, {"sched", JOB_SCHED},
        {"run", JOB_RUN},       {"cleanup", JOB_CLEANUP},   {"inactive", JOB_INACTIVE},
    };
    static const char *const result_names[JOB_RESULTS] = {"successful", "failed", "canceled",
                                                          "timeout"};
    json_t *by_state = json_object ();
    json_int_t total = 0;

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        json_int_t n = (json_int_t)states[__builtin_ctz (names[i].state)];
        json_object_set_new (by_state, names[i].name, json_integer (n));
        total += n;
    }
    json_object_set_new (by_state, "total", json_integer (total));
    json_object_set_new (o, "job_states", by_state);
    for (int i = 0; i < JOB_RESULTS; i++)
        json_object_set_new (o, result_names[i], json_integer ((json_int_t)results[i]));
}

static int add_queue (const struct jobqueue *q, void *arg)
{
    if (!q->name)
        return 0;
    json_t *o = json_pack ("{s:s}", "name", q->name);
    add_counts (o, q->state_count, q->result_count);
    json_object_set_new (o, "inactive_purged", json_integer ((json_int_t)q->purged));
    return json_array_append_new (arg, o);
}

static json_t *encode_stats (struct job_manager *jm)
{
    json_t *o = json_object (), *queues = json_array ();
    size_t states[JOB_STATES], results[JOB_RESULTS];

    for (int i = 0; i < JOB_STATES; i++)
        states[i] = job_manager_count (jm, 1 << i);
    for (int i = 0; i < JOB_RESULTS; i++)
        results[i] = job_manager_count_result (jm, 1 << i);
    add_counts (o, states, results);
    json_object_set_new (o, "inactive_purged",
                         json_integer ((json_int_t)job_manager_count_purged (jm)));
    job_manager_each_queue (jm, add_queue, queues);
    json_object_set_new (o, "queues", queues);
    return o;
}

static void stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_list *jl = arg;

    router_respond_pack (rt, msg, "o", encode_stats (jl->jm));
}

static const struct handler_row rows[] = {
    {"list", list_cb, FLUX_ROLE_USER},
    {"list-id", list_id_cb, FLUX_ROLE_USER},
    {"list-attrs", list_attrs_cb, FLUX_ROLE_USER},
    {"job-stats", stats_cb, FLUX_ROLE_USER},
    {NULL, NULL, 0},
};

struct job_list *job_list_create (struct router *rt, struct job_manager *jm)
{
    struct job_list *jl = calloc (1, sizeof (*jl));

    if (!jl)
        return NULL;
    jl->rt = rt;
    jl->jm = jm;
    if (router_service_add (rt, "job-list", rows, jl) < 0) {
        free (jl);
        return NULL;
    }
    return jl;
}

void job_list_destroy (struct job_list *jl)
{
    if (jl) {
        router_service_remove (jl->rt, "job-list");
        free (jl);
    }
}
