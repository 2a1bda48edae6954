/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* sbatch and salloc: flux batch and flux alloc. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <flux/job.h>

#include "contrib/wrappers/array.h"
#include "contrib/wrappers/wrap.h"
#include "lib/util/fdutil.h"

#define SCRIPT_MAX (16 << 20)

static const struct cmd_opt sbatch_opts[] = {
    {.key = 'i', .name = "input", .arg = "FILE"},
    {.key = 'o', .name = "output", .arg = "FILE"},
    {.key = 'e', .name = "error", .arg = "FILE"},
    {.name = "export", .arg = "ALL|NONE|VAR[=VALUE],..."},
    {.name = "wrap", .arg = "COMMAND"},
    {.key = 'a', .name = "array", .arg = "INDICES[%LIMIT]"},
    {.name = "parsable"},
    {.key = 'W', .name = "wait"},
    {.name = "no-requeue"},
    {.name = "requeue", .flags = CMD_OPT_HIDDEN},
    {0},
};

static const struct cmd_opt salloc_opts[] = {
    {.name = "no-shell"},
    {0},
};

static void add_size (const struct cmd *c, struct words *w)
{
    struct wrap_size size = wrap_size (c);
    bool exclusive = cmd_has (c, "exclusive");

    if (!size.nnodes && (exclusive || !size.ntasks))
        size.nnodes = 1;
    if (size.nnodes)
        words_add (w, "-N%d", size.nnodes);
    if (size.ntasks)
        words_add (w, "-n%d", size.ntasks);
    if (size.cores)
        words_add (w, "-c%d", size.cores);
    if (size.gpus)
        words_add (w, "-g%d", size.gpus);
    if (exclusive)
        words_add (w, "--exclusive");
    words_add (w, "--broker-opts=-Sbroker.wrap=1");
    words_add (w, "--env=SLURM_JOB_ID={{id.dec}}");
    words_add (w, "--env=SLURM_JOBID={{id.dec}}");
    words_add (w, "--env=SLURM_NNODES={{nnodes}}");
    words_add (w, "--env=SLURM_JOB_NUM_NODES={{nnodes}}");
    if (size.ntasks)
        words_add (w, "--env=SLURM_NTASKS=%d", size.ntasks);
    else
        words_add (w, "--env-remove=SLURM_NTASKS");
    if (size.cores)
        words_add (w, "--env=SLURM_CPUS_PER_TASK=%d", size.cores);
}

/* The next word of a line, in quotes or not, at *p; freed by nobody, as options point into it. */
static char *next_word (const char **p)
{
    const char *s = *p + strspn (*p, " \t\r");
    char *word = malloc (strlen (s) + 1), quote = 0;
    size_t n = 0;

    if (!word || !*s || *s == '#') {
        free (word);
        return NULL;
    }
    for (; *s && (quote || !strchr (" \t\r", *s)); s++) {
        if (quote ? *s == quote : *s == '"' || *s == '\'')
            quote = quote ? 0 : *s;
        else
            word[n++] = *s;
    }
    word[n] = '\0';
    *p = s;
    return word;
}

/* Words of #SBATCH lines, up to the first line that is a command. */
static void read_directives (const char *script, struct words *w)
{
    while (*script) {
        size_t len = strcspn (script, "\n"), blank = strspn (script, " \t\r");
        char *line, *word;
        const char *p;

        if (blank < len && script[blank] != '#')
            return;
        if (strncmp (script, "#SBATCH", 7) == 0 && (line = strndup (script + 7, len - 7))) {
            for (p = line; (word = next_word (&p));)
                words_add (w, "%s", word);
            free (line);
        }
        script += len + (script[len] == '\n');
    }
}

/* The script's options stand before those of the command line, which win. */
static void add_directives (struct cmd *c, const char *script)
{
    struct words w = {0};
    struct cmd more = {0};
    char err[256];

    words_add (&w, "sbatch");
    read_directives (script, &w);
    if (cmd_parse (&more, c->verb, w.n, w.v, err, sizeof (err)) < 0)
        cmd_die (c, "in a #SBATCH line: %s (this is Flux's wrapper of sbatch)", err);
    if (more.argc > 0)
        cmd_die (c, "in a #SBATCH line: %s is not an option", more.argv[0]);
    struct cmd_value *all = calloc (more.nvalues + c->nvalues + 1, sizeof (*all));
    if (!all)
        cmd_die (c, "out of memory");
    for (int i = 0; i < more.nvalues; i++)
        all[i] = more.values[i];
    for (int i = 0; i < c->nvalues; i++)
        all[more.nvalues + i] = c->values[i];
    free (c->values);
    c->values = all;
    c->nvalues += more.nvalues;
    cmd_clear (&more);
}

/* A script from standard input is put back there for flux batch. */
static char *read_script (struct cmd *c)
{
    const char *name = c->argc > 0 ? c->argv[0] : NULL;
    char *text = NULL;
    ssize_t n = name ? file_read_all (name, SCRIPT_MAX, &text)
                     : fd_read_all (STDIN_FILENO, SCRIPT_MAX, &text);
    int fd;

    if (n < 0)
        cmd_die (c, "%s: %s", name ? name : "standard input", strerror (errno));
    if (strncmp (text, "#!", 2) != 0)
        cmd_die (c, "%s: not a script, as it does not begin with #!",
                 name ? name : "standard input");
    if (!name && ((fd = memfd_create ("script", 0)) < 0 || fd_write_all (fd, text, n) < 0 ||
                  lseek (fd, 0, SEEK_SET) < 0 || dup2 (fd, STDIN_FILENO) < 0))
        cmd_die (c, "%s", strerror (errno));
    return text;
}

