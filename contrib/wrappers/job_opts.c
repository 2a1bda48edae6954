/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What srun, sbatch and salloc have in common. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/wrappers/wrap.h"

#define COUNT_MAX (1 << 24)

const struct cmd_opt wrap_job_opts[] = {
    {.key = 'V', .name = "version"},
    {.key = 'N', .name = "nodes", .arg = "N"},
    {.key = 'n', .name = "ntasks", .arg = "N"},
    {.name = "ntasks-per-node", .arg = "N"},
    {.name = "tasks-per-node", .arg = "N"},
    {.key = 'c', .name = "cpus-per-task", .arg = "N"},
    {.key = 'G', .name = "gpus", .arg = "[TYPE:]N"},
    {.name = "gpus-per-task", .arg = "[TYPE:]N"},
    {.name = "gpus-per-node", .arg = "[TYPE:]N"},
    {.name = "gres", .arg = "gpu[:TYPE][:N]"},
    {.key = 't', .name = "time", .arg = "TIME"},
    {.key = 'J', .name = "job-name", .arg = "NAME"},
    {.key = 'D', .name = "chdir", .arg = "DIR"},
    {.key = 'd', .name = "dependency", .arg = "KIND:JOBID[:JOBID...][,...]"},
    {.name = "exclusive", .arg = "user", .flags = CMD_OPT_OPTARG},
    {.key = 'w', .name = "nodelist", .arg = "HOSTS"},
    {.key = 'x', .name = "exclude", .arg = "HOSTS"},
    {.key = 'C', .name = "constraint", .arg = "PROPERTIES"},
    {.key = 'b', .name = "begin", .arg = "TIME"},
    {.key = 'H', .name = "hold"},
    {0},
};

const struct cmd_opt wrap_ignored_opts[] = {
    {.help = "Accepted without an effect in an instance"},
    {.key = 'A', .name = "account", .arg = "NAME"},
    {.key = 'p', .name = "partition", .arg = "NAME"},
    {.key = 'q', .name = "qos", .arg = "NAME"},
    {.name = "comment", .arg = "TEXT"},
    {.name = "mail-type", .arg = "TYPE"},
    {.name = "mail-user", .arg = "USER"},
    {.name = "mem", .arg = "SIZE"},
    {.name = "mem-per-cpu", .arg = "SIZE"},
    {.name = "mem-per-gpu", .arg = "SIZE"},
    {.name = "mem-bind", .arg = "HOW"},
    {.name = "hint", .arg = "HOW"},
    {.name = "wckey", .arg = "KEY"},
    {.key = 'Q', .name = "quiet"},
    {.key = 'v', .name = "verbose", .flags = CMD_OPT_REPEAT},
    {0},
};

/* Slurm's amounts: a number of MiB, or one with a letter. Jobs of an instance share the memory of a
 * node, but what is no amount is a mistake of the script. */
static void check_memory (const struct cmd *c)
{
    static const char *const names[] = {"mem", "mem-per-cpu", "mem-per-gpu"};

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++) {
        const char *s = cmd_str (c, names[i], "0");
        size_t n = strspn (s, "0123456789");
        if (n == 0 || n > 15 || (s[n] && (!strchr ("KkMmGgTt", s[n]) || s[n + 1])))
            cmd_die (c, "--%s=%s: not an amount of memory", names[i], s);
    }
}

static int gpus (const struct cmd *c, const char *name)
{
    const char *s = cmd_str (c, name, NULL);
    int n = s ? convert_gpus (s) : 0;

    if (n < 0)
        cmd_die (c, "--%s=%s: not a number of GPUs", name, s);
    return n;
}

