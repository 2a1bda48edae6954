/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "shell/cmd/logline.h"

static const char *const names[] = {"emerg",   "alert",  "crit", "err",
                                    "warning", "notice", "info", "debug"};

const char *logline_severity_name (int severity)
{
    return names[severity & 7];
}

int logline_severity (const char *name)
{
    for (int i = 0; i < 8; i++)
        if (strcmp (names[i], name) == 0)
            return i;
    return -1;
}

/* 2026-11-23T13:05:06.123456Z */
static double parse_time (const char *s)
{
    struct tm tm = {0};
    const char *rest = strptime (s, "%Y-%m-%dT%H:%M:%S", &tm);
    double fraction = rest && *rest == '.' ? strtod (rest, NULL) : 0;

    return rest ? (double)timegm (&tm) + fraction : 0;
}

int logline_parse (struct logline *l, const char *text)
{
    char *save = NULL, *word, *pri_end;
    const char **fields[] = {&l->timestamp, &l->hostname, &l->appname};

    *l = (struct logline){0};
    if (*text != '<' || !(l->own = strdup (text)))
        return -1;
    l->severity = (strtol (l->own + 1, &pri_end, 10) >> 3) & 7;
    if (strncmp (pri_end, ">1 ", 3) != 0)
        goto error;
    word = strtok_r (pri_end + 3, " ", &save);
    for (int i = 0; i < 3; i++, word = strtok_r (NULL, " ", &save)) {
        if (!word)
            goto error;
        *fields[i] = word;
    }
    // procid is in word; msgid and structured data are "-"
    if (!word || !strtok_r (NULL, " ", &save) || !strtok_r (NULL, " ", &save))
        goto error;
    l->message = save ? save : "";
    l->time = parse_time (l->timestamp);
    return 0;
error:
    logline_clear (l);
    return -1;
}

void logline_clear (struct logline *l)
{
    free (l->own);
    *l = (struct logline){0};
}
