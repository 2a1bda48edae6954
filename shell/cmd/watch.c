/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux watch: follow jobs that were submitted before. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/util/monotime.h"
#include "shell/cmd/bulk.h"
#include "shell/cmd/client.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/verbs.h"

static void on_missing (size_t i, int errnum, const char *text, void *arg)
{
    struct cmd *c = arg;

    cmd_warn (c, "%s: %s", c->argv[i], errnum == ENOENT ? "no such job" : text);
}

static json_t *find (struct cmd *c, flux_t *h)
{
    struct joblist_query q = {.userid = getuid (),
                              .max_entries = cmd_int (c, "count", 0, 0, 1 << 30)};
    const char *s, *since = cmd_str (c, "since", NULL);
    flux_error_t error;
    int iter = 0;

    while ((s = cmd_next (c, "filter", &iter)))
        if (joblist_parse_filter (&q, s, &error) < 0)
            cmd_die (c, "--filter=%s: %s", s, error.text);
    if (since && (cmd_datetime (since, walltime_now (), &q.since) < 0 || q.since > walltime_now ()))
        cmd_die_usage (c, "--since=%s: not a time in the past", since);
    if (cmd_has (c, "active"))
        q.states |= FLUX_JOB_STATE_ACTIVE;
    if (cmd_has (c, "all") || (since && !q.states && !q.results))
        q.states |= FLUX_JOB_STATE_ACTIVE | FLUX_JOB_STATE_INACTIVE;
    if (!q.states && !q.results)
        cmd_die (c, "give job ids, or one of --active, --all, --filter, --since");
    json_t *jobs = joblist_query (h, &q, json_pack ("[s]", "state"), &error);
    if (!jobs)
        cmd_die (c, "%s", error.text);
    return jobs;
}

static json_t *find_ids (struct cmd *c, flux_t *h)
{
    flux_jobid_t *ids = calloc (c->argc, sizeof (*ids));

    for (int i = 0; ids && i < c->argc; i++)
        ids[i] = cmd_jobid (c, c->argv[i]);
    json_t *jobs = joblist_by_id (h, ids, c->argc, json_pack ("[s]", "state"), on_missing, c);
    free (ids);
    return jobs;
}

static int run (struct cmd *c)
{
    struct bulk *b = bulk_create_watch (c);
    flux_t *h = bulk_handle (b);
    json_t *jobs = c->argc > 0 ? find_ids (c, h) : find (c, h), *o;
    size_t i;

    if (json_array_size (jobs) == 0) {
        cmd_warn (c, "No matching jobs");
        return 0;
    }
    if (cmd_has (c, "verbose"))
        cmd_warn (c, "Watching %zu jobs", json_array_size (jobs));
    bulk_set_total (b, json_array_size (jobs));
    json_array_foreach (jobs, i, o) bulk_follow (b, json_integer_value (json_object_get (o, "id")));
    json_decref (jobs);
    return bulk_finish (b);
}

static const struct cmd_opt opts[] = {
    {.key = 'a', .name = "active", .help = "Watch all active jobs"},
    {.key = 'A', .name = "all", .help = "Watch all jobs, also those that have ended"},
    {.key = 'c', .name = "count", .arg = "N", .help = "At most N jobs"},
    {.key = 'f',
     .name = "filter",
     .arg = "STATE|RESULT",
     .help = "Jobs in these states or with these results",
     .flags = CMD_OPT_REPEAT},
    {.name = "since", .arg = "WHEN", .help = "Jobs that ended since WHEN too"},
    {.name = "progress", .help = "Show a progress bar"},
    {.name = "jps", .help = "With --progress, show jobs per second"},
    {.key = 'l', .name = "label-io", .help = "Begin lines of output with job and task"},
    {.key = 'v', .name = "verbose", .help = "Say more", .flags = CMD_OPT_REPEAT},
    {0},
};

const struct cmd_verb cmd_verb_watch = {
    .name = "watch",
    .args = "[JOBID...]",
    .summary = "Show the output of jobs until they end",
    .opts = {opts},
    .run = run,
    .flags = CMD_VERB_USAGE_2,
};
