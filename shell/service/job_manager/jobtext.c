/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "shell/service/job_manager/jobtext.h"

static bool is_space (char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *back_over_space (const char *begin, const char *p)
{
    while (p > begin && is_space (p[-1]))
        p--;
    return p;
}

/* From the value back to where its key begins; NULL when that is not what is there. */
static const char *find_key (const char *begin, const char *value)
{
    static const char key[] = "\"environment\"";
    size_t len = sizeof (key) - 1;
    const char *p = back_over_space (begin, value);

    if (p == begin || *--p != ':')
        return NULL;
    p = back_over_space (begin, p);
    if ((size_t)(p - begin) < len || memcmp (p - len, key, len) != 0)
        return NULL;
    return p - len;
}

char *jobtext_cut_environment (const char *text, size_t len, const char *env, size_t env_len)
{
    const char *end = text + len;
    const char *from = find_key (text, env), *to = env + env_len;

    if (!from)
        return NULL;
    while (to < end && is_space (*to))
        to++;
    if (to < end && *to == ',') // the comma behind it goes too, or the one before
        to++;
    else if (*(from = back_over_space (text, from) - 1) != ',')
        from++;
    char *cut = malloc (len - (to - from) + 1);
    if (!cut)
        return NULL;
    memcpy (cut, text, from - text);
    memcpy (cut + (from - text), to, end - to);
    cut[len - (to - from)] = '\0';
    return cut;
}
