/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job list, list-inactive, list-ids: what job-list knows, one object a line, for programs. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/job.h"
#include "shell/cmd/job_raise.h"
#include "shell/cmd/joblist.h"

static void print_job (const json_t *job)
{
    json_dumpf (job, stdout, 0);
    printf ("\n");
}

static int print_query (struct cmd *c, const struct joblist_query *q)
{
    flux_error_t error;
    size_t i;
    json_t *job;
    flux_t *h = cmd_open (c);
    json_t *jobs = joblist_query (h, q, cmd_pack (c, "[s]", "all"), &error);

    if (!jobs)
        return cmd_fail (c, "%s", error.text);
    json_array_foreach (jobs, i, job) print_job (job);
    json_decref (jobs);
    flux_close (h);
    return 0;
}

static int run_list (struct cmd *c)
{
    bool all = cmd_has (c, "all");
    struct joblist_query q = {.states = FLUX_JOB_STATE_ACTIVE,
                              .userid = getuid (),
                              .max_entries = cmd_int (c, "count", 0, 0, INT32_MAX)};

    if (c->argc > 0)
        return cmd_fail (c, "unexpected argument: %s", c->argv[0]);
    if (all || cmd_has (c, "all-user"))
        q.states = 0;
    else if (cmd_has (c, "states"))
        q.states = job_parse_states (c, cmd_str (c, "states", ""), true);
    if (all)
        q.userid = FLUX_USERID_UNKNOWN;
    else if (cmd_has (c, "user"))
        q.userid = cmd_userid (c, cmd_str (c, "user", ""));
    return print_query (c, &q);
}

static int run_list_inactive (struct cmd *c)
{
    const char *since = cmd_str (c, "since", "0");
    char *end;
    struct joblist_query q = {.states = FLUX_JOB_STATE_INACTIVE,
                              .userid = FLUX_USERID_UNKNOWN,
                              .since = strtod (since, &end),
                              .max_entries = cmd_int (c, "count", 0, 0, INT32_MAX)};

    if (c->argc > 0)
        return cmd_fail (c, "unexpected argument: %s", c->argv[0]);
    if (end == since || *end)
        return cmd_fail (c, "--since=%s: not a time in seconds", since);
    return print_query (c, &q);
}

static int run_list_ids (struct cmd *c)
{
    const char *name = cmd_str (c, "wait-state", NULL);
    flux_job_state_t state = 0;
    int rc = 0;

    if (c->argc == 0)
        return cmd_fail (c, "a job id is needed");
    if (name && flux_job_strtostate (name, &state) < 0)
        return cmd_fail (c, "--wait-state=%s: not a state", name);
    for (int i = 0; i < c->argc; i++)
        cmd_jobid (c, c->argv[i]);
    flux_t *h = cmd_open (c);
    for (int i = 0; i < c->argc; i++) {
        flux_error_t error;
        json_t *in = cmd_pack (c, "{s:I s:[s]}", "id", cmd_jobid (c, c->argv[i]), "attrs", "all");
        if (name)
            json_object_set_new (in, "state", json_integer (state));
        json_t *out = cmd_rpc_try (h, "job-list.list-id", FLUX_NODEID_ANY, in, &error);
        if (out)
            print_job (json_object_get (out, "job"));
        else
            rc = cmd_fail (c, "%s: %s", c->argv[i], error.text);
        json_decref (out);
    }
    flux_close (h);
    return rc;
}

static const struct cmd_opt list_opts[] = {
    {.key = 'c', .name = "count", .arg = "N", .help = "At most N jobs"},
    {.key = 's', .name = "states", .arg = "STATES", .help = "Only jobs in these states"},
    {.key = 'u', .name = "user", .arg = "USER", .help = "Jobs of USER, or of all"},
    {.key = 'a', .name = "all-user", .help = "My jobs in any state"},
    {.key = 'A', .name = "all", .help = "Jobs of all users in any state"},
    {0},
};

static const struct cmd_opt list_inactive_opts[] = {
    {.key = 'c', .name = "count", .arg = "N", .help = "At most N jobs"},
    {.key = 's',
     .name = "since",
     .arg = "TIME",
     .help = "Only jobs that ended after TIME (seconds since 1970)"},
    {0},
};

static const struct cmd_opt list_ids_opts[] = {
    {.key = 'W', .name = "wait-state", .arg = "STATE", .help = "Wait until jobs have this state"},
    {0},
};

const struct cmd_verb cmd_verb_job_list = {
    .name = "list",
    .summary = "List active jobs, in JSON (see flux-jobs(1) for a table)",
    .opts = {list_opts},
    .run = run_list,
};

const struct cmd_verb cmd_verb_job_list_inactive = {
    .name = "list-inactive",
    .summary = "List ended jobs, in JSON",
    .opts = {list_inactive_opts},
    .run = run_list_inactive,
};

const struct cmd_verb cmd_verb_job_list_ids = {
    .name = "list-ids",
    .args = "ID...",
    .summary = "Show what is known of jobs, in JSON",
    .opts = {list_ids_opts},
    .run = run_list_ids,
};
