/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux pgrep, flux pkill: find or cancel jobs by name or by a range of ids. */

#include "config.h"

#include <errno.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/verbs.h"

struct expression {
    bool has_regex, has_range;
    regex_t regex;
    flux_jobid_t first, last;
};

static bool parse_range (struct expression *e, const char *s)
{
    const char *dots = strchr (s, ':') ? NULL : strstr (s, "..");
    char word[128];

    if (!dots)
        return false;
    snprintf (word, sizeof (word), "%.*s", (int)(dots - s), s);
    if (flux_job_id_parse (word, &e->first) < 0 || flux_job_id_parse (dots + 2, &e->last) < 0)
        return false;
    e->has_range = true;
    return true;
}

static void parse_expression (struct cmd *c, struct expression *e)
{
    char why[128];

    for (int i = 0; i < c->argc; i++) {
        const char *s = c->argv[i];
        if (parse_range (e, s))
            continue;
        if (e->has_regex)
            cmd_die_usage (c, "%s: only one pattern can be given", s);
        if (strncmp (s, "name:", 5) == 0)
            s += 5;
        int rc = regcomp (&e->regex, s, REG_EXTENDED | REG_NOSUB);
        if (rc != 0) {
            regerror (rc, &e->regex, why, sizeof (why));
            cmd_die_usage (c, "%s: %s", s, why);
        }
        e->has_regex = true;
    }
}

static bool matches (const struct expression *e, const json_t *job)
{
    const char *name = json_string_value (json_object_get (job, "name"));
    flux_jobid_t id = json_integer_value (json_object_get (job, "id"));

    if (e->has_regex && regexec (&e->regex, name ? name : "", 0, NULL, 0) != 0)
        return false;
    return !e->has_range || (id >= e->first && id <= e->last);
}

static json_t *fetch (struct cmd *c, flux_t *h, json_t *attrs)
{
    const char *s, *user = cmd_str (c, "user", NULL);
    struct joblist_query q = {.userid = user ? cmd_userid (c, user) : getuid (),
                              .max_entries = cmd_int (c, "max-entries", 1000, 0, 1 << 30)};
    flux_error_t error;
    int iter = 0;

    if (cmd_has (c, "all-users"))
        q.userid = FLUX_USERID_UNKNOWN;
    while ((s = cmd_next (c, "filter", &iter)))
        if (joblist_parse_filter (&q, s, &error) < 0)
            cmd_die (c, "--filter=%s: %s", s, error.text);
    if (cmd_has (c, "all"))
        q.states = FLUX_JOB_STATE_ACTIVE | FLUX_JOB_STATE_INACTIVE;
    if (!q.states && !q.results)
        q.states = FLUX_JOB_STATE_PENDING | FLUX_JOB_STATE_RUNNING;
    if ((s = cmd_str (c, "queue", NULL)))
        q.queues = json_pack ("[s]", s);
    json_t *jobs = joblist_query (h, &q, attrs, &error);
    if (!jobs)
        cmd_die (c, "%s", error.text);
    json_decref (q.queues);
    return jobs;
}

/* The jobs that match, at most --count of them; *n is 0 when none does. */
static const void **find (struct cmd *c, flux_t *h, json_t *attrs, json_t **jobs, size_t *n)
{
    struct expression e = {0};
    long max = cmd_int (c, "count", 99999, 0, 1 << 30);
    json_t *job;
    size_t i;

    if (c->argc == 0)
        cmd_die_usage (c, "a name pattern or a range of ids is needed");
    parse_expression (c, &e);
    *jobs = fetch (c, h, attrs);
    const void **items = calloc (json_array_size (*jobs) + 1, sizeof (*items));
    *n = 0;
    json_array_foreach (*jobs, i, job) if (items && matches (&e, job) && *n < (size_t)max)
        items[(*n)++] = job;
    if (e.has_regex)
        regfree (&e.regex);
    return items;
}

/* Its names beside those of flux jobs, whose files it reads. */
static const struct fmt_named formats[] = {
    {"default", "The id alone, and no line of headings", "{id.f58}"},
    {"full", "The columns of flux jobs", JOBINFO_FORMAT_DEFAULT},
    {"long", "With status in words, submit time and time left", JOBINFO_FORMAT_LONG},
    {"deps", "Urgency, priority, state and dependencies", JOBINFO_FORMAT_DEPS},
    {0},
};
static const struct fmt_set pgrep_formats = {
    .formats = formats,
    .files = "flux-jobs",
};

