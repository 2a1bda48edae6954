/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux multi-prog: stands for the command of a parallel job, and becomes another program in each
 * task, as a file says. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <flux/idset.h>

#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "shell/cmd/verbs.h"
#include "shell/cmd/words.h"

#define CONFIG_MAX (16 * 1024 * 1024) // bytes

/* One line: tasks, and what they run. */
struct prog {
    struct idset *tasks; // NULL: all that no other line has
    char **argv;         // argv[0] is the text of the tasks
    int line;
};

struct config {
    struct cmd *c;
    const char *path;
    struct prog *progs;
    size_t count;
};

static void add_prog (struct config *cf, char **words, int nwords, int line)
{
    struct prog *more = realloc (cf->progs, (cf->count + 1) * sizeof (*more));
    struct prog *p = more ? &more[cf->count] : NULL;

    if (!p)
        cmd_die (cf->c, "out of memory");
    *p = (struct prog){.argv = words, .line = line};
    cf->progs = more;
    if (strcmp (words[0], "*") != 0 && !(p->tasks = idset_decode (words[0])))
        cmd_die (cf->c, "%s: line %d: %s: not an idset", cf->path, line, words[0]);
    if (nwords < 2)
        cmd_die (cf->c, "%s: line %d: the command is missing", cf->path, line);
    for (size_t i = 0; i < cf->count; i++) {
        const struct prog *q = &cf->progs[i];
        bool both_rest = !p->tasks && !q->tasks;
        if (both_rest || (p->tasks && q->tasks && idset_has_intersection (p->tasks, q->tasks)))
            cmd_die (cf->c, "%s: lines %d and %d are for the same tasks", cf->path, q->line, line);
    }
    cf->count++;
}

static void read_config (struct config *cf, const char *text)
{
    int line = 0;

    while (*text) {
        size_t len = strcspn (text, "\n");
        int nwords;
        char **words = words_split (text, text + len, &nwords);
        line++;
        if (!words)
            cmd_die (cf->c, "%s: line %d: %s", cf->path, line,
                     errno == EINVAL ? "a quote is not closed" : strerror (errno));
        if (nwords > 0)
            add_prog (cf, words, nwords, line);
        else
            words_free (words);
        text += len + (text[len] == '\n');
    }
}

static const struct prog *find_prog (const struct config *cf, unsigned int task)
{
    const struct prog *rest = NULL;

    for (size_t i = 0; i < cf->count; i++) {
        if (!cf->progs[i].tasks)
            rest = &cf->progs[i];
        else if (idset_test (cf->progs[i].tasks, task))
            return &cf->progs[i];
    }
    if (!rest)
        cmd_die (cf->c, "%s: no line is for task %u", cf->path, task);
    return rest;
}

/* How many tasks of the line are in front of this one. */
static unsigned int offset_of (const struct prog *p, unsigned int task)
{
    unsigned int n = 0;

    for (unsigned int id = p->tasks ? idset_first (p->tasks) : IDSET_INVALID_ID;
         id != IDSET_INVALID_ID && id < task; id = idset_next (p->tasks, id))
        n++;
    return n;
}

/* A word with %t and %o replaced; the caller frees it. */
static char *fill_in (const char *word, unsigned int task, unsigned int offset)
{
    struct buf b = {0};

    buf_puts (&b, "");
    for (const char *p = word; *p; p++) {
        if (p[0] == '%' && (p[1] == 't' || p[1] == 'o'))
            buf_printf (&b, "%u", *++p == 't' ? task : offset);
        else
            buf_putc (&b, *p);
    }
    return buf_take (&b);
}

/* The command of one task; the caller frees it with words_free(). */
static char **command_of (const struct config *cf, unsigned int task)
{
    const struct prog *p = find_prog (cf, task);
    unsigned int offset = offset_of (p, task);
    int n = 0;

    while (p->argv[n])
        n++;
    char **argv = calloc (n, sizeof (char *)); // without the tasks, with the NULL
    for (int i = 0; argv && i + 1 < n; i++)
        if (!(argv[i] = fill_in (p->argv[i + 1], task, offset)))
            cmd_die (cf->c, "out of memory");
    if (!argv)
        cmd_die (cf->c, "out of memory");
    return argv;
}

static void print_word (const char *word)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "@%+=:,./-_";

    if (*word && strspn (word, plain) == strlen (word)) {
        printf (" %s", word);
        return;
    }
    printf (" '");
    for (; *word; word++)
        printf (*word == '\'' ? "'\"'\"'" : "%c", *word);
    printf ("'");
}

static void dry_run (const struct config *cf, const char *text)
{
    struct idset *tasks = idset_decode (text);

    if (!tasks)
        cmd_die (cf->c, "--dry-run=%s: not an idset", text);
    for (unsigned int t = idset_first (tasks); t != IDSET_INVALID_ID; t = idset_next (tasks, t)) {
        char **argv = command_of (cf, t);
        printf ("%u:", t);
        for (char **word = argv; *word; word++)
            print_word (*word);
        printf ("\n");
        words_free (argv);
    }
    idset_destroy (tasks);
}

static unsigned int task_rank (struct cmd *c)
{
    const char *s = getenv ("FLUX_TASK_RANK");
    char *end;
    unsigned long rank = s ? strtoul (s, &end, 10) : 0;

    if (!s)
        cmd_die (c, "FLUX_TASK_RANK is not set: this is for the tasks of a job");
    if (end == s || *end || rank >= IDSET_INVALID_ID)
        cmd_die (c, "FLUX_TASK_RANK=%s: not the rank of a task", s);
    return rank;
}

static void config_clear (struct config *cf)
{
    for (size_t i = 0; i < cf->count; i++) {
        idset_destroy (cf->progs[i].tasks);
        words_free (cf->progs[i].argv);
    }
    free (cf->progs);
}

static int run (struct cmd *c)
{
    struct config cf = {.c = c};
    char *text;

    if (c->argc != 1)
        return cmd_fail_usage (c, "the name of one file is needed");
    cf.path = c->argv[0];
    if (file_read_all (cf.path, CONFIG_MAX, &text) < 0)
        return cmd_fail (c, "%s: %s", cf.path, strerror (errno));
    read_config (&cf, text);
    free (text);
    if (cmd_has (c, "dry-run")) {
        dry_run (&cf, cmd_str (c, "dry-run", NULL));
        config_clear (&cf);
        return 0;
    }
    char **argv = command_of (&cf, task_rank (c));
    execvp (argv[0], argv);
    int code = errno == ENOENT ? 127 : 126;
    cmd_warn (c, "%s: %s", argv[0], strerror (errno));
    words_free (argv);
    config_clear (&cf);
    return code;
}

static const struct cmd_opt opts[] = {
    {.key = 'n',
     .name = "dry-run",
     .arg = "TASKS",
     .help = "Run nothing, print what these tasks would run"},
    {0},
};

const struct cmd_verb cmd_verb_multi_prog = {
    .name = "multi-prog",
    .args = "CONFIG",
    .summary = "Run another program in each task of a job",
    .flags = CMD_VERB_USAGE_2,
    .opts = {opts},
    .run = run,
};
