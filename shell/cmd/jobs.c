/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux jobs: list jobs. */

#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/fmtconf.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/jobinstance.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

#define JOBS_COUNT_DEFAULT 1000
#define JOBS_LEVEL_MAX 9999

struct jobs {
    struct cmd *c;
    struct jobinfo ji;
    struct fmt *fmt;
    struct joblist_query query;
    json_t *attrs;
    json_t *queues;
    int count, width, level;
    bool json, recursive, no_header, instance, missing;
};

static const struct fmt_set jobs_formats = {
    .formats = jobinfo_formats,
    .files = "flux-jobs",
};

static const struct cmd_opt opts[] = {
    {.key = 'a', .name = "all", .help = "List jobs in all states"},
    {.key = 'A', .name = "all-users", .help = "List jobs of all users"},
    {.key = 'c', .name = "count", .arg = "N", .help = "List at most N jobs (1000)"},
    {.key = 'f',
     .name = "filter",
     .arg = "STATE|RESULT",
     .help = "List jobs in these states or with these results, comma-separated",
     .flags = CMD_OPT_REPEAT},
    {.name = "since", .arg = "WHEN", .help = "List jobs that ended since WHEN (implies -a)"},
    {.key = 'n', .name = "no-header", .help = "Leave out the line of headings"},
    {.name = "suppress-header", .help = "The same", .flags = CMD_OPT_HIDDEN},
    {.key = 'u',
     .name = "user",
     .arg = "USER",
     .help = "List jobs of a user name or id, or of `all'"},
    {.name = "name", .arg = "JOB-NAME", .help = "List jobs of this name"},
    {.key = 'q',
     .name = "queue",
     .arg = "QUEUE,...",
     .help = "List jobs of these queues",
     .flags = CMD_OPT_REPEAT},
    {.key = 'i', .name = "include", .arg = "HOSTS|RANKS", .help = "List jobs that ran on these"},
    FMTCONF_FORMAT_OPT ("FLUX_JOBS_FORMAT_DEFAULT"),
    {.name = "sort", .arg = "KEY,...", .help = "Sort by these fields, downwards after a hyphen"},
    {.key = 'w',
     .name = "width",
     .arg = "N",
     .help = "Cut lines to N columns, to those of the terminal without N",
     .flags = CMD_OPT_OPTARG | CMD_OPT_NEXT},
    {.name = "json", .help = "Print an object in JSON instead"},
    TERM_COLOR_OPT,
    {.key = 'R', .name = "recursive", .help = "Also list the jobs of jobs that are instances"},
    {.key = 'L', .name = "level", .arg = "N", .help = "With -R, go at most N levels down"},
    {.name = "recurse-all", .help = "With -R, go into the instances of other users too"},
    {.name = "threads", .arg = "N", .help = "Has no effect", .flags = CMD_OPT_HIDDEN},
    {.name = "stats", .help = "Begin with numbers of jobs"},
    {.name = "stats-only",
     .help = "Print only numbers of jobs, and exit with 1 when no job is active"},
    {.name = "from-stdin", .help = "Read jobs from standard input", .flags = CMD_OPT_HIDDEN},
    {0},
};

static void parse_filters (struct jobs *j)
{
    struct cmd *c = j->c;
    flux_error_t error;
    const char *s, *since = cmd_str (c, "since", NULL);
    bool all = cmd_has (c, "all");
    int iter = 0;

    while ((s = cmd_next (c, "filter", &iter)))
        if (joblist_parse_filter (&j->query, s, &error) < 0)
            cmd_die (c, "--filter=%s: %s", s, error.text);
    bool filtered = j->query.states || j->query.results;
    if (since) {
        if (cmd_datetime (since, j->ji.now, &j->query.since) < 0) {
            char *end;
            j->query.since = strtod (since, &end);
            if (end == since || *end)
                cmd_die (c, "--since=%s: not a date or time", since);
        }
        if (j->query.since > j->ji.now)
            cmd_die (c, "--since=%s is in the future", since);
        all |= !filtered;
    }
    if (filtered && cmd_has (c, "all"))
        cmd_warn (c, "both -a and --filter are given, -a has no effect");
    else if (all)
        j->query.states = FLUX_JOB_STATE_ACTIVE | FLUX_JOB_STATE_INACTIVE;
    else if (!filtered)
        j->query.states = FLUX_JOB_STATE_PENDING | FLUX_JOB_STATE_RUNNING;
}

