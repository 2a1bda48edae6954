/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Dates and times as people write them on a command line: "8pm tomorrow", "next friday", "Jan 5
 * 2027 10:00", "1 day 2 hours", "3h ago". A day without a time is its midnight. */

#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/util/fsd.h"
#include "shell/cmd/client.h"

struct when {
    const char *p; // what is still to be read
    struct tm tm;
    double offset; // seconds to be added
    bool day, clock, relative;
};

struct word {
    const char *name;
    int value;
};

static const struct word units[] = {
    {"s", 1},         {"sec", 1},   {"second", 1},  {"m", 60},    {"min", 60},    {"minute", 60},
    {"h", 3600},      {"hr", 3600}, {"hour", 3600}, {"d", 86400}, {"day", 86400}, {"w", 604800},
    {"week", 604800}, {0},
};
static const struct word days[] = {
    {"today", 0}, {"tonight", 0}, {"yesterday", -1}, {"tomorrow", 1}, {0}};
static const struct word clocks[] = {{"noon", 12}, {"midnight", 0}, {"eod", 17}, {0}};
static const struct word weekdays[] = {
    {"sunday", 0},   {"monday", 1}, {"tuesday", 2},  {"wednesday", 3},
    {"thursday", 4}, {"friday", 5}, {"saturday", 6}, {0},
};
static const struct word months[] = {
    {"january", 0},   {"february", 1},  {"march", 2},  {"april", 3},     {"may", 4},
    {"june", 5},      {"july", 6},      {"august", 7}, {"september", 8}, {"october", 9},
    {"november", 10}, {"december", 11}, {0},
};
static const struct word which[] = {{"last", -1}, {"this", 0}, {"next", 1}, {0}};
static const struct word fillers[] = {{"at", 0}, {"on", 0}, {"in", 0}, {"and", 0}, {0}};

/* A word of letters, of which at least `min` are given (0: all; units may have an s); it is read.
 */
static const struct word *take (struct when *w, const struct word *words, size_t min)
{
    bool plural = words == units;
    size_t len = 0;

    while (isalpha ((unsigned char)w->p[len]))
        len++;
    for (; len > 0 && words->name; words++) {
        size_t all = strlen (words->name), n = len;
        if (plural && n == all + 1 && tolower ((unsigned char)w->p[all]) == 's')
            n--;
        if (strncasecmp (words->name, w->p, n) == 0 && (n == all || (min && n >= min))) {
            w->p += len;
            return words;
        }
    }
    return NULL;
}

static void blanks (struct when *w)
{
    w->p += strspn (w->p, " ,");
}

static bool set_clock (struct when *w, int hour, int min, int sec)
{
    if (w->clock || hour < 0 || hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60)
        return false;
    w->tm.tm_hour = hour;
    w->tm.tm_min = min;
    w->tm.tm_sec = sec;
    return w->clock = true;
}

static bool set_day (struct when *w, int year, int mon, int mday)
{
    if (w->day || mon < 0 || mon > 11 || mday < 1 || mday > 31)
        return false;
    w->tm.tm_year = year;
    w->tm.tm_mon = mon;
    w->tm.tm_mday = mday;
    return w->day = true;
}

static bool add_days (struct when *w, int n)
{
    if (w->day)
        return false;
    w->tm.tm_mday += n;
    return w->day = true;
}

/* "15:04", "15:04:05", "3pm", "3:30 pm" */
static bool read_clock (struct when *w)
{
    char *end;
    long hour = strtol (w->p, &end, 10), min = 0, sec = 0;
    bool colon = *end == ':';

    if (colon)
        min = strtol (end + 1, &end, 10);
    if (colon && *end == ':')
        sec = strtol (end + 1, &end, 10);
    const char *p = end + strspn (end, " ");
    if ((strncasecmp (p, "am", 2) == 0 || strncasecmp (p, "pm", 2) == 0) &&
        !isalpha ((unsigned char)p[2])) {
        if (hour < 1 || hour > 12)
            return false;
        hour = hour % 12 + (tolower ((unsigned char)*p) == 'p' ? 12 : 0);
        end = (char *)p + 2;
    } else if (!colon)
        return false;
    w->p = end;
    return set_clock (w, hour, min, sec);
}

/* "2026-12-01", with T before the time; "2026/12/01", "12/01/2026". False: it is none, or wrong. */
static bool read_date (struct when *w)
{
    int y, m, d, n = 0;

    if (sscanf (w->p, "%4d-%2d-%2d%n", &y, &m, &d, &n) == 3 ||
        sscanf (w->p, "%4d/%2d/%2d%n", &y, &m, &d, &n) == 3)
        y -= 1900;
    else if (sscanf (w->p, "%2d/%2d/%4d%n", &m, &d, &y, &n) == 3)
        y = y < 100 ? y + 100 : y - 1900;
    else
        return false;
    w->p += n;
    if (*w->p == 'T' && isdigit ((unsigned char)w->p[1]))
        w->p++;
    return set_day (w, y, m - 1, d);
}

