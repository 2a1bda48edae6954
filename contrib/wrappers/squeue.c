/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* squeue and scancel: flux jobs, and flux cancel, job kill or pkill. */

#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "contrib/wrappers/array.h"
#include "contrib/wrappers/wrap.h"

static const struct cmd_opt squeue_opts[] = {
    {.key = 'V', .name = "version"},
    {.key = 'a', .name = "all"},
    {.key = 'h', .name = "noheader"},
    {.key = 'j', .name = "jobs", .arg = "JOBID,..."},
    {.name = "me"},
    {.key = 'n', .name = "name", .arg = "NAME"},
    {.key = 'o', .name = "format", .arg = "FORMAT"},
    {.key = 't', .name = "states", .arg = "STATE,..."},
    {.key = 'u', .name = "user", .arg = "USER"},
    {.key = 'p', .name = "partition", .arg = "QUEUE"},
    {.key = 'l', .name = "long"},
    {0},
};

static const struct cmd_opt scancel_opts[] = {
    {.key = 'V', .name = "version"},
    {.name = "me"},
    {.key = 'n', .name = "name", .arg = "NAME"},
    {.key = 's', .name = "signal", .arg = "SIGNAL"},
    {.key = 't', .name = "state", .arg = "STATE"},
    {.key = 'u', .name = "user", .arg = "USER"},
    {.key = 'Q', .name = "quiet"},
    {.key = 'v', .name = "verbose", .flags = CMD_OPT_REPEAT},
    {.key = 'f', .name = "full"},
    {0},
};

static const char *state_of (const struct cmd *c, const char *s, size_t n)
{
    static const char *const names[][3] = {
        {"PENDING", "PD", "pending"},    {"RUNNING", "R", "run"},
        {"COMPLETING", "CG", "cleanup"}, {"COMPLETED", "CD", "completed"},
        {"FAILED", "F", "failed"},       {"CANCELLED", "CA", "canceled"},
        {"TIMEOUT", "TO", "timeout"},
    };

    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
        for (int k = 0; k < 2; k++)
            if (strlen (names[i][k]) == n && strncasecmp (names[i][k], s, n) == 0)
                return names[i][2];
    cmd_die (c, "%.*s: a state that is not known here", (int)n, s);
}

static void add_states (const struct cmd *c, struct words *w)
{
    const char *s = cmd_str (c, "states", NULL);
    size_t n;

    if (s && strcasecmp (s, "all") == 0) {
        words_add (w, "-a");
        return;
    }
    for (; s && *s; s += n + (s[n] == ',')) {
        n = strcspn (s, ",");
        words_add (w, "--filter=%s", state_of (c, s, n));
    }
}

/* The jobs that are named; of an array those that have not ended, unless states are named too.
 * False when that leaves none. */
static bool add_jobs (const struct cmd *c, struct words *w)
{
    const char *s = cmd_str (c, "jobs", "");
    int before = w->n;
    size_t n;

    if (!*s)
        return true;
    for (; *s; s += n + (s[n] == ',')) {
        n = strcspn (s, ",");
        char *id = strndup (s, n);
        array_expand (c, id ? id : "", !cmd_has (c, "states"), w);
        free (id);
    }
    return w->n > before;
}

static int run_squeue (struct cmd *c)
{
    const char *s = cmd_str (c, "format",
                             cmd_has (c, "long") ? "%.18i %.9P %.8j %.8u %.8T %.10M %.9l %.6D %R"
                                                 : "%.18i %.9P %.8j %.8u %.2t %.10M %.6D %R");
    struct words w = {0};
    char bad = 0, *format = convert_format (s, &bad);

    if (!format)
        return cmd_fail (c, "--format: %%%c is not known here", bad);
    words_add (&w, "jobs");
    words_add (&w, "--format=%s", format);
    add_states (c, &w);
    if (cmd_has (c, "noheader"))
        words_add (&w, "-n");
    if (!cmd_has (c, "me"))
        words_add (&w, "--user=%s", cmd_str (c, "user", "all"));
    if ((s = cmd_str (c, "name", NULL)))
        words_add (&w, "--name=%s", s);
    if ((s = cmd_str (c, "partition", NULL)))
        words_add (&w, "--queue=%s", s);
    bool none = !add_jobs (c, &w);
    free (format);
    return none ? 0 : words_run (&w);
}

static int cancel_matching (struct cmd *c)
{
    const char *s;
    struct words w = {0};

    if ((s = cmd_str (c, "name", NULL))) {
        words_add (&w, "pkill");
        words_add (&w, "name:^%s$", s);
        return words_run (&w);
    }
    words_add (&w, "cancel");
    words_add (&w, "--quiet");
    words_add (&w, "--all");
    if ((s = cmd_str (c, "user", NULL)))
        words_add (&w, "--user=%s", s);
    if ((s = cmd_str (c, "state", NULL)))
        words_add (&w, "--states=%s", state_of (c, s, strlen (s)));
    return words_run (&w);
}

static int run_scancel (struct cmd *c)
{
    const char *signal = cmd_str (c, "signal", NULL);
    bool matching =
        cmd_has (c, "me") || cmd_has (c, "user") || cmd_has (c, "name") || cmd_has (c, "state");
    struct words w = {0};

    if (matching && (c->argc > 0 || signal))
        return cmd_fail (c, "job ids and a signal go with no other choice here");
    if (matching)
        return cancel_matching (c);
    if (c->argc == 0)
        return cmd_fail (c, "no job is given");
    if (signal) {
        words_add (&w, "job");
        words_add (&w, "kill");
        words_add (&w, "--signal=%s", signal);
    } else
        words_add (&w, "cancel");
    int first = w.n; // an array may have ended
    for (int i = 0; i < c->argc; i++)
        array_expand (c, c->argv[i], true, &w);
    return w.n > first ? words_run (&w) : 0;
}

const struct cmd_verb wrap_squeue = {
    .name = "squeue",
    .args = NULL,
    .summary = "List the jobs of the Flux instance",
    .opts = {squeue_opts},
    .run = run_squeue,
};

const struct cmd_verb wrap_scancel = {
    .name = "scancel",
    .args = "[JOBID...]",
    .summary = "Cancel jobs of the Flux instance, or send them a signal",
    .opts = {scancel_opts},
    .run = run_scancel,
};