static void add_queues (struct jobs *j)
{
    const char *s;
    int iter = 0;

    while ((s = cmd_next (j->c, "queue", &iter))) {
        while (*s) {
            size_t len = strcspn (s, ",");
            if (len > 0)
                json_array_append_new (j->queues, json_stringn (s, len));
            s += len + (s[len] == ',');
        }
    }
}

static json_t *parse_include (struct cmd *c, const char *s)
{
    struct idset *ids = idset_decode (s);
    struct hostlist *hl = ids ? NULL : hostlist_decode (s);

    if (!ids && !hl)
        cmd_die (c, "--include=%s: neither ranks nor hosts", s);
    idset_destroy (ids);
    json_t *o = cmd_pack (c, "{s:[s]}", ids ? "ranks" : "hostlist", s);
    hostlist_destroy (hl);
    return o;
}

static void parse_query (struct jobs *j)
{
    struct cmd *c = j->c;
    const char *user = cmd_str (c, "user", NULL), *include = cmd_str (c, "include", NULL);

    j->count = cmd_int (c, "count", JOBS_COUNT_DEFAULT, 0, 1 << 30);
    j->query.max_entries = j->count > 0 ? j->count + 1 : 0; // one more shows that there are more
    j->query.userid = user ? cmd_userid (c, user) : getuid ();
    if (cmd_has (c, "all-users") || (include && !user))
        j->query.userid = FLUX_USERID_UNKNOWN;
    j->query.name = cmd_str (c, "name", NULL);
    j->query.queues = j->queues;
    if (include)
        j->query.constraint = parse_include (c, include);
    add_queues (j);
    parse_filters (j);
}

static void parse_format (struct jobs *j)
{
    struct cmd *c = j->c;
    char *text = fmtconf_choose (c, &jobs_formats);
    struct fmt_source src = jobinfo_source (&j->ji);
    flux_error_t error;
    const char *field;

    if (!text)
        exit (0); // the names were asked for
    if (!(j->fmt = fmt_create (text, &src, &error)))
        cmd_die (c, "--format: %s", error.text);
    free (text);
    if (cmd_str (c, "sort", NULL) && fmt_set_sort (j->fmt, cmd_str (c, "sort", ""), &error) < 0)
        cmd_die (c, "--sort: %s", error.text);
    for (int i = 0; (field = fmt_field (j->fmt, i)); i++) {
        jobinfo_add_attrs (j->attrs, field);
        j->instance |= jobinfo_needs_instance (field);
    }
    if (j->ji.color) {
        jobinfo_add_attrs (j->attrs, "result");
        jobinfo_add_attrs (j->attrs, "annotations");
    }
    if (j->recursive) {
        jobinfo_add_attrs (j->attrs, "annotations");
        jobinfo_add_attrs (j->attrs, "status");
        jobinfo_add_attrs (j->attrs, "userid");
    }
    if (j->json) {
        json_array_clear (j->attrs);
        json_array_append_new (j->attrs, json_string ("all"));
    }
}

static void parse_width (struct jobs *j)
{
    const char *s = cmd_str (j->c, "width", NULL);

    j->width = s ? cmd_int (j->c, "width", 0, -1, 100000) : -1;
    if (cmd_has (j->c, "width") && j->width <= 0 && !(s && j->width < 0))
        j->width = fmt_terminal_width ();
}

static void print_stats (const struct joblist_stats *s, bool purged)
{
    printf ("%d running, %d completed, %d failed, %d pending", s->running, s->successful, s->failed,
            s->pending);
    if (purged)
        printf (", %d inactive purged", s->purged);
    printf ("\n");
}

