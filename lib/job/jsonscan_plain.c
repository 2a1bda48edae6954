/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Plain JSON read in order, see jsonscan.h. */

#include <string.h>

#include "lib/job/jsonscan.h"

enum { MAX_NESTED = 16 };

bool jsonscan_plain (struct jsonspan *s, struct slice *out)
{
    if (!jsonscan_eat (s, '"'))
        return false;
    const unsigned char *p = (const unsigned char *)s->p, *end = (const unsigned char *)s->end;
    while (p < end && *p >= 0x20 && *p < 0x7f && *p != '"' && *p != '\\')
        p++;
    if (p == end || *p != '"')
        return false;
    *out = (struct slice){s->p, (const char *)p - s->p};
    s->p = (const char *)p + 1;
    return true;
}

bool slice_is (const struct slice *a, const char *text)
{
    return a->len == strlen (text) && !memcmp (a->p, text, a->len);
}

bool jsonscan_digits (const char **p, const char *end, int64_t *n)
{
    const char *first = *p;
    *n = 0;
    while (*p < end && **p >= '0' && **p <= '9' && *p - first < 18)
        *n = *n * 10 + (*(*p)++ - '0');
    return *p > first && (*first != '0' || *p == first + 1);
}

bool jsonscan_number (struct jsonspan *s, int64_t *n)
{
    bool minus = jsonscan_eat (s, '-');
    jsonscan_blank (s);
    if ((minus && s->p[-1] != '-') || !jsonscan_digits (&s->p, s->end, n))
        return false;
    if (s->p < s->end && strchr (".eE0123456789", *s->p) && *s->p)
        return false;
    *n = minus ? -*n : *n;
    return true;
}

bool jsonscan_word (struct jsonspan *s, const char *text)
{
    size_t len = strlen (text);
    jsonscan_blank (s);
    if ((size_t)(s->end - s->p) < len || memcmp (s->p, text, len) != 0)
        return false;
    s->p += len;
    return true;
}

/* Step through "key": ... of an object whose '{' has been read; *more false at its '}'. */
bool jsonscan_next_key (struct jsonspan *s, bool *first, struct slice *key, bool *more)
{
    *more = false;
    if (jsonscan_eat (s, '}'))
        return true;
    if (!*first && !jsonscan_eat (s, ','))
        return false;
    *first = false;
    *more = true;
    return jsonscan_plain (s, key) && jsonscan_eat (s, ':');
}

bool jsonscan_skip (struct jsonspan *s, int depth)
{
    struct slice text;
    int64_t n;
    bool first = true, more;
    if (jsonscan_at (s, '"'))
        return jsonscan_plain (s, &text);
    if (depth == MAX_NESTED)
        return false;
    if (jsonscan_eat (s, '{')) {
        while (jsonscan_next_key (s, &first, &text, &more))
            if (!more)
                return true;
            else if (!jsonscan_skip (s, depth + 1))
                return false;
        return false;
    }
    if (jsonscan_eat (s, '[')) {
        if (jsonscan_eat (s, ']'))
            return true;
        do {
            if (!jsonscan_skip (s, depth + 1))
                return false;
        } while (jsonscan_eat (s, ','));
        return jsonscan_eat (s, ']');
    }
    return jsonscan_word (s, "true") || jsonscan_word (s, "false") || jsonscan_word (s, "null") ||
           jsonscan_number (s, &n);
}
