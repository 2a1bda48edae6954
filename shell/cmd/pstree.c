/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux pstree: jobs, and the jobs of those that are instances, as a tree. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "shell/cmd/client.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/pstree.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

/* What --details=NAME stands for. */
static const struct fmt_named details[] = {
    {"default", "User, status, tasks, nodes and run time",
     "{id.f58:>12} {username:<8.8} {status_abbrev:>2.2} {ntasks:>6h} {nnodes:>6h} {runtime!F:>8h}"},
    {"progress", "How far each instance is, and how busy",
     "{id.f58:>12} {ntasks:>6h} {instance.stats.total:>6} {instance.progress!P:>5} "
     "{instance.utilization!P:>5} {instance.gpu_utilization!P:>5} {runtime!H:>10}"},
    {"resources", "Nodes, cores and GPUs of each instance: all, and in use",
     "{id.f58:>12} {instance.resources.all.nnodes:>5} {instance.resources.allocated.nnodes:>5} "
     "{instance.resources.all.ncores:>5} {instance.resources.allocated.ncores:>5} "
     "{instance.resources.all.ngpus:>5} {instance.resources.allocated.ngpus:>5}"},
    {"stats", "Jobs of each instance by state",
     "{id.f58:>12} {instance.stats:^25} {runtime!H:>10}"},
    {0},
};

static struct fmt *make_format (struct cmd *c, struct jobinfo *ji, const char *text)
{
    struct fmt_source src = jobinfo_source (ji);
    flux_error_t error;
    struct fmt *fmt = fmt_create (text, &src, &error);

    if (!fmt)
        cmd_die (c, "%s: %s", text, error.text);
    return fmt;
}

/* The format of --extended, --details and --detail-format, or NULL when none is given. */
static const char *detail_format (struct cmd *c)
{
    const char *name = cmd_str (c, "details", cmd_has (c, "extended") ? "default" : NULL);
    const char *text = cmd_str (c, "detail-format", NULL);

    if (text || !name)
        return text;
    for (const struct fmt_named *d = details; d->name; d++)
        if (strcmp (d->name, name) == 0)
            return d->text;
    cmd_die (c, "--details=%s: not one of default, progress, resources, stats", name);
}

static bool asks_instances (const struct fmt *fmt)
{
    const char *field;

    for (int i = 0; fmt && (field = fmt_field (fmt, i)); i++)
        if (jobinfo_needs_instance (field))
            return true;
    return false;
}

static void make_formats (struct cmd *c, struct pstree *t, struct jobinfo *ji)
{
    const char *label = cmd_str (c, "label", NULL);
    const char *parent = cmd_str (c, "parent-label", label ? label : "{name}");
    const char *detail = detail_format (c);
    char *with_id = NULL;

    if (!label)
        label = cmd_has (c, "all") ? "{name}:{status_abbrev}" : "{name}";
    t->label = make_format (c, ji, label);
    if (cmd_has (c, "parent-ids") && asprintf (&with_id, "{id.f58} %s", parent) < 0)
        with_id = NULL;
    t->parent = make_format (c, ji, with_id ? with_id : parent);
    free (with_id);
    t->detail = detail ? make_format (c, ji, detail) : NULL;
    t->numbers = asks_instances (t->parent) || asks_instances (t->detail);
}

static void print_header (const struct cmd *c, const struct pstree *t)
{
    if (!t->detail || cmd_has (c, "no-header"))
        return;
    char *header = fmt_header (t->detail);
    pstree_line (t, header ? header : "");
    free (header);
}

/* The root is left out in front of details and of given jobs, but for --skip-root. */
static bool parse_skip_root (const struct cmd *c, const struct pstree *t)
{
    const char *s = cmd_str (c, "skip-root", NULL);

    if (!s)
        return t->detail || c->argc > 0;
    if (strcmp (s, "yes") != 0 && strcmp (s, "no") != 0)
        cmd_die (c, "--skip-root=%s: neither yes nor no", s);
    return strcmp (s, "yes") == 0;
}

static void choose_lines (const struct cmd *c, struct pstree *t)
{
    bool ascii = cmd_has (c, "ascii") || !term_utf8 ();

    t->bar = ascii ? "|   " : "│   ";
    t->tee = ascii ? "|-- " : "├── ";
    t->elbow = ascii ? "`-- " : "└── ";
    t->blank = "    ";
    if (cmd_has (c, "compact")) {
        t->bar = ascii ? "| " : "│ ";
        t->tee = ascii ? "|-" : "├─";
        t->elbow = ascii ? "`-" : "└─";
        t->blank = "  ";
    }
}

