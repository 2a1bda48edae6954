/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Plain steps, see quick.h. */

#define _GNU_SOURCE // makedev(), strndup()

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "contrib/wrappers/quick.h"

#define COUNT_MAX (1 << 24)

enum kind { IGNORE, NODES, TASKS, CORES, TIME, NAME, CHDIR, LABEL, KILL, BIND, MEMORY };
enum arg { NO_ARG, NEEDS_ARG };

static const struct option {
    char key;
    const char *name;
    enum kind kind;
    enum arg arg;
} options[] = {
    {'N', "nodes", NODES, NEEDS_ARG},
    {'n', "ntasks", TASKS, NEEDS_ARG},
    {'c', "cpus-per-task", CORES, NEEDS_ARG},
    {'t', "time", TIME, NEEDS_ARG},
    {'J', "job-name", NAME, NEEDS_ARG},
    {'D', "chdir", CHDIR, NEEDS_ARG},
    {'l', "label", LABEL, NO_ARG},
    {0, "cpu-bind", BIND, NEEDS_ARG},
    {0, "kill-on-bad-exit", KILL, NO_ARG},
    {0, "mem", MEMORY, NEEDS_ARG},
    {0, "mem-per-cpu", MEMORY, NEEDS_ARG},
    {0, "exclusive", IGNORE, NO_ARG},
    {0, "exact", IGNORE, NO_ARG},
    {0, "overlap", IGNORE, NO_ARG},
    {'Q', "quiet", IGNORE, NO_ARG},
    {'A', "account", IGNORE, NEEDS_ARG},
    {'p', "partition", IGNORE, NEEDS_ARG},
    {'q', "qos", IGNORE, NEEDS_ARG},
    {0, "comment", IGNORE, NEEDS_ARG},
    {0, "hint", IGNORE, NEEDS_ARG},
};

static bool number (const char *s, int *n)
{
    char *end;
    long value = strtol (s, &end, 10);

    if (end == s || *end || value < 1 || value > COUNT_MAX)
        return false;
    *n = (int)value;
    return true;
}

/* "MIN" or "H:MIN:SEC" or "MIN:SEC"; the rest is for the other program. */
static bool seconds (const char *s, double *t)
{
    unsigned n[3];
    int count, len = 0;

    if ((count = sscanf (s, "%5u:%5u:%5u%n", &n[0], &n[1], &n[2], &len)) == 3 && !s[len])
        *t = 3600. * n[0] + 60. * n[1] + n[2];
    else if (sscanf (s, "%5u:%5u%n", &n[0], &n[1], &len) == 2 && !s[len])
        *t = 60. * n[0] + n[1];
    else if (sscanf (s, "%8u%n", &n[0], &len) == 1 && !s[len])
        *t = 60. * n[0];
    else
        return false;
    return *t > 0 && strspn (s, "0123456789:") == strlen (s);
}

/* Checked here, and used nowhere: see flux-wrappers(1). */
static bool memory (const char *s)
{
    size_t n = strspn (s, "0123456789");

    return n > 0 && n < 16 && (!s[n] || (strchr ("KMGT", s[n]) && !s[n + 1]));
}

static bool take (struct quick *q, enum kind kind, const char *value)
{
    switch (kind) {
    case NODES:
        return number (value, &q->nodes);
    case TASKS:
        return number (value, &q->tasks);
    case CORES:
        return number (value, &q->cores);
    case TIME:
        return seconds (value, &q->duration);
    case NAME:
        q->name = value;
        return true;
    case CHDIR:
        q->cwd = value;
        return true;
    case BIND:
        q->no_affinity = true;
        return strcmp (value, "none") == 0;
    case LABEL:
        return (q->label = true);
    case KILL:
        return (q->exit_on_error = true);
    case MEMORY:
        return memory (value);
    case IGNORE:
        return true;
    }
    return false;
}

/* "--name", "--name=value", "-k", "-kvalue"; *value is NULL where none is there. */
static const struct option *find (const char *word, const char **value)
{
    size_t len;

    *value = NULL;
    for (size_t i = 0; i < sizeof (options) / sizeof (options[0]); i++) {
        const struct option *o = &options[i];
        if (word[1] == '-') {
            len = strcspn (word + 2, "=");
            if (strlen (o->name) != len || strncmp (o->name, word + 2, len) != 0)
                continue;
            if (word[2 + len] == '=')
                *value = word + 2 + len + 1;
            return o;
        }
        if (o->key && word[1] == o->key) {
            if (word[2])
                *value = word + 2;
            return o;
        }
    }
    return NULL;
}

bool quick_parse (struct quick *q, int argc, char **argv)
{
    const struct option *o;
    const char *value;
    int i;

    for (i = 1; i < argc && argv[i][0] == '-'; i++) {
        if (!argv[i][1] || strcmp (argv[i], "--") == 0 || !(o = find (argv[i], &value)))
            return false;
        if (o->arg == NO_ARG ? value != NULL : !value && !(value = argv[++i]))
            return false;
        if (!take (q, o->kind, value))
            return false;
    }
    q->argv = argv + i;
    if (i >= argc || (!q->nodes && !q->tasks))
        return false;
    return !q->tasks || q->nodes <= q->tasks;
}

/* Only an input that is empty needs nobody who reads it. */
static bool input_is_empty (void)
{
    struct stat st, null;

    return fstat (STDIN_FILENO, &st) == 0 && S_ISCHR (st.st_mode) &&
           stat ("/dev/null", &null) == 0 && st.st_rdev == null.st_rdev;
}

/* The wrapper that knows all options lies beside this program. */
static int run_full (char **argv)
{
    char path[4096 + 32];
    ssize_t n = readlink ("/proc/self/exe", path, 4096);
    char *slash;

    if (n > 0 && n < 4096) {
        path[n] = '\0';
        if ((slash = strrchr (path, '/'))) {
            strcpy (slash + 1, "flux-slurm-wrap");
            execv (path, argv);
        }
    }
    perror ("srun: flux-slurm-wrap");
    return 1;
}

int main (int argc, char **argv)
{
    struct quick q = {0};
    const char *uri = getenv ("FLUX_URI");
    static char name[] = "srun";

    if (uri && strncmp (uri, "local://", 8) == 0 && input_is_empty () &&
        !getenv ("FLUX_WRAP_FULL") && quick_parse (&q, argc, argv))
        return quick_run (&q, uri + 8);
    argv[0] = name;
    return run_full (argv);
}
