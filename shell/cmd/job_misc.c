/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux job id, last, stats, timeleft, namespace. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/job.h"

static int convert_id (struct cmd *c, const char *text, const char *to)
{
    char buf[256];
    flux_jobid_t id;

    if (flux_job_id_parse (text, &id) < 0)
        return cmd_fail (c, "%s: not a job id", text);
    if (flux_job_id_encode (id, to, buf, sizeof (buf)) < 0)
        return cmd_fail (c, "--to=%s: not a form of ids", to);
    printf ("%s\n", buf);
    return 0;
}

static int run_id (struct cmd *c)
{
    const char *to = cmd_str (c, "to", "dec");
    char line[256];
    int rc = 0, count = c->argc;

    for (int i = 0; i < c->argc && rc == 0; i++)
        rc = convert_id (c, c->argv[i], to);
    while (c->argc == 0 && rc == 0 && fgets (line, sizeof (line), stdin)) {
        line[strcspn (line, "\n")] = '\0';
        rc = convert_id (c, line, to);
        count++;
    }
    return count > 0 ? rc : cmd_fail (c, "a job id is needed");
}

static int run_last (struct cmd *c)
{
    const char *slice = c->argc > 0 ? c->argv[0] : "[:1]";
    char buf[32], *end;
    json_t *out, *jobs, *o;
    size_t i;

    if (c->argc > 1)
        return cmd_fail (c, "unexpected argument: %s", c->argv[1]);
    if (!strchr (slice, '[')) {
        long n = strtol (slice, &end, 10);
        if (end == slice || *end)
            return cmd_fail (c, "%s: not a number and not a slice like [:N]", slice);
        snprintf (buf, sizeof (buf), "[:%ld]", n);
        slice = buf;
    }
    flux_t *h = cmd_open (c);
    out = cmd_rpc (c, h, "job-manager.history.get", FLUX_NODEID_ANY,
                   cmd_pack (c, "{s:s}", "slice", slice), NULL);
    jobs = json_object_get (out, "jobs");
    if (json_array_size (jobs) == 0)
        return cmd_fail (c, "job history is empty");
    json_array_foreach (jobs, i, o) printf ("%s\n", FID (json_integer_value (o)));
    json_decref (out);
    flux_close (h);
    return 0;
}

static int run_stats (struct cmd *c)
{
    flux_t *h = cmd_open (c);
    json_t *out = cmd_rpc (c, h, "job-list.job-stats", FLUX_NODEID_ANY, json_object (), NULL);

    json_dumpf (out, stdout, JSON_COMPACT);
    printf ("\n");
    json_decref (out);
    flux_close (h);
    return 0;
}

/* Of the job that this runs in, of one that is named, or of the instance. */
static int run_timeleft (struct cmd *c)
{
    flux_error_t error;
    double left;
    char buf[64];

    if (c->argc > 1)
        return cmd_fail (c, "unexpected argument: %s", c->argv[1]);
    if (c->argc == 1)
        setenv ("FLUX_JOB_ID", c->argv[0], 1);
    flux_t *h = cmd_open (c);
    if (flux_job_timeleft (h, &error, &left) < 0)
        return cmd_fail (c, "%s", error.text);
    flux_close (h);
    fmt_duration (left, buf, sizeof (buf));
    if (cmd_has (c, "human"))
        printf ("%s\n", left < __builtin_inf () ? buf : "infinity");
    else // no limit is a large number, so that scripts can compare; 0 is for what has ended
        printf ("%u\n", left >= UINT_MAX       ? UINT_MAX
                        : left > 0 && left < 1 ? 1
                                               : (unsigned int)left);
    return 0;
}

static int run_namespace (struct cmd *c)
{
    char ns[64];

    if (c->argc == 0)
        return cmd_fail (c, "a job id is needed");
    for (int i = 0; i < c->argc; i++) {
        if (flux_job_kvs_namespace (ns, sizeof (ns), cmd_jobid (c, c->argv[i])) < 0)
            return cmd_fail (c, "%s: %s", c->argv[i], strerror (errno));
        printf ("%s\n", ns);
    }
    return 0;
}

static const struct cmd_opt id_opts[] = {
    {.key = 't',
     .name = "to",
     .arg = "FORM",
     .help = "dec (the default), kvs, hex, dothex, words, f58, f58plain or emoji"},
    {0},
};

static const struct cmd_opt timeleft_opts[] = {
    {.key = 'H', .name = "human", .help = "As a duration with a unit"},
    {0},
};

const struct cmd_verb cmd_verb_job_id = {
    .name = "id",
    .args = "[ID...]",
    .summary = "Convert job ids to another form",
    .opts = {id_opts},
    .run = run_id,
};

const struct cmd_verb cmd_verb_job_last = {
    .name = "last",
    .args = "[N|SLICE]",
    .summary = "Show the ids of the jobs submitted last",
    .run = run_last,
};

const struct cmd_verb cmd_verb_job_stats = {
    .name = "stats",
    .summary = "Show numbers of jobs by state, in JSON",
    .run = run_stats,
};

const struct cmd_verb cmd_verb_job_timeleft = {
    .name = "timeleft",
    .args = "[ID]",
    .summary = "Show the seconds until a job's time limit",
    .opts = {timeleft_opts},
    .run = run_timeleft,
};

const struct cmd_verb cmd_verb_job_namespace = {
    .name = "namespace",
    .args = "ID...",
    .summary = "Show the KVS namespace of a job's guest",
    .run = run_namespace,
};
