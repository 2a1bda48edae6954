/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/evfmt.h"
#include "shell/cmd/term.h"

#define COLOR_TIME "\033[32m"
#define COLOR_DATE "\033[1m\033[32m"
#define COLOR_NAME "\033[33m"
#define COLOR_EXCEPTION "\033[1m\033[31m"
#define COLOR_KEY "\033[34m"
#define COLOR_NUMBER "\033[37m"
#define COLOR_VALUE "\033[35m"
#define COLOR_OFF "\033[0m"

void evfmt_init (struct evfmt *e, const struct cmd *c)
{
    static const char *const names[] = {"raw", "iso", "offset", "human", "reltime"};
    const char *format = cmd_str (c, "format", "text");
    const char *time_format = cmd_str (c, "time-format", "raw");
    size_t i;

    *e = (struct evfmt){.color = term_color (c)};
    if (cmd_has (c, "human")) {
        format = "text";
        time_format = "human";
    }
    if (strcasecmp (format, "json") == 0)
        e->json = true;
    else if (strcasecmp (format, "text") != 0)
        cmd_die_usage (c, "--format=%s: not one of text, json", format);
    for (i = 0; i < 5; i++)
        if (strcasecmp (time_format, names[i]) == 0)
            break;
    if (i == 5)
        cmd_die_usage (c, "--time-format=%s: not one of raw, iso, offset, human", time_format);
    e->time = i > EVFMT_HUMAN ? EVFMT_HUMAN : (enum evfmt_time)i;
}

static void put (const struct evfmt *e, FILE *f, const char *color, const char *text)
{
    fprintf (f, "%s%s%s", e->color ? color : "", text, e->color ? COLOR_OFF : "");
}

/* The date once a minute, then seconds since. */
static void human_time (struct evfmt *e, FILE *f, double t)
{
    char date[sizeof (e->last_date)], text[64];
    time_t sec = (time_t)t;
    struct tm tm;

    localtime_r (&sec, &tm);
    strftime (date, sizeof (date), "%b%d %H:%M", &tm);
    bool same = strcmp (date, e->last_date) == 0;
    if (same)
        snprintf (text, sizeof (text), "[%+11.6f]", t - e->last);
    else {
        snprintf (text, sizeof (text), "[%s]", date);
        strcpy (e->last_date, date);
        e->last = t;
    }
    put (e, f, same ? COLOR_TIME : COLOR_DATE, text);
}

static void iso_time (struct evfmt *e, FILE *f, double t)
{
    char text[80], date[40], zone[8];
    time_t sec = (time_t)t;
    struct tm tm;

    localtime_r (&sec, &tm);
    strftime (date, sizeof (date), "%Y-%m-%dT%T", &tm);
    strftime (zone, sizeof (zone), "%z", &tm);
    if (strcmp (zone, "+0000") == 0)
        snprintf (text, sizeof (text), "%s.%06dZ", date, (int)((t - sec) * 1e6));
    else
        snprintf (text, sizeof (text), "%s.%06d%.3s:%s", date, (int)((t - sec) * 1e6), zone,
                  zone + 3);
    put (e, f, COLOR_TIME, text);
}

static void print_time (struct evfmt *e, FILE *f, double t)
{
    char text[64];

    if (e->time == EVFMT_HUMAN) {
        human_time (e, f, t);
        return;
    }
    if (e->time == EVFMT_ISO) {
        iso_time (e, f, t);
        return;
    }
    snprintf (text, sizeof (text), "%f", e->time == EVFMT_OFFSET ? t - e->t0 : t);
    put (e, f, COLOR_TIME, text);
}

static void print_context (const struct evfmt *e, FILE *f, json_t *context)
{
    const char *key;
    json_t *value;

    json_object_foreach (context, key, value)
    {
        char *s = json_dumps (value, JSON_ENCODE_ANY | JSON_COMPACT);
        fputc (' ', f);
        put (e, f, COLOR_KEY, key);
        fputc ('=', f);
        put (e, f, json_is_number (value) ? COLOR_NUMBER : COLOR_VALUE, s ? s : "");
        free (s);
    }
}

int evfmt_print (struct evfmt *e, FILE *f, const json_t *entry)
{
    json_t *t = json_object_get (entry, "timestamp");
    const char *name = json_string_value (json_object_get (entry, "name"));

    if (!json_is_number (t) || !name)
        return -1;
    if (e->t0 == 0)
        e->t0 = json_number_value (t);
    if (e->json) {
        json_dumpf (entry, f, JSON_COMPACT);
    } else {
        print_time (e, f, json_number_value (t));
        fputc (' ', f);
        put (e, f, strcmp (name, "exception") == 0 ? COLOR_EXCEPTION : COLOR_NAME, name);
        print_context (e, f, json_object_get (entry, "context"));
    }
    fputc ('\n', f);
    fflush (f);
    return 0;
}
