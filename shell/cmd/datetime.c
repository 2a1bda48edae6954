/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Dates and times as people write them on a command line. */

#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/util/fsd.h"
#include "shell/cmd/client.h"

static const struct {
    const char *name;
    double seconds;
} units[] = {
    {"second", 1},  {"sec", 1},   {"minute", 60}, {"min", 60},
    {"hour", 3600}, {"hr", 3600}, {"day", 86400}, {"week", 604800},
};

static double unit_seconds (const char *s, size_t len)
{
    if (len > 1 && s[len - 1] == 's')
        len--;
    for (size_t i = 0; i < sizeof (units) / sizeof (units[0]); i++)
        if (strlen (units[i].name) == len && strncasecmp (units[i].name, s, len) == 0)
            return units[i].seconds;
    return 0;
}

/* "2 hours ago", "in 5 minutes" */
static int parse_relative (const char *s, double now, double *out)
{
    bool in = strncasecmp (s, "in ", 3) == 0;
    char *end;

    if (in)
        s += 3;
    double n = strtod (s, &end);
    if (end == s)
        return -1;
    end += strspn (end, " ");
    size_t len = strcspn (end, " ");
    double unit = unit_seconds (end, len);
    const char *rest = end + len + strspn (end + len, " ");
    if (unit == 0 || (in ? *rest != '\0' : strcasecmp (rest, "ago") != 0))
        return -1;
    *out = now + (in ? n : -n) * unit;
    return 0;
}

/* "15:04", "15:04:05", "3pm", "3:30 pm" into tm. Returns what follows, or NULL. */
static const char *parse_clock (const char *s, struct tm *tm)
{
    char *end;
    long hour = strtol (s, &end, 10), min = 0, sec = 0;
    bool colon = *end == ':';

    if (end == s || !isdigit ((unsigned char)*s))
        return NULL;
    if (colon)
        min = strtol (end + 1, &end, 10);
    if (colon && *end == ':')
        sec = strtol (end + 1, &end, 10);
    const char *p = end + strspn (end, " ");
    if (strncasecmp (p, "am", 2) == 0 || strncasecmp (p, "pm", 2) == 0) {
        if (hour < 1 || hour > 12)
            return NULL;
        hour = hour % 12 + (tolower ((unsigned char)*p) == 'p' ? 12 : 0);
        p += 2;
    } else if (!colon)
        return NULL;
    if (hour > 23 || min < 0 || min > 59 || sec < 0 || sec > 60)
        return NULL;
    tm->tm_hour = hour;
    tm->tm_min = min;
    tm->tm_sec = sec;
    return p;
}

static const char *parse_day (const char *s, struct tm *tm)
{
    static const struct {
        const char *name;
        int days;
    } words[] = {{"today", 0}, {"yesterday", -1}, {"tomorrow", 1}};
    int y, m, d, n = 0;

    tm->tm_hour = tm->tm_min = tm->tm_sec = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen (words[i].name);
        if (strncasecmp (s, words[i].name, len) == 0) {
            tm->tm_mday += words[i].days;
            return s + len;
        }
    }
    if (sscanf (s, "%4d-%2d-%2d%n", &y, &m, &d, &n) == 3 ||
        sscanf (s, "%4d/%2d/%2d%n", &y, &m, &d, &n) == 3) {
        tm->tm_year = y - 1900;
        tm->tm_mon = m - 1;
        tm->tm_mday = d;
    } else if (sscanf (s, "%2d/%2d/%4d%n", &m, &d, &y, &n) == 3) {
        tm->tm_year = y < 100 ? y + 100 : y - 1900;
        tm->tm_mon = m - 1;
        tm->tm_mday = d;
    } else
        return NULL;
    return m < 1 || m > 12 || d < 1 || d > 31 ? NULL : s + n;
}

static int parse_datetime (const char *s, double now, double *out)
{
    time_t t = (time_t)now;
    struct tm tm;
    double d;
    char *end;
    const char *p;

    s += strspn (s, " ");
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
    if (end != s && *end == '\0' && d > 86400) { // a plain number is seconds since the epoch
        *out = d;
        return 0;
    }
    if (parse_relative (s, now, out) == 0)
        return 0;
    localtime_r (&t, &tm);
    tm.tm_isdst = -1;
    if ((p = parse_day (s, &tm))) {
        p += strspn (p, " T");
        p = *p ? parse_clock (p, &tm) : p;
    } else {
        localtime_r (&t, &tm);
        tm.tm_isdst = -1;
        p = parse_clock (s, &tm);
    }
    if (!p || *p)
        return -1;
    if ((t = mktime (&tm)) == (time_t)-1)
        return -1;
    *out = t;
    return 0;
}

/* "inf" is a duration, and a number, too. */
int cmd_datetime (const char *s, double now, double *out)
{
    return parse_datetime (s, now, out) == 0 && isfinite (*out) ? 0 : -1;
}
