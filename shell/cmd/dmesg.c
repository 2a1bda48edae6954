/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux dmesg, flux logger: read and write the brokers' log. */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "lib/util/fdutil.h"
#include "shell/cmd/client.h"
#include "shell/cmd/logline.h"
#include "shell/cmd/term.h"
#include "shell/cmd/verbs.h"

#define MESSAGE_MAX (1 << 20)

#define COLOR_NAME "\033[33m"
#define COLOR_TIME "\033[32m"
#define COLOR_DATE "\033[1m\033[32m"
#define COLOR_OFF "\033[0m"

struct dmesg {
    bool color, human, delta;
    double last;
    char last_date[32];
};

static const char *severity_color (int severity)
{
    static const char *const colors[] = {
        "\033[7m\033[31m", "\033[7m\033[31m", "\033[1m\033[31m", "\033[31m", "\033[1m", "", "",
        "\033[34m"};

    return colors[severity & 7];
}

static void put (const struct dmesg *d, const char *color, const char *text)
{
    printf ("%s%s%s", d->color ? color : "", text, d->color ? COLOR_OFF : "");
}

static void print_human_time (struct dmesg *d, const struct logline *l)
{
    char date[32], text[64];
    time_t sec = (time_t)l->time;
    struct tm tm;

    localtime_r (&sec, &tm);
    strftime (date, sizeof (date), "%b%d %H:%M", &tm);
    if (strcmp (date, d->last_date) == 0) {
        snprintf (text, sizeof (text), "[%+11.6f]", l->time - d->last);
        put (d, COLOR_TIME, text);
        if (d->delta)
            d->last = l->time;
        return;
    }
    snprintf (text, sizeof (text), "[%s]", date);
    put (d, COLOR_DATE, text);
    d->last = l->time;
    strcpy (d->last_date, date);
}

/* As it is in the log, in UTC, or of the time zone that TZ names. */
static void print_time (const struct dmesg *d, const struct logline *l)
{
    const char *tz = getenv ("TZ"), *fraction = strchr (l->timestamp, '.');
    char date[32], zone[8], text[80];
    time_t sec = (time_t)l->time;
    struct tm tm;

    if (!tz || !*tz || strcmp (tz, "UTC") == 0 || !localtime_r (&sec, &tm)) {
        put (d, COLOR_TIME, l->timestamp);
        return;
    }
    strftime (date, sizeof (date), "%Y-%m-%dT%H:%M:%S", &tm);
    strftime (zone, sizeof (zone), "%z", &tm);
    snprintf (text, sizeof (text), "%s%.*s%.3s:%s", date,
              fraction ? (int)strcspn (fraction, "Z") : 0, fraction ? fraction : "", zone,
              zone + 3);
    put (d, COLOR_TIME, text);
}

static void print_line (struct dmesg *d, const char *text)
{
    struct logline l;
    char name[128];

    if (logline_parse (&l, text) < 0) {
        printf ("%s\n", text);
        return;
    }
    if (d->human)
        print_human_time (d, &l);
    else
        print_time (d, &l);
    snprintf (name, sizeof (name), "%s.%s[%s]", l.appname, logline_severity_name (l.severity),
              l.hostname);
    putchar (' ');
    put (d, COLOR_NAME, name);
    printf (": ");
    put (d, severity_color (l.severity), l.message);
    putchar ('\n');
    fflush (stdout);
    logline_clear (&l);
}

static int run_dmesg (struct cmd *c)
{
    struct dmesg d = {
        .color = term_color (c), .human = cmd_has (c, "human"), .delta = cmd_has (c, "delta")};
    const char *text;

    if (d.delta && !d.human)
        return cmd_fail (c, "--delta goes with --human only");
    flux_t *h = cmd_open (c);
    if (!cmd_has (c, "clear")) {
        flux_future_t *f = flux_rpc_pack (h, "log.dmesg", FLUX_NODEID_ANY, FLUX_RPC_STREAMING,
                                          "{s:b s:b}", "follow", (int)cmd_has (c, "follow"),
                                          "nobacklog", (int)cmd_has (c, "new"));
        while (f && flux_rpc_get (f, &text) == 0) {
            print_line (&d, text ? text : "");
            flux_future_reset (f);
        }
        if (!f || errno != ENODATA)
            return cmd_fail (c, "%s", cmd_why (f));
        flux_future_destroy (f);
    }
    if (cmd_has (c, "clear") || cmd_has (c, "read-clear"))
        json_decref (cmd_rpc (c, h, "log.clear", FLUX_NODEID_ANY, NULL, NULL));
    flux_close (h);
    return 0;
}

static int run_logger (struct cmd *c)
{
    int severity = logline_severity (cmd_str (c, "severity", "notice"));
    char *text;

    if (severity < 0)
        return cmd_fail (c,
                         "--severity=%s: not one of emerg, alert, crit, err, warning, notice, "
                         "info, debug",
                         cmd_str (c, "severity", ""));
    if (c->argc > 0)
        text = cmd_join (c->argv, c->argc);
    else if (fd_read_all (STDIN_FILENO, MESSAGE_MAX, &text) < 0)
        return cmd_fail (c, "standard input: %s", strerror (errno));
    flux_t *h = cmd_open (c);
    flux_log_set_appname (h, cmd_str (c, "appname", "logger"));
    if (flux_log (h, severity, "%s", text) < 0)
        return cmd_fail (c, "%s", strerror (errno));
    flux_close (h);
    free (text);
    return 0;
}

static const struct cmd_opt dmesg_opts[] = {
    {.key = 'C', .name = "clear", .help = "Empty the log"},
    {.key = 'c', .name = "read-clear", .help = "Empty the log after printing it"},
    {.key = 'f', .name = "follow", .help = "Go on with new messages"},
    {.key = 'n', .name = "new", .help = "Only new messages"},
    {.key = 'H', .name = "human", .help = "The date once a minute, then seconds since"},
    {.key = 'd', .name = "delta", .help = "With --human, seconds since the message before"},
    TERM_COLOR_L_OPT,
    {0},
};

static const struct cmd_opt logger_opts[] = {
    {.key = 's', .name = "severity", .arg = "LEVEL", .help = "emerg to debug (notice)"},
    {.key = 'n', .name = "appname", .arg = "NAME", .help = "Who says it (logger)"},
    {0},
};

const struct cmd_verb cmd_verb_dmesg = {
    .name = "dmesg",
    .summary = "Show the log of the broker",
    .opts = {dmesg_opts},
    .run = run_dmesg,
};

const struct cmd_verb cmd_verb_logger = {
    .name = "logger",
    .args = "[MESSAGE...]",
    .summary = "Write a message to the log",
    .opts = {logger_opts},
    .flags = CMD_VERB_STOP,
    .run = run_logger,
};
