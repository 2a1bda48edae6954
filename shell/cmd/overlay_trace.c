/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux overlay trace: messages as they pass between brokers. */

#include "config.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/client.h"
#include "shell/cmd/fmt.h"
#include "shell/cmd/overlay.h"
#include "shell/cmd/term.h"

#define COLOR_OFF "\033[0m"
#define COLOR_TIME "\033[32m"
#define COLOR_DATE "\033[1m\033[32m"
#define COLOR_FAILED "\033[1m\033[31m"

struct trace {
    bool color, human, delta;
    double last;
    long minute;
};

static const struct {
    const char *name;
    int type;
    const char *color;
} types[] = {
    {"request", FLUX_MSGTYPE_REQUEST, "\033[1m\033[34m"},
    {"response", FLUX_MSGTYPE_RESPONSE, "\033[36m"},
    {"event", FLUX_MSGTYPE_EVENT, "\033[33m"},
    {"control", FLUX_MSGTYPE_CONTROL, "\033[1m"},
};
#define NTYPES (sizeof (types) / sizeof (types[0]))

/* --type=a,b --type=c */
static int typemask (struct cmd *c)
{
    const char *val;
    int iter = 0, mask = 0;

    while ((val = cmd_next (c, "type", &iter))) {
        char *copy = strdup (val), *save = NULL;
        for (char *s = strtok_r (copy, ",", &save); s; s = strtok_r (NULL, ",", &save)) {
            size_t i = 0;
            while (i < NTYPES && strcmp (types[i].name, s) != 0)
                i++;
            if (i == NTYPES)
                cmd_die (c, "--type=%s: not one of request, response, event, control", s);
            mask |= types[i].type;
        }
        free (copy);
    }
    return mask ? mask : FLUX_MSGTYPE_ANY;
}

static void print_time (struct trace *t, double when)
{
    time_t sec = (time_t)when;
    char buf[64];
    struct tm tm;

    localtime_r (&sec, &tm);
    if (!t->human) {
        strftime (buf, sizeof (buf), "%Y-%m-%dT%T", &tm);
        printf ("%s%s.%.3d%s ", t->color ? COLOR_TIME : "", buf, (int)(1e3 * (when - (double)sec)),
                t->color ? COLOR_OFF : "");
        return;
    }
    if (sec / 60 == t->minute) {
        printf ("%s[%+11.6f]%s ", t->color ? COLOR_TIME : "",
                t->delta ? when - t->last : fmod (when, 60.), t->color ? COLOR_OFF : "");
    } else {
        strftime (buf, sizeof (buf), "%b%d %H:%M", &tm);
        printf ("%s[%s]%s ", t->color ? COLOR_DATE : "", buf, t->color ? COLOR_OFF : "");
    }
    t->minute = sec / 60;
    t->last = when;
}

struct message {
    double timestamp;
    const char *prefix, *topic, *errstr, *name;
    int rank, type, size, errnum;
    json_t *payload;
};

static const char *size_text (int size, char *buf, size_t len)
{
    static const char units[] = " KMG";
    double val = size;
    int i = 0;

    for (; val >= 1024 && i < 3; i++)
        val /= 1024;
    if (i == 0)
        snprintf (buf, len, "%d", size);
    else
        snprintf (buf, len, "%.1f%c", val, units[i]);
    return buf;
}

static void print_result (const struct message *m)
{
    const char *name = strerrorname_np (m->errnum);

    if (m->errnum == 0)
        printf (" success");
    else if (name)
        printf (" %s", name);
    else
        printf (" errno %d", m->errnum);
}

static void print_message (struct trace *t, const struct message *m)
{
    char size[32], rank[16] = "*", *s = NULL;
    size_t i = 0;

    while (i < NTYPES - 1 && types[i].type != m->type)
        i++;
    print_time (t, m->timestamp);
    if (m->rank >= 0)
        snprintf (rank, sizeof (rank), "%d", m->rank);
    printf ("%s%s %s %s %s [%s]",
            !t->color   ? ""
            : m->errnum ? COLOR_FAILED
                        : types[i].color,
            m->prefix, m->name ? m->name : rank, types[i].name, m->topic,
            size_text (m->size, size, sizeof (size)));
    if (m->type == FLUX_MSGTYPE_RESPONSE)
        print_result (m);
    if (m->errnum && m->errstr && *m->errstr)
        printf ("\n%s", m->errstr);
    else if (m->payload && (s = json_dumps (m->payload, JSON_INDENT (2))))
        printf ("\n%s", s);
    printf ("%s\n", t->color ? COLOR_OFF : "");
    fflush (stdout);
    free (s);
}

int trace_show (struct cmd *c, flux_future_t *f)
{
    struct trace t = {
        .color = term_color (c), .human = cmd_has (c, "human"), .delta = cmd_has (c, "delta")};

    for (; f; flux_future_reset (f)) {
        struct message m = {.errstr = ""};
        if (flux_rpc_get_unpack (f, "{s:F s:s s:i s?s s:i s:s s:i s?o s?i s?s}", "timestamp",
                                 &m.timestamp, "prefix", &m.prefix, "rank", &m.rank, "name",
                                 &m.name, "type", &m.type, "topic", &m.topic, "payload_size",
                                 &m.size, "payload", &m.payload, "errnum", &m.errnum, "errstr",
                                 &m.errstr) < 0)
            break;
        print_message (&t, &m);
    }
    return cmd_fail (c, "%s", cmd_why (f));
}

int trace_typemask (struct cmd *c)
{
    if (cmd_has (c, "delta") && !cmd_has (c, "human"))
        cmd_die (c, "--delta goes with --human only");
    return typemask (c);
}

static int run_trace (struct cmd *c)
{
    int mask = trace_typemask (c);
    flux_future_t *f;

    if (c->argc > 1)
        return cmd_fail (c, "more than one topic");
    flux_t *h = cmd_open (c);
    f = flux_rpc_pack (h, "overlay.trace", FLUX_NODEID_ANY, FLUX_RPC_STREAMING, "{s:i s:s s:i s:b}",
                       "typemask", mask, "topic_glob", c->argc > 0 ? c->argv[0] : "*", "nodeid",
                       (int)cmd_int (c, "rank", -1, 0, 0x7fffffff), "full",
                       (int)cmd_has (c, "full"));
    return trace_show (c, f);
}

/* What trace_show() and its callers take from the command line. */
const struct cmd_opt trace_show_opts[] = {
    {.key = 'f', .name = "full", .help = "Show JSON payloads too"},
    {.key = 't',
     .name = "type",
     .arg = "TYPE,...",
     .help = "Only these of request, response, event, control",
     .flags = CMD_OPT_REPEAT},
    TERM_COLOR_L_OPT,
    {.key = 'H', .name = "human", .help = "The date once a minute, then seconds"},
    {.key = 'd', .name = "delta", .help = "With --human, seconds since the message before"},
    {0},
};

static const struct cmd_opt trace_opts[] = {
    {.key = 'r', .name = "rank", .arg = "NODEID", .help = "Only to and from this peer"},
    {0},
};

const struct cmd_verb overlay_trace_verb = {
    .name = "trace",
    .args = "[TOPIC-GLOB]",
    .summary = "Show the messages between brokers as they pass",
    .opts = {trace_opts, trace_show_opts},
    .run = run_trace,
};