/* GPUs of each task out of those in all or on each node. */
static int gpus_per_task (const struct cmd *c, const struct wrap_size *size)
{
    int ntasks = size->ntasks ? size->ntasks : size->nnodes ? size->nnodes : 1;
    int nnodes = size->nnodes ? size->nnodes : 1;
    int node = cmd_has (c, "gres") ? gpus (c, "gres") : gpus (c, "gpus-per-node");
    int all = cmd_has (c, "gpus") ? gpus (c, "gpus") : node * nnodes;

    if (cmd_has (c, "gpus-per-task"))
        return gpus (c, "gpus-per-task");
    if (all % ntasks != 0)
        cmd_die (c, "%d GPUs can not be divided among %d tasks", all, ntasks);
    return all / ntasks;
}

struct wrap_size wrap_size (const struct cmd *c)
{
    struct wrap_size size = {
        .nnodes = cmd_int (c, "nodes", 0, 1, COUNT_MAX),
        .ntasks = cmd_int (c, "ntasks", 0, 1, COUNT_MAX),
        .cores = cmd_int (c, "cpus-per-task", 0, 1, COUNT_MAX),
    };
    int each = cmd_int (c, "ntasks-per-node", cmd_int (c, "tasks-per-node", 0, 1, COUNT_MAX), 1,
                        COUNT_MAX);

    if (each && !size.ntasks) {
        if (!size.nnodes)
            size.nnodes = 1;
        size.ntasks = each * size.nnodes;
    } else if (each && !size.nnodes)
        size.nnodes = (size.ntasks + each - 1) / each;
    if (size.ntasks && size.nnodes > size.ntasks)
        size.nnodes = size.ntasks; // as Slurm does
    size.gpus = gpus_per_task (c, &size);
    return size;
}

static void add_converted (const struct cmd *c, struct words *w, const char *name, const char *to,
                           char *(*convert) (const char *s))
{
    const char *s = cmd_str (c, name, NULL);
    char *text = s ? convert (s) : NULL;

    if (s && !text)
        cmd_die (c, "--%s=%s: a form that is not known here", name, s);
    if (text && *text)
        words_add (w, "--%s=%s", to, text);
    free (text);
}

static void add_as_is (const struct cmd *c, struct words *w, const char *name, const char *to)
{
    const char *s = cmd_str (c, name, NULL);

    if (s)
        words_add (w, "--%s%s", to, s);
}

static bool is_word (const char *s, size_t n, const char *word)
{
    return strlen (word) == n && strncmp (s, word, n) == 0;
}

/* ALL, NONE, or the variables that go along. */
static void add_export (struct words *w, const char *s)
{
    size_t n;
    bool all = false;

    for (const char *p = s; *p; p += n + (p[n] == ','))
        all |= is_word (p, n = strcspn (p, ","), "ALL");
    if (!all) {
        words_add (w, "--env=-*");
        words_add (w, "--env=SLURM_*");
        words_add (w, "--env=PATH");
    }
    for (; *s; s += n + (s[n] == ',')) {
        n = strcspn (s, ",");
        if (n > 0 && !is_word (s, n, "ALL") && !is_word (s, n, "NONE"))
            words_add (w, "--env=%.*s", (int)n, s);
    }
}

void wrap_job_words (const struct cmd *c, struct words *w)
{
    const char *s;

    check_memory (c);
    add_converted (c, w, "time", "time-limit", convert_time);
    add_converted (c, w, "begin", "begin-time", convert_begin);
    add_as_is (c, w, "job-name", "job-name=");
    add_as_is (c, w, "chdir", "cwd=");
    add_as_is (c, w, "nodelist", "requires=host:");
    add_as_is (c, w, "exclude", "requires=-host:");
    add_as_is (c, w, "constraint", "requires=");
    if ((s = cmd_str (c, "dependency", NULL)) && convert_dependency (c, s, w) < 0)
        cmd_die (c, "--dependency=%s: a form that is not known here", s);
    if (cmd_has (c, "hold"))
        words_add (w, "--urgency=hold");
    if (strcmp (c->verb->name, "salloc") == 0)
        return;
    add_converted (c, w, "input", "input", convert_pattern);
    add_converted (c, w, "output", "output", convert_pattern);
    add_converted (c, w, "error", "error", convert_pattern);
    if ((s = cmd_str (c, "export", NULL)))
        add_export (w, s);
}