/* "Jan 5 2027", "5 Jan": of this year unless that is over. */
static bool read_month (struct when *w, int mday)
{
    const struct word *month = take (w, months, 3);
    struct tm now = w->tm;
    int year, n = 0;

    if (!month)
        return false;
    blanks (w);
    if (!mday) {
        char *end;
        mday = strtol (w->p, &end, 10);
        w->p = end;
        blanks (w);
    }
    if (sscanf (w->p, "%4d%n", &year, &n) == 1 && n == 4 && w->p[4] != ':')
        w->p += n;
    else
        year = now.tm_year + 1900 +
               (month->value < now.tm_mon || (month->value == now.tm_mon && mday < now.tm_mday));
    return set_day (w, year - 1900, month->value, mday);
}

/* "2h", "1.5 hours", "an hour" */
static bool read_amount (struct when *w)
{
    const char *start = w->p;
    const struct word *unit = NULL;
    char *end;
    double n = strtod (w->p, &end);

    if (end != w->p)
        w->p = end;
    else if (strncasecmp (w->p, "an ", 3) == 0 || strncasecmp (w->p, "a ", 2) == 0) {
        n = 1;
        w->p += strcspn (w->p, " ");
    }
    blanks (w);
    if (w->p == start || !isfinite (n) || !(unit = take (w, units, 0))) {
        w->p = start;
        return false;
    }
    w->offset += n * unit->value;
    return w->relative = true;
}

/* "next week", "last friday", "monday": the coming one, or of the week before, this, or next. */
static bool read_weekday (struct when *w)
{
    const struct word *mod = take (w, which, 0), *day;

    blanks (w);
    if (mod && strncasecmp (w->p, "week", 4) == 0 && !isalpha ((unsigned char)w->p[4])) {
        w->p += 4;
        return add_days (w, 7 * mod->value);
    }
    if (mod && strncasecmp (w->p, "month", 5) == 0 && !isalpha ((unsigned char)w->p[5])) {
        w->p += 5;
        int mon = w->tm.tm_mon + mod->value;
        return set_day (w, w->tm.tm_year + (mon > 11) - (mon < 0), (mon + 12) % 12, 1);
    }
    if (!(day = take (w, weekdays, 3)))
        return false;
    int in_week = (day->value + 6) % 7 - (w->tm.tm_wday + 6) % 7; // weeks begin on Mondays
    if (!mod)
        return add_days (w, in_week > 0 ? in_week : in_week + 7);
    if (mod->value < 0)
        return add_days (w, in_week < 0 ? in_week : in_week - 7);
    return add_days (w, in_week + 7 * mod->value);
}

static bool read_one (struct when *w)
{
    const struct word *word;
    const char *start = w->p;

    if (isdigit ((unsigned char)*w->p)) {
        char *end;
        long n = strtol (w->p, &end, 10);
        if (strpbrk (w->p, "-/") && read_date (w))
            return true;
        w->p = start;
        if (read_clock (w))
            return true;
        w->p = end;
        blanks (w);
        if (n > 0 && n < 32 && read_month (w, n))
            return true;
        w->p = start;
        return read_amount (w);
    }
    if (take (w, fillers, 0))
        return true;
    if ((word = take (w, days, 0)))
        return add_days (w, word->value) &&
               (strcmp (word->name, "tonight") != 0 || set_clock (w, 21, 0, 0));
    if ((word = take (w, clocks, 0)))
        return set_clock (w, word->value, 0, 0);
    if (read_amount (w))
        return true;
    if (read_month (w, 0))
        return true;
    w->p = start;
    return read_weekday (w);
}

static int finish (struct when *w, double now, double *out)
{
    time_t t;

    if (!w->day && !w->clock) {
        *out = now + w->offset;
        return w->relative ? 0 : -1;
    }
    if (!w->clock)
        w->tm.tm_hour = w->tm.tm_min = w->tm.tm_sec = 0;
    w->tm.tm_isdst = -1;
    if ((t = mktime (&w->tm)) == (time_t)-1)
        return -1;
    *out = t + w->offset;
    return 0;
}

static int parse (const char *s, double now, double *out)
{
    time_t t = (time_t)now;
    struct when w = {.p = s};
    double d;
    char *end;

    if (strcasecmp (s, "now") == 0) {
        *out = now;
        return 0;
    }
    if (*s == '+' || *s == '-') {
        if (fsd_parse_duration (s + 1, &d) < 0)
            return -1;
        *out = *s == '+' ? now + d : now - d;
        return 0;
    }
    d = strtod (s, &end);
    if (end != s && *end == '\0') { // a plain number is seconds since the epoch
        *out = d;
        return d > 86400 ? 0 : -1;
    }
    localtime_r (&t, &w.tm);
    for (blanks (&w); *w.p; blanks (&w)) {
        if (w.relative && strcasecmp (w.p, "ago") == 0)
            w.offset = -w.offset, w.p += 3;
        else if (w.relative && strcasecmp (w.p, "from now") == 0)
            w.p += 8;
        else if (!read_one (&w))
            return -1;
    }
    return finish (&w, now, out);
}

/* "inf" is a number, and a duration, too. */
int cmd_datetime (const char *s, double now, double *out)
{
    return parse (s, now, out) == 0 && isfinite (*out) ? 0 : -1;
}