static bool is_instance (const struct jobs *j, const json_t *job)
{
    json_t *uid = json_object_get (job, "userid");

    return jobinstance_running (job) &&
           (cmd_has (j->c, "recurse-all") || !uid || json_integer_value (uid) == getuid ());
}

static void add_instances (struct jobs *j, json_t *jobs)
{
    json_t *job;
    size_t i;

    json_array_foreach (jobs, i, job) if (is_instance (j, job)) jobinstance_ask (job);
}

static json_t *to_json (struct jobs *j, json_t *jobs)
{
    json_t *out = json_array (), *job;
    size_t i;

    json_array_foreach (jobs, i, job) json_array_append_new (out, jobinfo_to_json (&j->ji, job));
    return out;
}

static void print_table (struct jobs *j, json_t *jobs)
{
    size_t count = json_array_size (jobs);
    const void **items = calloc (count + 1, sizeof (*items));

    for (size_t i = 0; items && i < count; i++)
        items[i] = json_array_get (jobs, i);
    if (!items ||
        fmt_print (j->fmt, stdout, items, count, j->no_header ? FMT_NO_HEADER : 0, j->width) < 0)
        cmd_die (j->c, "out of memory");
    free (items);
}

static json_t *list (struct jobs *j, flux_t *h, flux_error_t *errp)
{
    json_t *jobs = joblist_query (h, &j->query, json_incref (j->attrs), errp);

    if (jobs && j->instance)
        add_instances (j, jobs);
    return jobs;
}

/* The jobs of each job that is an instance, under a line that names it. */
static void recurse (struct jobs *j, json_t *jobs, const char *path, int level)
{
    json_t *job, *below;
    size_t i;

    json_array_foreach (jobs, i, job)
    {
        flux_t *h = is_instance (j, job) ? cmd_open_uri (jobinfo_uri (job), NULL) : NULL;
        struct joblist_stats stats;
        char *here;

        if (!h || asprintf (&here, "%s%s%s", path, *path ? "/" : "",
                            FID (json_integer_value (json_object_get (job, "id")))) < 0) {
            flux_close (h);
            continue;
        }
        if ((below = list (j, h, NULL))) {
            printf ("\n%s:\n", here);
            if (cmd_has (j->c, "stats") && joblist_stats (h, NULL, &stats, NULL) == 0)
                print_stats (&stats, false);
            j->no_header = true;
            print_table (j, below);
            if (level + 1 < j->level)
                recurse (j, below, here, level + 1);
        }
        json_decref (below);
        free (here);
        flux_close (h);
    }
}

static void recurse_json (struct jobs *j, json_t *jobs, json_t *out, int level)
{
    json_t *job, *below;
    size_t i;

    json_array_foreach (jobs, i, job)
    {
        flux_t *h = is_instance (j, job) ? cmd_open_uri (jobinfo_uri (job), NULL) : NULL;
        if (h && (below = list (j, h, NULL))) {
            json_t *array = to_json (j, below);
            json_object_set_new (json_array_get (out, i), "jobs", array);
            if (level + 1 < j->level)
                recurse_json (j, below, array, level + 1);
            json_decref (below);
        }
        flux_close (h);
    }
}

static void on_missing (size_t i, int errnum, const char *text, void *arg)
{
    struct jobs *j = arg;

    if (errnum == ENOENT)
        cmd_warn (j->c, "JobID %s unknown", j->c->argv[i]);
    else
        cmd_warn (j->c, "%s: %s", j->c->argv[i], text);
    j->missing = true;
}

static json_t *list_ids (struct jobs *j, flux_t *h)
{
    flux_jobid_t *ids = calloc (j->c->argc, sizeof (*ids));

    for (int i = 0; ids && i < j->c->argc; i++)
        ids[i] = cmd_jobid (j->c, j->c->argv[i]);
    json_t *jobs = joblist_by_id (h, ids, j->c->argc, json_incref (j->attrs), on_missing, j);
    if (j->instance)
        add_instances (j, jobs);
    free (ids);
    return jobs;
}

