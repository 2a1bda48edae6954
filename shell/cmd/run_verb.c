/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Finding and running a verb, and the sentences that it says when it fails. */

#include "config.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "shell/cmd/cmd.h"

static void vsay (const struct cmd *c, const char *fmt, va_list ap)
{
    char text[1024];

    vsnprintf (text, sizeof (text), fmt, ap);
    fflush (stdout);
    fprintf (stderr, "%s: %s\n", c->name, text);
}

void cmd_warn (const struct cmd *c, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vsay (c, fmt, ap);
    va_end (ap);
}

int cmd_fail (const struct cmd *c, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vsay (c, fmt, ap);
    va_end (ap);
    return 1;
}

void cmd_die (const struct cmd *c, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vsay (c, fmt, ap);
    va_end (ap);
    exit (1);
}

static int usage_code (const struct cmd *c)
{
    const struct cmd_verb *v = c->parent ? c->parent : c->verb;

    return v && v->flags & CMD_VERB_USAGE_2 ? 2 : 1;
}

int cmd_fail_usage (const struct cmd *c, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vsay (c, fmt, ap);
    va_end (ap);
    return usage_code (c);
}

void cmd_die_usage (const struct cmd *c, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    vsay (c, fmt, ap);
    va_end (ap);
    exit (usage_code (c));
}

const struct cmd_verb *cmd_find (const struct cmd_verb *const *verbs, const char *name)
{
    for (; *verbs; verbs++)
        if (strcmp ((*verbs)->name, name) == 0)
            return *verbs;
    return NULL;
}

static int run_sub (const struct cmd_verb *verb, int argc, char **argv, struct cmd *c);

static int run_one (struct cmd *c, const struct cmd_verb *verb, int argc, char **argv)
{
    char err[256] = "out of memory";
    int rc;

    if (verb->subs)
        return run_sub (verb, argc, argv, c);
    if (cmd_parse (c, verb, argc, argv, err, sizeof (err)) < 0)
        rc = cmd_fail_usage (c, "%s (see `flux %s%s%s --help`)", err,
                             c->parent ? c->parent->name : "", c->parent ? " " : "", verb->name);
    else if (cmd_has (c, "help")) {
        cmd_help (stdout, c->parent, verb);
        rc = 0;
    } else
        rc = verb->run (c);
    cmd_clear (c);
    return rc;
}

/* Options before the command, as in `flux pmi -v barrier`, are its own: put it in front of them. */
static void command_first (const struct cmd_verb *verb, int argc, char **argv)
{
    int i = 1;

    while (i < argc && !cmd_find (verb->subs, argv[i]))
        i++;
    if (argc < 2 || argv[1][0] != '-' || i == argc)
        return;
    char *name = argv[i];
    memmove (argv + 2, argv + 1, (i - 1) * sizeof (*argv));
    argv[1] = name;
}

static int run_sub (const struct cmd_verb *verb, int argc, char **argv, struct cmd *c)
{
    const struct cmd_verb *sub;

    if (argc > 1 && (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)) {
        cmd_help (stdout, NULL, verb);
        return 0;
    }
    command_first (verb, argc, argv);
    c->parent = verb;
    if (argc < 2)
        return cmd_fail_usage (c, "a command is needed (see `flux %s --help`)", verb->name);
    if (!(sub = cmd_find (verb->subs, argv[1])))
        return cmd_fail_usage (c, "unknown command: %s (see `flux %s --help`)", argv[1],
                               verb->name);
    return run_one (c, sub, argc - 1, argv + 1);
}

int cmd_run (const struct cmd_verb *verb, int argc, char **argv)
{
    struct cmd c = {0};

    snprintf (c.name, sizeof (c.name), "flux-%s", verb->name);
    int rc = run_one (&c, verb, argc, argv);
    if (fflush (stdout) != 0 || ferror (stdout))
        rc = rc ? rc : 1;
    return rc;
}
