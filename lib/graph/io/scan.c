/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <string.h>

#include "lib/graph/io/scan.h"

enum { MAX_NESTED = 16 };

void scan_blank (struct scan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

bool scan_eat (struct scan *s, char c)
{
    scan_blank (s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

bool scan_at (struct scan *s, char c)
{
    scan_blank (s);
    return s->p < s->end && *s->p == c;
}

bool scan_string (struct scan *s, struct slice *out)
{
    if (!scan_eat (s, '"'))
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

bool scan_digits (const char **p, const char *end, int64_t *n)
{
    const char *first = *p;
    *n = 0;
    while (*p < end && **p >= '0' && **p <= '9' && *p - first < 18)
        *n = *n * 10 + (*(*p)++ - '0');
    return *p > first && (*first != '0' || *p == first + 1);
}

bool scan_integer (struct scan *s, int64_t *n)
{
    bool minus = scan_eat (s, '-');
    scan_blank (s);
    if ((minus && s->p[-1] != '-') || !scan_digits (&s->p, s->end, n))
        return false;
    if (s->p < s->end && strchr (".eE0123456789", *s->p) && *s->p)
        return false;
    *n = minus ? -*n : *n;
    return true;
}

bool scan_word (struct scan *s, const char *text)
{
    size_t len = strlen (text);
    scan_blank (s);
    if ((size_t)(s->end - s->p) < len || memcmp (s->p, text, len) != 0)
        return false;
    s->p += len;
    return true;
}

/* Step through "key": ... of an object whose '{' has been read; *more false at its '}'. */
bool scan_next_key (struct scan *s, bool *first, struct slice *key, bool *more)
{
    *more = false;
    if (scan_eat (s, '}'))
        return true;
    if (!*first && !scan_eat (s, ','))
        return false;
    *first = false;
    *more = true;
    return scan_string (s, key) && scan_eat (s, ':');
}

bool scan_skip (struct scan *s, int depth)
{
    struct slice text;
    int64_t n;
    bool first = true, more;
    if (scan_at (s, '"'))
        return scan_string (s, &text);
    if (depth == MAX_NESTED)
        return false;
    if (scan_eat (s, '{')) {
        while (scan_next_key (s, &first, &text, &more))
            if (!more)
                return true;
            else if (!scan_skip (s, depth + 1))
                return false;
        return false;
    }
    if (scan_eat (s, '[')) {
        if (scan_eat (s, ']'))
            return true;
        do {
            if (!scan_skip (s, depth + 1))
                return false;
        } while (scan_eat (s, ','));
        return scan_eat (s, ']');
    }
    return scan_word (s, "true") || scan_word (s, "false") || scan_word (s, "null") ||
           scan_integer (s, &n);
}
