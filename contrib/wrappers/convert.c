/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Slurm's ways of writing things, in Flux's. */

#include "config.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "contrib/wrappers/array.h"
#include "contrib/wrappers/wrap.h"
#include "lib/util/buf.h"

static char *print (const char *fmt, ...) __attribute__ ((format (printf, 1, 2)));
static char *print (const char *fmt, ...)
{
    char *s;
    va_list ap;

    va_start (ap, fmt);
    if (vasprintf (&s, fmt, ap) < 0)
        s = NULL;
    va_end (ap);
    return s;
}

/* Numbers with colons between them; how many there are, or -1. */
static int split_numbers (const char *s, long *n, int max)
{
    char *end;
    int count = 0;

    do {
        if (count == max || !isdigit ((unsigned char)*s))
            return -1;
        n[count++] = strtol (s, &end, 10);
        s = end + 1;
    } while (*end == ':');
    return *end ? -1 : count;
}

char *convert_time (const char *s)
{
    const char *dash = strchr (s, '-');
    long n[3] = {0}, days = 0;
    double t;
    int count;

    if (!strcasecmp (s, "UNLIMITED") || !strcasecmp (s, "INFINITE") || !strcmp (s, "0"))
        return strdup ("");
    if (dash) {
        char *end;
        days = strtol (s, &end, 10);
        if (!isdigit ((unsigned char)*s) || end != dash)
            return NULL;
    }
    if ((count = split_numbers (dash ? dash + 1 : s, n, 3)) < 0)
        return NULL;
    if (dash)
        t = 86400.0 * days + 3600.0 * n[0] + 60.0 * n[1] + n[2];
    else if (count < 3)
        t = 60.0 * n[0] + n[1];
    else
        t = 3600.0 * n[0] + 60.0 * n[1] + n[2];
    return print ("%.0fs", t);
}

/* %j is the allocation's id in a step, and %s the step; %A is that of the array, where %a is the
 * index. */
static const char *pattern_tag (char c)
{
    const char *job = getenv ("SLURM_JOB_ID");

    switch (c) {
    case 'A':
        if (getenv ("SLURM_ARRAY_JOB_ID"))
            return getenv ("SLURM_ARRAY_JOB_ID");
        return job ? job : "{{id.dec}}";
    case 'a':
        return getenv ("SLURM_ARRAY_TASK_ID");
    case 'j':
        return job ? job : "{{id.dec}}";
    case 'J':
    case 's':
        return "{{id.dec}}";
    case 't':
        return "{{taskid}}";
    case 'n':
        return "{{node.id}}";
    case 'N':
        return "{{node.name}}";
    case 'x':
        return "{{name}}";
    case 'u':
        return getenv ("USER");
    case '%':
        return "%";
    default:
        return NULL;
    }
}

char *convert_pattern (const char *s)
{
    struct buf b = {0};

    if (strcmp (s, "none") == 0)
        return strdup ("/dev/null");
    for (; *s; s++) {
        const char *tag = *s == '%' ? pattern_tag (s[1]) : NULL;
        if (*s == '%' && !tag) {
            buf_clear (&b);
            return NULL;
        }
        if (tag) {
            buf_puts (&b, tag);
            s++;
        } else
            buf_putc (&b, *s);
    }
    return buf_take (&b);
}

char *convert_begin (const char *s)
{
    static const struct {
        const char *name;
        int seconds;
    } units[] = {{"", 1},           {"seconds", 1},  {"minutes", 60}, {"minute", 60},
                 {"hours", 3600},   {"hour", 3600},  {"days", 86400}, {"day", 86400},
                 {"weeks", 604800}, {"week", 604800}};
    char *end;

    if (strcmp (s, "now") == 0)
        return strdup ("+0s");
    if (strncmp (s, "now+", 4) != 0)
        return strdup (s);
    double n = strtol (s + 4, &end, 10);
    for (size_t i = 0; i < sizeof (units) / sizeof (units[0]) && isdigit ((unsigned char)s[4]); i++)
        if (strcmp (units[i].name, end) == 0)
            return print ("+%.0fs", n * units[i].seconds);
    return NULL;
}

int convert_gpus (const char *s)
{
    const char *colon = strrchr (s, ':'), *number = colon ? colon + 1 : s;
    char *end;
    long n = strtol (number, &end, 10);

    if (strchr (s, ','))
        return -1;
    if (!isdigit ((unsigned char)*number))
        return strncmp (s, "gpu", 3) == 0 && (s[3] == '\0' || s[3] == ':') ? 1 : -1;
    return *end || n > 1 << 20 ? -1 : (int)n;
}

static void add_dependencies (const struct cmd *c, const char *kind, const char *id,
                              struct words *w)
{
    struct words ids = {0};

    array_expand (c, id, false, &ids);
    for (int i = 0; i < ids.n; i++)
        words_add (w, "--dependency=%s:%s", kind, ids.v[i]);
}

int convert_dependency (const struct cmd *c, const char *s, struct words *w)
{
    static const char *const kinds[] = {"after", "afterok", "afterany", "afternotok"};

    while (*s) {
        size_t i, len = strcspn (s, ":,"), n;
        for (i = 0; i < 4; i++)
            if (strlen (kinds[i]) == len && strncmp (kinds[i], s, len) == 0)
                break;
        if (i == 4 || s[len] != ':')
            return -1;
        for (s += len; *s == ':'; s += n) {
            n = strcspn (++s, ":,");
            if (n == 0 || strcspn (s, "+?") < n)
                return -1;
            char *id = strndup (s, n);
            add_dependencies (c, kinds[i], id ? id : "", w);
            free (id);
        }
        s += *s == ',';
    }
    return 0;
}

static const char *format_field (char c)
{
    static const struct {
        char letter;
        const char *field;
    } known[] = {
        {'i', "slurm.id"},
        {'A', "id.dec"},
        {'F', "slurm.array_id"},
        {'K', "slurm.array_index"},
        {'j', "name"},
        {'u', "username"},
        {'U', "userid"},
        {'t', "slurm.state_abbrev"},
        {'T', "slurm.state"},
        {'M', "runtime!F"},
        {'D', "nnodes"},
        {'N', "nodelist"},
        {'R', "contextual_info"},
        {'C', "ncores"},
        {'P', "queue"},
        {'l', "duration!F"},
        {'L', "t_remaining!F"},
        {'p', "priority"},
        {'Q', "priority"},
        {'V', "t_submit!D"},
        {'S', "t_run!D"},
        {'e', "t_inactive!D"},
        {'a', "bank"},
    };

    for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++)
        if (known[i].letter == c)
            return known[i].field;
    return NULL;
}

/* %[[.]SIZE]LETTER: cut to the size, and right-aligned after a dot. */
char *convert_format (const char *s, char *bad)
{
    struct buf b = {0};

    for (; *s; s++) {
        if (*s != '%') {
            buf_printf (&b, *s == '{' || *s == '}' ? "%c%c" : "%c", *s, *s);
            continue;
        }
        bool right = s[1] == '.';
        char *end;
        s += 1 + right;
        long size = isdigit ((unsigned char)*s) ? strtol (s, &end, 10) : 0;
        if (size > 0)
            s = end;
        const char *field = format_field (*s);
        if (!field) {
            *bad = *s;
            buf_clear (&b);
            return NULL;
        }
        buf_printf (&b, "{%s", field);
        if (size > 0)
            buf_printf (&b, ":%c%ld.%ld", right ? '>' : '<', size, size);
        buf_putc (&b, '}');
    }
    return buf_take (&b);
}