static json_t *list_stdin (struct jobs *j)
{
    json_t *jobs = json_array (), *o;
    json_error_t error;

    while ((o = json_loadf (stdin, JSON_DISABLE_EOF_CHECK, &error)))
        json_array_append_new (jobs, o);
    if (!feof (stdin))
        cmd_die (j->c, "standard input is not JSON: %s", error.text);
    return jobs;
}

static void print_all (struct jobs *j, json_t *jobs)
{
    if (!j->json) {
        print_table (j, jobs);
        if (j->recursive && j->level > 0)
            recurse (j, jobs, "", 0);
        return;
    }
    json_t *out = to_json (j, jobs);
    if (j->recursive && j->level > 0)
        recurse_json (j, jobs, out, 0);
    if (j->c->argc == 1) {
        if (json_array_size (out) > 0)
            json_dumpf (json_array_get (out, 0), stdout, 0);
        json_decref (out);
    } else {
        out = json_pack ("{s:o}", "jobs", out);
        json_dumpf (out, stdout, 0);
        json_decref (out);
    }
    printf ("\n");
}

static int run_query (struct jobs *j)
{
    struct cmd *c = j->c;
    flux_t *h = cmd_has (c, "from-stdin") ? NULL : cmd_open (c);
    struct joblist_stats stats;
    flux_error_t error;
    json_t *jobs;
    bool truncated = false;

    if (cmd_has (c, "stats") || cmd_has (c, "stats-only")) {
        if (joblist_stats (h, j->queues, &stats, &error) < 0)
            cmd_die (c, "cannot get numbers of jobs: %s", error.text);
        print_stats (&stats, true);
        if (cmd_has (c, "stats-only")) {
            flux_close (h);
            return stats.active > 0 ? 0 : 1;
        }
    }
    jobs = !h ? list_stdin (j) : c->argc > 0 ? list_ids (j, h) : list (j, h, &error);
    if (!jobs)
        cmd_die (c, "%s", error.text);
    if (c->argc == 0 && j->count > 0 && json_array_size (jobs) > (size_t)j->count) {
        json_array_remove (jobs, json_array_size (jobs) - 1);
        truncated = true;
    }
    int rc = c->argc > 0 && json_array_size (jobs) == 0 ? 1 : 0;
    if (rc == 0)
        print_all (j, jobs);
    if (truncated && !j->no_header && !j->json) {
        fflush (stdout);
        fprintf (stderr, "warning: output truncated at %d jobs.\n", j->count);
        fprintf (stderr,
                 "Use --count to increase returned results or use filters to alter results.\n");
    }
    json_decref (jobs);
    flux_close (h);
    return rc;
}

static int run (struct cmd *c)
{
    struct jobs j = {.c = c, .attrs = json_array (), .queues = json_array ()};

    j.json = cmd_has (c, "json");
    j.recursive = cmd_has (c, "recursive") || cmd_has (c, "recurse-all");
    j.no_header = cmd_has (c, "no-header") || cmd_has (c, "suppress-header");
    j.level = cmd_int (c, "level", JOBS_LEVEL_MAX, 0, JOBS_LEVEL_MAX);
    if (j.json && (cmd_has (c, "stats") || cmd_has (c, "stats-only")))
        return cmd_fail (c, "--json does not go with --stats or --stats-only");
    cmd_int (c, "threads", 1, LONG_MIN, LONG_MAX);
    jobinfo_init (&j.ji, term_color (c));
    parse_width (&j);
    parse_format (&j);
    parse_query (&j);
    int rc = run_query (&j);
    fmt_destroy (j.fmt);
    json_decref (j.attrs);
    json_decref (j.queues);
    json_decref (j.query.constraint);
    return rc;
}

const struct cmd_verb cmd_verb_jobs = {
    .name = "jobs",
    .args = "[JOBID...]",
    .summary = "List jobs",
    .opts = {opts},
    .run = run,
    .flags = CMD_VERB_USAGE_2,
};