static void on_missing (size_t i, int errnum, const char *text, void *arg)
{
    struct cmd *c = arg;

    cmd_warn (c, "%s: %s", c->argv[i], errnum == ENOENT ? "no such job" : text);
}

static void parse_filter (const struct cmd *c, struct pstree *t)
{
    flux_error_t error;
    const char *s;
    int iter = 0;

    while ((s = cmd_next (c, "filter", &iter)))
        if (joblist_parse_filter (&t->query, s, &error) < 0)
            cmd_die (c, "--filter=%s: %s", s, error.text);
    if (cmd_has (c, "all"))
        t->query.states = FLUX_JOB_STATE_ACTIVE | FLUX_JOB_STATE_INACTIVE;
    if (!t->query.states && !t->query.results)
        t->query.states = FLUX_JOB_STATE_RUNNING;
}

static int run (struct cmd *c)
{
    struct pstree t = {
        .level_max = cmd_int (c, "level", PSTREE_LEVEL_MAX, 0, 1000),
        .combine = !cmd_has (c, "no-combine"),
        .width = cmd_has (c, "long") ? -1 : fmt_terminal_width (),
        .query = {.userid = getuid (), .max_entries = cmd_int (c, "count", 1000, 0, 1 << 30)}};
    struct jobinfo ji;
    int rc = 0;

    if (cmd_has (c, "ascii") && cmd_has (c, "compact"))
        return cmd_fail (c, "give one of --ascii and --compact");
    jobinfo_init (&ji, false);
    make_formats (c, &t, &ji);
    choose_lines (c, &t);
    parse_filter (c, &t);
    t.skip_root = parse_skip_root (c, &t);
    flux_t *h = cmd_open (c);
    print_header (c, &t);
    pstree_root (&t, h);
    if (c->argc > 0) {
        flux_jobid_t *ids = calloc (c->argc, sizeof (*ids));
        for (int i = 0; ids && i < c->argc; i++)
            ids[i] = cmd_jobid (c, c->argv[i]);
        json_t *jobs = joblist_by_id (h, ids, c->argc, json_pack ("[s]", "all"), on_missing, c);
        rc = json_array_size (jobs) == 0;
        if (jobs)
            pstree_jobs (&t, h, jobs);
        json_decref (jobs);
        free (ids);
    } else
        pstree_jobs (&t, h, NULL);
    fmt_destroy (t.label);
    fmt_destroy (t.parent);
    fmt_destroy (t.detail);
    flux_close (h);
    return rc;
}

static const struct cmd_opt opts[] = {
    {.key = 'a', .name = "all", .help = "Jobs in all states"},
    {.key = 'c', .name = "count", .arg = "N", .help = "At most N jobs of each instance (1000)"},
    {.key = 'f',
     .name = "filter",
     .arg = "STATE|RESULT",
     .help = "Jobs in these states or with these results (running)",
     .flags = CMD_OPT_REPEAT},
    {.key = 'l', .name = "long", .help = "Do not cut lines to the terminal"},
    {.key = 'L', .name = "level", .arg = "N", .help = "At most N levels down"},
    {.key = 'p', .name = "parent-ids", .help = "Job ids of jobs that are instances"},
    {.key = 'x', .name = "extended", .help = "Details of each job in front of the tree"},
    {.key = 'd',
     .name = "details",
     .arg = "NAME",
     .help = "Details by name: default, progress, resources, stats"},
    {.name = "detail-format", .arg = "FORMAT", .help = "Details in a format as of flux jobs"},
    {.key = 'n', .name = "no-header", .help = "No line of headings above the details"},
    {.name = "skip-root",
     .arg = "yes|no",
     .help = "Leave out the instance itself (yes with details or job ids, else no)"},
    {.key = 'X', .name = "no-combine", .help = "One line for each job, also when they are alike"},
    {.key = 'o', .name = "label", .arg = "FORMAT", .help = "What is shown of a job ({name})"},
    {.name = "parent-label", .arg = "FORMAT", .help = "The same of one that is an instance"},
    {.key = 'C', .name = "compact", .help = "A narrower tree"},
    {.name = "ascii", .help = "Lines of ASCII"},
    {0},
};

const struct cmd_verb cmd_verb_pstree = {
    .name = "pstree",
    .args = "[JOBID...]",
    .summary = "Show jobs and the jobs of instances as a tree",
    .opts = {opts},
    .run = run,
    .flags = CMD_VERB_USAGE_2,
};
