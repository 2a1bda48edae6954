/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux pstree: jobs, and the jobs of those that are instances, as a tree. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/util/buf.h"
#include "shell/cmd/client.h"
#include "shell/cmd/jobinfo.h"
#include "shell/cmd/joblist.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

#define PSTREE_LEVEL_MAX 64

struct pstree {
    struct cmd *c;
    struct jobinfo ji;
    struct fmt *label, *parent;
    struct joblist_query query;
    int level_max, width;
    bool combine;
    const char *bar, *tee, *elbow, *blank;
};

/* Children with the same label that have no children themselves are one node with a count. */
struct node {
    char *label;
    int count;
    bool leaf;
    const json_t *job;
};

static void print_line (struct pstree *t, const char *text)
{
    size_t len = fmt_utf8_len (text);
    size_t n = 0, bytes = 0;

    if (t->width <= 0 || len <= (size_t)t->width) {
        printf ("%s\n", text);
        return;
    }
    while (n < (size_t)t->width - 1)
        for (bytes++, n++; ((unsigned char)text[bytes] & 0xc0) == 0x80; bytes++)
            ;
    printf ("%.*s+\n", (int)bytes, text);
}

static bool is_instance (const json_t *job)
{
    return jobinfo_uri (job) &&
           json_integer_value (json_object_get (job, "state")) == FLUX_JOB_STATE_RUN;
}

static size_t make_nodes (struct pstree *t, json_t *jobs, struct node *nodes)
{
    size_t n = 0, i;
    json_t *job;

    json_array_foreach (jobs, i, job)
    {
        bool leaf = !is_instance (job);
        char *label = fmt_item (leaf ? t->label : t->parent, job);
        size_t k = 0;
        while (k < n &&
               !(t->combine && leaf && nodes[k].leaf && strcmp (nodes[k].label, label) == 0))
            k++;
        if (k < n) {
            nodes[k].count++;
            free (label);
            continue;
        }
        nodes[n++] = (struct node){.label = label, .count = 1, .leaf = leaf, .job = job};
    }
    return n;
}

static void print_children (struct pstree *t, flux_t *h, const char *above, int level);

static void print_node (struct pstree *t, const struct node *node, const char *above, bool last,
                        int level)
{
    char *line, *below;
    flux_t *h;

    if (node->count > 1) {
        if (asprintf (&line, "%s%s%d*[%s]", above, last ? t->elbow : t->tee, node->count,
                      node->label) < 0)
            return;
    } else if (asprintf (&line, "%s%s%s", above, last ? t->elbow : t->tee, node->label) < 0)
        return;
    print_line (t, line);
    free (line);
    if (node->leaf || level >= t->level_max || level >= PSTREE_LEVEL_MAX)
        return;
    if (asprintf (&below, "%s%s", above, last ? t->blank : t->bar) < 0)
        return;
    if ((h = cmd_open_uri (jobinfo_uri (node->job), NULL)))
        print_children (t, h, below, level + 1);
    flux_close (h);
    free (below);
}

static void print_jobs (struct pstree *t, json_t *jobs, const char *above, int level)
{
    struct node *nodes = calloc (json_array_size (jobs) + 1, sizeof (*nodes));
    size_t n = nodes ? make_nodes (t, jobs, nodes) : 0;

    for (size_t i = 0; i < n; i++) {
        print_node (t, &nodes[i], above, i + 1 == n, level);
        free (nodes[i].label);
    }
    free (nodes);
}

static void print_children (struct pstree *t, flux_t *h, const char *above, int level)
{
    json_t *jobs = joblist_query (h, &t->query, json_pack ("[s]", "all"), NULL);

    if (jobs)
        print_jobs (t, jobs, above, level);
    json_decref (jobs);
}

static struct fmt *make_format (struct pstree *t, const char *text)
{
    struct fmt_source src = jobinfo_source (&t->ji);
    flux_error_t error;
    struct fmt *fmt = fmt_create (text, &src, &error);

    if (!fmt)
        cmd_die (t->c, "%s: %s", text, error.text);
    return fmt;
}

static void make_formats (struct pstree *t)
{
    struct cmd *c = t->c;
    bool all = cmd_has (c, "all");
    const char *label = cmd_str (c, "label", all ? "{name}:{status_abbrev}" : "{name}");
    const char *parent = cmd_str (c, "parent-label",
                                  cmd_str (c, "label", all ? "{name}:{status_abbrev}" : "{name}"));
    char *with_id = NULL;

    t->label = make_format (t, label);
    if (cmd_has (c, "parent-ids") && asprintf (&with_id, "{id.f58} %s", parent) < 0)
        with_id = NULL;
    t->parent = make_format (t, with_id ? with_id : parent);
    free (with_id);
}

static void choose_lines (struct pstree *t)
{
    bool ascii = cmd_has (t->c, "ascii") || !term_utf8 ();

    t->bar = ascii ? "|   " : "│   ";
    t->tee = ascii ? "|-- " : "├── ";
    t->elbow = ascii ? "`-- " : "└── ";
    t->blank = "    ";
    if (cmd_has (t->c, "compact")) {
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

static void parse_filter (struct pstree *t)
{
    flux_error_t error;
    const char *s;
    int iter = 0;

    while ((s = cmd_next (t->c, "filter", &iter)))
        if (joblist_parse_filter (&t->query, s, &error) < 0)
            cmd_die (t->c, "--filter=%s: %s", s, error.text);
    if (cmd_has (t->c, "all"))
        t->query.states = FLUX_JOB_STATE_ACTIVE | FLUX_JOB_STATE_INACTIVE;
    if (!t->query.states && !t->query.results)
        t->query.states = FLUX_JOB_STATE_RUNNING;
}

static int run (struct cmd *c)
{
    struct pstree t = {
        .c = c,
        .level_max = cmd_int (c, "level", PSTREE_LEVEL_MAX, 0, 1000),
        .combine = !cmd_has (c, "no-combine"),
        .width = cmd_has (c, "long") ? -1 : fmt_terminal_width (),
        .query = {.userid = getuid (), .max_entries = cmd_int (c, "count", 1000, 0, 1 << 30)}};
    int rc = 0;

    if (cmd_has (c, "ascii") && cmd_has (c, "compact"))
        return cmd_fail (c, "give one of --ascii and --compact");
    jobinfo_init (&t.ji, false);
    make_formats (&t);
    choose_lines (&t);
    parse_filter (&t);
    flux_t *h = cmd_open (c);
    printf (".\n");
    if (c->argc > 0) {
        flux_jobid_t *ids = calloc (c->argc, sizeof (*ids));
        for (int i = 0; ids && i < c->argc; i++)
            ids[i] = cmd_jobid (c, c->argv[i]);
        json_t *jobs = joblist_by_id (h, ids, c->argc, json_pack ("[s]", "all"), on_missing, c);
        rc = json_array_size (jobs) == 0;
        print_jobs (&t, jobs, "", 1);
        json_decref (jobs);
        free (ids);
    } else
        print_children (&t, h, "", 1);
    fmt_destroy (t.label);
    fmt_destroy (t.parent);
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
};
