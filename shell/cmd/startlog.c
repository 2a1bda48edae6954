/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux startlog: when the instance, and those before it with the same state, started and ended. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/job/eventlog.h"
#include "lib/util/fsd.h"
#include "lib/util/monotime.h"
#include "shell/cmd/client.h"
#include "shell/cmd/verbs.h"

#define KEY "admin.eventlog"

struct startlog {
    struct cmd *c;
    bool quiet;
    bool running; // a start without its finish
    bool crashed; // such a one was followed by another start
    double since;
};

static const char *format_time (char *buf, size_t size, double t)
{
    time_t seconds = t;
    struct tm tm;

    if (!localtime_r (&seconds, &tm) || strftime (buf, size, "%Y-%m-%d %R", &tm) == 0)
        *buf = '\0';
    return buf;
}

static const char *format_span (char *buf, size_t size, double seconds)
{
    if (seconds < 0 || fsd_format_duration_ex (buf, size, seconds, 2) < 0)
        snprintf (buf, size, "0s");
    return buf;
}

static void on_start (struct startlog *sl, double t, const json_t *context)
{
    char when[64];

    if (sl->running) {
        sl->crashed = true;
        if (!sl->quiet)
            puts ("crashed");
    }
    sl->running = true;
    sl->since = t;
    if (sl->quiet)
        return;
    if (cmd_has (sl->c, "show-version")) {
        const char *version = json_string_value (json_object_get (context, "core_version"));
        printf ("%25s  ", version ? version : "");
    }
    printf ("%s - ", format_time (when, sizeof (when), t));
}

static void on_finish (struct startlog *sl, double t)
{
    char when[64], span[64];

    if (!sl->running)
        return;
    sl->running = sl->crashed = false;
    if (!sl->quiet)
        printf ("%s (%s)\n", format_time (when, sizeof (when), t),
                format_span (span, sizeof (span), t - sl->since));
}

static void show_line (struct startlog *sl, const char *line, size_t len)
{
    json_t *entry = eventlog_entry_decode (line, len, NULL), *context = NULL;
    const char *name;
    double t;

    if (entry && eventlog_entry_parse (entry, &t, &name, &context) == 0) {
        if (strcmp (name, "start") == 0)
            on_start (sl, t, context);
        else if (strcmp (name, "finish") == 0)
            on_finish (sl, t);
    }
    json_decref (entry);
}

static int run (struct cmd *c)
{
    struct startlog sl = {.c = c, .quiet = cmd_has (c, "quiet")};
    flux_t *h = cmd_open (c);
    flux_future_t *f = flux_kvs_lookup (h, NULL, 0, KEY);
    const char *text, *line;
    char span[64];
    size_t left, len;

    if (c->argc > 0)
        return cmd_fail (c, "unexpected argument: %s", c->argv[0]);
    if (!f || flux_kvs_lookup_get (f, &text) < 0)
        return cmd_fail (c, "%s: %s", KEY, f ? cmd_why (f) : strerror (errno));
    left = text ? strlen (text) : 0;
    while (left > 0 && eventlog_next_line (&text, &left, &line, &len))
        show_line (&sl, line, len);
    if (sl.running && !sl.quiet)
        printf ("running (%s)\n", format_span (span, sizeof (span), walltime_now () - sl.since));
    flux_future_destroy (f);
    flux_close (h);
    return cmd_has (c, "check") && sl.crashed ? 1 : 0;
}

static const struct cmd_opt opts[] = {
    {.name = "check", .help = "Exit with 1 if the one before has crashed"},
    {.name = "quiet", .help = "Print nothing"},
    {.key = 'v', .name = "show-version", .help = "Show the version that was started"},
    {0},
};

const struct cmd_verb cmd_verb_startlog = {
    .name = "startlog",
    .summary = "List when the instance was started and ended",
    .text = "These are the starts of all instances that had the same state, one after the other.",
    .opts = {opts},
    .run = run,
};
