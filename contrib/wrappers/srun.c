/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* srun: flux run. */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <flux/core.h>

#include "contrib/wrappers/wrap.h"

static const struct cmd_opt opts[] = {
    {.key = 'i', .name = "input", .arg = "FILE"},
    {.key = 'o', .name = "output", .arg = "FILE"},
    {.key = 'e', .name = "error", .arg = "FILE"},
    {.name = "export", .arg = "ALL|NONE|VAR[=VALUE],..."},
    {.key = 'l', .name = "label"},
    {.key = 'u', .name = "unbuffered"},
    {.name = "pty", .arg = "TASK", .flags = CMD_OPT_OPTARG},
    {.key = 'W', .name = "wait", .arg = "SECONDS"},
    {.key = 'K', .name = "kill-on-bad-exit", .arg = "0|1", .flags = CMD_OPT_OPTARG},
    {.key = 'm', .name = "distribution", .arg = "block|cyclic"},
    {.name = "cpu-bind", .arg = "none|cores"},
    {.name = "mpi", .arg = "none|pmi2"},
    {.name = "overlap"},
    {.name = "exact"},
    {.name = "disable-status"},
    {.name = "immediate", .arg = "SECONDS", .flags = CMD_OPT_OPTARG | CMD_OPT_HIDDEN},
    {0},
};

/* Without a size a step has that of the allocation: its tasks, or else one on each node. */
static void default_size (const struct cmd *c, struct wrap_size *size)
{
    const char *s = getenv ("SLURM_NTASKS");
    uint32_t nodes;
    flux_t *h;

    if (s && (size->ntasks = atoi (s)) > 0)
        return;
    size->ntasks = 0;
    if (!(h = flux_open (NULL, 0)) || flux_get_size (h, &nodes) < 0)
        cmd_die (c, "cannot reach the Flux instance");
    size->nnodes = nodes;
    flux_close (h);
}

static void add_size (const struct cmd *c, struct words *w)
{
    struct wrap_size size = wrap_size (c);

    if (!size.nnodes && !size.ntasks) {
        default_size (c, &size);
        if (cmd_has (c, "gpus"))
            cmd_die (c, "--gpus needs --ntasks");
    }
    if (size.nnodes)
        words_add (w, "-N%d", size.nnodes);
    if (size.ntasks)
        words_add (w, "-n%d", size.ntasks);
    if (size.cores)
        words_add (w, "-c%d", size.cores);
    if (size.gpus)
        words_add (w, "-g%d", size.gpus);
}

/* An option with a few known values. */
static const char *choose (const struct cmd *c, const char *name, const char *const (*table)[2])
{
    const char *s = cmd_str (c, name, NULL);

    for (; s && (*table)[0]; table++)
        if (strcmp ((*table)[0], s) == 0)
            return (*table)[1];
    if (s)
        cmd_die (c, "--%s=%s: has no meaning here", name, s);
    return NULL;
}

static void add_choices (const struct cmd *c, struct words *w)
{
    static const char *const distribution[][2] = {{"block", "block"}, {"cyclic", "cyclic"}, {0}};
    static const char *const bind[][2] = {
        {"none", "off"}, {"cores", "per-task"}, {"threads", "per-task"}, {0}};
    static const char *const mpi[][2] = {{"none", NULL}, {"pmi2", NULL}, {0}};
    const char *s;

    if ((s = choose (c, "distribution", distribution)))
        words_add (w, "--taskmap=%s", s);
    if ((s = choose (c, "cpu-bind", bind)))
        words_add (w, "--setopt=cpu-affinity=%s", s);
    (void)choose (c, "mpi", mpi);
}

static void add_behaviour (const struct cmd *c, struct words *w)
{
    const char *pty = cmd_has (c, "pty") ? cmd_str (c, "pty", "0") : NULL;
    long wait = cmd_int (c, "wait", -1, 0, 1 << 30);

    if (pty && strcmp (pty, "0") != 0)
        cmd_die (c, "--pty=%s: only task 0 can have it here", pty);
    if (cmd_has (c, "immediate"))
        cmd_die (c, "--immediate has no meaning here");
    if (pty)
        words_add (w, "--setopt=pty.interactive");
    if (cmd_has (c, "label"))
        words_add (w, "--label-io");
    if (cmd_has (c, "unbuffered"))
        words_add (w, "--unbuffered");
    if (wait == 0)
        words_add (w, "--setopt=exit-timeout=none");
    else if (wait > 0)
        words_add (w, "--setopt=exit-timeout=%lds", wait);
    if (cmd_has (c, "kill-on-bad-exit") && strcmp (cmd_str (c, "kill-on-bad-exit", "1"), "0") != 0)
        words_add (w, "--setopt=exit-on-error");
}

static int run (struct cmd *c)
{
    struct words w = {0};

    if (c->argc == 0)
        return cmd_fail (c, "no command is given");
    words_add (&w, "run");
    add_size (c, &w);
    wrap_job_words (c, &w);
    add_behaviour (c, &w);
    add_choices (c, &w);
    words_add (&w, "--setopt=slurm-env");
    if (cmd_has (c, "cpus-per-task"))
        setenv ("SLURM_CPUS_PER_TASK", cmd_str (c, "cpus-per-task", ""), 1);
    words_add (&w, "--");
    for (int i = 0; i < c->argc; i++)
        words_add (&w, "%s", c->argv[i]);
    return words_run (&w);
}

const struct cmd_verb wrap_srun = {
    .name = "srun",
    .args = "COMMAND [ARG...]",
    .summary = "Run a job in the Flux instance",
    .opts = {wrap_job_opts, opts, wrap_ignored_opts},
    .flags = CMD_VERB_STOP,
    .run = run,
};