/* Run flux batch with its output, which is the id, kept here. */
static int submit (struct cmd *c, const struct words *w, char *id, size_t size)
{
    int fd = memfd_create ("id", MFD_CLOEXEC), out = dup (STDOUT_FILENO);
    ssize_t n;

    if (fd < 0 || out < 0 || dup2 (fd, STDOUT_FILENO) < 0)
        cmd_die (c, "%s", strerror (errno));
    int rc = words_run (w);
    fflush (stdout);
    n = pread (fd, id, size - 1, 0);
    id[n > 0 ? n : 0] = '\0';
    id[strcspn (id, "\n")] = '\0';
    dup2 (out, STDOUT_FILENO);
    close (out);
    close (fd);
    return rc;
}

static int wait_for (const struct array *a)
{
    struct words w = {0};

    words_add (&w, "job");
    words_add (&w, "status");
    for (int i = 0; i < a->count; i++)
        words_add (&w, "%llu", (unsigned long long)a->ids[i]);
    return words_run (&w);
}

/* Submit element i of an array, or the one job where there is none. */
static int submit_element (struct cmd *c, const char *wrap, struct array *a, int i)
{
    bool is_array = cmd_has (c, "array");
    struct words w = {0};
    char id[64];

    if (is_array)
        array_set_environ (a, i);
    words_add (&w, "batch");
    char *output = convert_pattern (is_array ? "slurm-%A_%a.out" : "slurm-%j.out");
    words_add (&w, "--output=%s", output ? output : "none");
    free (output);
    wrap_job_words (c, &w);
    add_size (c, &w);
    if (is_array)
        array_add_words (a, i, &w);
    if (wrap)
        words_add (&w, "--wrap");
    words_add (&w, "--");
    if (wrap)
        words_add (&w, "%s", wrap);
    for (int j = 0; j < c->argc; j++)
        words_add (&w, "%s", c->argv[j]);
    int rc = submit (c, &w, id, sizeof (id));
    if (rc == 0 && flux_job_id_parse (id, &a->ids[i]) < 0)
        return cmd_fail (c, "no job id: %s", id);
    return rc;
}

static int submit_all (struct cmd *c, const char *wrap, struct array *a)
{
    int rc = 0;

    unsetenv ("SLURM_JOB_ID"); // %j is the new job
    array_unset_environ ();
    for (int i = 0; i < a->count && rc == 0; i++) {
        if (!wrap && c->argc == 0)
            (void)lseek (STDIN_FILENO, 0, SEEK_SET); // the script
        rc = submit_element (c, wrap, a, i);
    }
    if (rc == 0 && cmd_has (c, "array"))
        array_set_memos (c, a);
    return rc;
}

static int run_sbatch (struct cmd *c)
{
    const char *wrap = cmd_str (c, "wrap", NULL);
    struct array a;

    if (wrap && c->argc > 0)
        return cmd_fail (c, "--wrap and a script do not go together");
    if (!wrap)
        add_directives (c, read_script (c));
    if (cmd_has (c, "requeue"))
        return cmd_fail (c, "--requeue has no meaning here");
    if (array_parse (&a, cmd_str (c, "array", "0")) < 0)
        return cmd_fail (c, "--array=%s: not indices like 0-9,20-100:10%%4",
                         cmd_str (c, "array", ""));
    int rc = submit_all (c, wrap, &a);
    if (rc != 0)
        return rc;
    printf ("%s%llu\n", cmd_has (c, "parsable") ? "" : "Submitted batch job ",
            (unsigned long long)a.ids[0]);
    fflush (stdout);
    rc = cmd_has (c, "wait") ? wait_for (&a) : 0;
    array_clear (&a);
    return rc;
}

static int run_salloc (struct cmd *c)
{
    struct words w = {0};

    words_add (&w, "alloc");
    wrap_job_words (c, &w);
    add_size (c, &w);
    if (cmd_has (c, "no-shell"))
        words_add (&w, "--bg");
    words_add (&w, "--");
    for (int i = 0; i < c->argc; i++)
        words_add (&w, "%s", c->argv[i]);
    return words_run (&w);
}

const struct cmd_verb wrap_sbatch = {
    .name = "sbatch",
    .args = "SCRIPT [ARG...]",
    .summary = "Submit a script that runs in an instance within the Flux instance",
    .opts = {wrap_job_opts, sbatch_opts, wrap_ignored_opts},
    .flags = CMD_VERB_STOP,
    .run = run_sbatch,
};

const struct cmd_verb wrap_salloc = {
    .name = "salloc",
    .args = "[COMMAND [ARG...]]",
    .summary = "Run a command in an instance within the Flux instance",
    .opts = {wrap_job_opts, salloc_opts, wrap_ignored_opts},
    .flags = CMD_VERB_STOP,
    .run = run_salloc,
};
