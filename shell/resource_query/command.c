/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The table of commands. What a script compares goes to q->out, what a person reads to stdout and
 * stderr, as in Fluxion's tool, whose words these are. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "shell/resource_query/command.h"

int query_malformed (void)
{
    fputs ("ERROR: malformed command\n", stderr);
    return 0;
}

int query_cannot_open (const char *path)
{
    fprintf (stderr, "ERROR: can't open %s\n", path);
    return 0;
}

json_t *query_read_json (const char *path)
{
    json_error_t error;
    size_t len;
    char *text = query_read_file (path, &len);
    if (!text) {
        query_cannot_open (path);
        return NULL;
    }
    json_t *o = json_loadb (text, len, 0, &error);
    if (!o)
        fprintf (stderr, "ERROR: %s: line %d: %s\n", path, error.line, error.text);
    free (text);
    return o;
}

struct query_job *query_find_job (struct query *q, uint64_t id)
{
    for (size_t i = 0; i < q->njobs; i++)
        if (q->job[i].id == id)
            return &q->job[i];
    return NULL;
}

void query_note_job (struct query *q, uint64_t id, int64_t at, const char *jobspec, double elapse)
{
    struct query_job *job = query_find_job (q, id);
    if (!job) {
        struct query_job *list = realloc (q->job, (q->njobs + 1) * sizeof (*list));
        if (!list)
            return;
        q->job = list;
        job = &list[q->njobs++];
        job->jobspec = NULL;
    }
    free (job->jobspec);
    *job = (struct query_job){.id = id,
                              .state = at == 0 ? JOB_ALLOCATED : JOB_RESERVED,
                              .held = true,
                              .at = at,
                              .jobspec = strdup (jobspec),
                              .elapse = elapse};
}

void query_note_time (struct query *q, double elapse)
{
    q->min = q->sum == 0 || elapse < q->min ? elapse : q->min;
    q->max = elapse > q->max ? elapse : q->max;
    q->sum += elapse;
}

static void print_job (const struct query_job *job)
{
    static const char *const states[] = {"ALLOCATED", "RESERVED", "CANCELED"};
    printf ("INFO: %llu, %s, %lld, %s, %g\n", (unsigned long long)job->id, states[job->state],
            (long long)job->at, job->jobspec ? job->jobspec : "", job->elapse);
}

static int cmd_list (struct query *q, int argc, char **argv)
{
    (void)argc;
    (void)argv;
    for (size_t i = 0; i < q->njobs; i++)
        print_job (&q->job[i]);
    return 0;
}

static int cmd_info (struct query *q, int argc, char **argv)
{
    if (argc != 2)
        return query_malformed ();
    const struct query_job *job = query_find_job (q, strtoll (argv[1], NULL, 10));
    if (job)
        print_job (job);
    else
        fprintf (stderr, "info: ERROR: nonexistent job %s\n", argv[1]);
    return 0;
}

static int cmd_stat (struct query *q, int argc, char **argv)
{
    (void)argv;
    if (argc != 1)
        return query_malformed ();
    printf ("INFO: Num. of Jobs Matched: %zu\nINFO: Min. Match Time: %g\n"
            "INFO: Max. Match Time: %g\nINFO: Avg. Match Time: %g\n",
            q->njobs, q->min, q->max, q->njobs ? q->sum / q->njobs : 0.);
    return 0;
}

static int cmd_cat (struct query *q, int argc, char **argv)
{
    (void)q;
    size_t len;
    if (argc != 2)
        return query_malformed ();
    char *text = query_read_file (argv[1], &len);
    if (!text)
        return query_cannot_open (argv[1]);
    fwrite (text, 1, len, stdout);
    printf ("INFO: Jobspec in %s\n", argv[1]);
    free (text);
    return 0;
}

static int cmd_quit (struct query *q, int argc, char **argv)
{
    (void)q;
    (void)argc;
    (void)argv;
    return -1;
}

static int cmd_help (struct query *q, int argc, char **argv);

static const struct {
    const char *name, *abbr, *note;
    int (*run) (struct query *q, int argc, char **argv);
} commands[] = {
    {"match", "m", "match allocate|allocate_orelse_reserve|... JOBSPEC", cmd_match},
    {"multi-match", "M", "multi-match allocate|... JOBSPEC JOBSPEC ...", cmd_multi_match},
    {"update", "u", "update allocate|reserve jgf|jgf_shorthand|rv1exec FILE JOBID START DURATION",
     cmd_update},
    {"attach", "j", "attach JGF_FILE", cmd_attach},
    {"remove", "j", "remove PATH true, or remove RANKS false", cmd_remove},
    {"add-subgraph", "grow", "add-subgraph JGF_FILE: as attach", cmd_attach},
    {"namespace-info", "ns-info", "namespace-info RANK TYPE ID", cmd_namespace_info},
    {"find", "f", "find CRITERIA, as status=down and sched-now=allocated", cmd_find},
    {"cancel", "c", "cancel JOBID [stats]", cmd_cancel},
    {"partial-cancel", "pc", "partial-cancel JOBID jgf|rv1exec FILE", cmd_partial_cancel},
    {"set-property", "p", "set-property PATH PROPERTY=VALUE", cmd_set_property},
    {"get-property", "g", "get-property PATH", cmd_get_property},
    {"set-status", "t", "set-status PATH up|down", cmd_set_status},
    {"get-status", "e", "get-status PATH", cmd_get_status},
    {"list", "l", "list: all jobs", cmd_list},
    {"info", "i", "info JOBID", cmd_info},
    {"stat", "s", "stat: times", cmd_stat},
    {"cat", "a", "cat JOBSPEC", cmd_cat},
    {"help", "h", "help [COMMAND]", cmd_help},
    {"quit", "q", "quit", cmd_quit},
};
enum { NCOMMANDS = sizeof (commands) / sizeof (commands[0]) };

static bool is_command (size_t i, const char *name)
{
    return !strcmp (commands[i].name, name) || !strcmp (commands[i].abbr, name);
}

static int cmd_help (struct query *q, int argc, char **argv)
{
    (void)q;
    bool found = false;
    for (size_t i = 0; i < NCOMMANDS; i++)
        if (argc != 2 || is_command (i, argv[1])) {
            printf ("INFO: %s (%s) -- %s\n", commands[i].name, commands[i].abbr, commands[i].note);
            found = true;
        }
    if (!found)
        printf ("ERROR: unknown command: %s\n", argv[1]);
    return 0;
}

int query_command (struct query *q, char *line)
{
    char *argv[QUERY_MAX_ARGS], *save = NULL;
    int argc = 0;
    for (char *w = strtok_r (line, " \t\r\n", &save); w && argc < QUERY_MAX_ARGS;
         w = strtok_r (NULL, " \t\r\n", &save))
        argv[argc++] = w;
    if (argc == 0 || argv[0][0] == '#')
        return 0;
    for (size_t i = 0; i < NCOMMANDS; i++)
        if (is_command (i, argv[0]))
            return commands[i].run (q, argc, argv);
    fprintf (stderr, "ERROR: unknown command: %s\n", argv[0]);
    return 0;
}
