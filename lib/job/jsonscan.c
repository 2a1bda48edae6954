/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdint.h>
#include <string.h>

#include "lib/job/jsonscan.h"

static void skip_space (struct jsonspan *s)
{
    while (s->p < s->end && (*s->p == ' ' || *s->p == '\n' || *s->p == '\t' || *s->p == '\r'))
        s->p++;
}

static bool take (struct jsonspan *s, char c)
{
    skip_space (s);
    if (s->p == s->end || *s->p != c)
        return false;
    s->p++;
    return true;
}

/* Past the string at p, with no look at what is in it. */
static bool skip_string (struct jsonspan *s)
{
    const char *begin = ++s->p;

    while (s->p < s->end) {
        const char *quote = memchr (s->p, '"', s->end - s->p);
        if (!quote)
            return false;
        const char *p = quote;
        while (p > begin && p[-1] == '\\')
            p--;
        s->p = quote + 1;
        if ((quote - p) % 2 == 0)
            return true;
    }
    return false;
}

/* Past any value: up to the ',' or bracket that ends it. */
static bool skip_value (struct jsonspan *s)
{
    size_t depth = 0;

    while (s->p < s->end) {
        switch (*s->p) {
        case '"':
            if (!skip_string (s))
                return false;
            continue;
        case '{':
        case '[':
            depth++;
            break;
        case '}':
        case ']':
            if (depth == 0)
                return true;
            depth--;
            break;
        case ',':
            if (depth == 0)
                return true;
        }
        s->p++;
    }
    return false;
}

bool jsonscan_member (struct jsonspan in, const char *key, struct jsonspan *value)
{
    struct jsonspan s = in;
    size_t len = strlen (key);
    bool any = false;

    if (!take (&s, '{'))
        return false;
    do {
        skip_space (&s);
        const char *name = s.p;
        if (s.p == s.end || *s.p != '"' || !skip_string (&s))
            return false;
        bool found = (size_t)(s.p - name) == len + 2 && memcmp (name + 1, key, len) == 0;
        if (!take (&s, ':'))
            return false;
        skip_space (&s);
        const char *begin = s.p;
        if (!skip_value (&s))
            return false;
        if (found) {
            *value = (struct jsonspan){begin, s.p};
            any = true;
        }
    } while (take (&s, ','));
    return any && take (&s, '}');
}

static int hex4 (const char *p)
{
    int n = 0;

    for (int i = 0; i < 4; i++) {
        char c = p[i] | 0x20;
        if (p[i] >= '0' && p[i] <= '9')
            n = n << 4 | (p[i] - '0');
        else if (c >= 'a' && c <= 'f')
            n = n << 4 | (c - 'a' + 10);
        else
            return -1;
    }
    return n;
}

/* Length of the escape at p, or 0. */
static int escape (const char *p, const char *end)
{
    if (end - p < 2)
        return 0;
    if (p[1] != 'u')
        return p[1] && strchr ("\"\\/bfnrt", p[1]) ? 2 : 0;
    int n = end - p >= 6 ? hex4 (p + 2) : -1;
    if (n <= 0 || (n >= 0xdc00 && n < 0xe000))
        return 0;
    if (n < 0xd800 || n >= 0xe000)
        return 6;
    // the first half of a surrogate pair
    int low = end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4 (p + 8) : -1;
    return low >= 0xdc00 && low < 0xe000 ? 12 : 0;
}

/* Length of the UTF-8 character at p, which is not ASCII, or 0. */
static int utf8 (const unsigned char *p, const char *end)
{
    int len = *p >= 0xf0 ? 4 : *p >= 0xe0 ? 3 : 2;
    uint32_t n = *p & (0x7f >> len);
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};

    if (*p < 0xc2 || *p > 0xf4 || (const char *)p + len > end)
        return 0;
    for (int i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        n = n << 6 | (p[i] & 0x3f);
    }
    return n < least[len] || n > 0x10ffff || (n >= 0xd800 && n < 0xe000) ? 0 : len;
}

bool jsonscan_string (struct jsonspan *s)
{
    const char *p = s->p, *end = s->end;

    if (p == end || *p != '"')
        return false;
    for (p++; p < end;) {
        unsigned char c = *p;
        int len = 1;
        if (c == '"') {
            s->p = p + 1;
            return true;
        }
        if (c == '\\')
            len = escape (p, end);
        else if (c >= 0x80)
            len = utf8 ((const unsigned char *)p, end);
        else if (c < 0x20)
            len = 0;
        if (len == 0)
            return false;
        p += len;
    }
    return false;
}

bool jsonscan_is_environment (struct jsonspan s)
{
    if (!take (&s, '{'))
        return false;
    if (!take (&s, '}')) {
        do {
            skip_space (&s);
            const char *name = s.p;
            // an escape in a name could be anything: not looked into
            if (!jsonscan_string (&s) || s.p - name == 2 || memchr (name, '=', s.p - name) ||
                memchr (name, '\\', s.p - name) || !take (&s, ':'))
                return false;
            skip_space (&s);
            if (s.end - s.p >= 4 && memcmp (s.p, "null", 4) == 0)
                s.p += 4;
            else if (!jsonscan_string (&s))
                return false;
        } while (take (&s, ','));
        if (!take (&s, '}'))
            return false;
    }
    skip_space (&s);
    return s.p == s.end;
}