static int run_pgrep (struct cmd *c)
{
    const char *field;
    char *text = fmtconf_choose (c, &pgrep_formats);
    bool header =
        text && strcmp (text, pgrep_formats.formats[0].text) != 0 && !cmd_has (c, "no-header");
    struct jobinfo ji;
    flux_error_t error;
    json_t *attrs = json_array (), *jobs;
    size_t n;

    if (!text)
        return 0;
    jobinfo_init (&ji, false);
    struct fmt_source src = jobinfo_source (&ji);
    struct fmt *fmt = fmt_create (text, &src, &error);
    if (!fmt)
        return cmd_fail (c, "--format: %s", error.text);
    jobinfo_add_attrs (attrs, "name");
    for (int i = 0; (field = fmt_field (fmt, i)); i++)
        jobinfo_add_attrs (attrs, field);
    flux_t *h = cmd_open (c);
    const void **items = find (c, h, attrs, &jobs, &n);
    if (n > 0)
        fmt_print (fmt, stdout, items, n, header ? 0 : FMT_NO_HEADER, -1);
    free (items);
    json_decref (jobs);
    fmt_destroy (fmt);
    flux_close (h);
    return n > 0 ? 0 : 1;
}

static int wait_for_end (struct cmd *c, flux_t *h, const void **items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        flux_jobid_t id = json_integer_value (json_object_get (items[i], "id"));
        flux_future_t *f = flux_job_result (h, id, 0);
        if (!f || flux_future_get (f, NULL) < 0)
            cmd_warn (c, "%s: %s", FID (id), cmd_why (f));
        flux_future_destroy (f);
    }
    return 0;
}

static int run_pkill (struct cmd *c)
{
    json_t *jobs;
    size_t n, ok = 0;
    int rc = 0;
    flux_t *h = cmd_open (c);
    const void **items = find (c, h, json_pack ("[s]", "name"), &jobs, &n);
    flux_future_t **f = calloc (n + 1, sizeof (*f));

    if (n == 0 || !f)
        return 1;
    for (size_t i = 0; i < n; i++)
        f[i] = flux_job_cancel (h, json_integer_value (json_object_get (items[i], "id")), NULL);
    for (size_t i = 0; i < n; i++) {
        if (f[i] && flux_future_get (f[i], NULL) == 0)
            ok++;
        else
            rc = cmd_fail (c, "%s: %s", FID (json_integer_value (json_object_get (items[i], "id"))),
                           cmd_why (f[i]));
        flux_future_destroy (f[i]);
    }
    if (cmd_has (c, "wait"))
        wait_for_end (c, h, items, n);
    cmd_warn (c, "Canceled %zu job%s", ok, ok == 1 ? "" : "s");
    free (f);
    free (items);
    json_decref (jobs);
    flux_close (h);
    return rc;
}

static const struct cmd_opt common_opts[] = {
    {.key = 'a', .name = "all", .help = "Jobs in all states"},
    {.key = 'A', .name = "all-users", .help = "Jobs of all users"},
    {.key = 'u', .name = "user", .arg = "USER", .help = "Jobs of a user name or id, or of `all'"},
    {.key = 'f',
     .name = "filter",
     .arg = "STATE|RESULT",
     .help = "Jobs in these states or with these results",
     .flags = CMD_OPT_REPEAT},
    {.key = 'q', .name = "queue", .arg = "QUEUE", .help = "Jobs of this queue"},
    {.key = 'c', .name = "count", .arg = "N", .help = "Only the first N that match"},
    {.name = "max-entries", .arg = "N", .help = "Look at so many jobs (1000)"},
    {0},
};

static const struct cmd_opt pgrep_opts[] = {
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    {.key = 'o',
     .name = "format",
     .arg = "FORMAT",
     .help = "A format as of flux jobs (the id alone), or `full'",
     .env = "FLUX_PGREP_FORMAT_DEFAULT"},
    {0},
};

static const struct cmd_opt pkill_opts[] = {
    {.key = 'w', .name = "wait", .help = "Wait until the jobs have ended"},
    {0},
};

const struct cmd_verb cmd_verb_pgrep = {
    .name = "pgrep",
    .args = "PATTERN|ID..ID",
    .summary = "Find jobs by name or by a range of ids",
    .opts = {common_opts, pgrep_opts},
    .run = run_pgrep,
    .flags = CMD_VERB_USAGE_2,
};

const struct cmd_verb cmd_verb_pkill = {
    .name = "pkill",
    .args = "PATTERN|ID..ID",
    .summary = "Cancel jobs by name or by a range of ids",
    .opts = {common_opts, pkill_opts},
    .run = run_pkill,
    .flags = CMD_VERB_USAGE_2,
};
