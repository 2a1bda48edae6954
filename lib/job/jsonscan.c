/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonscan.h"
#include "lib/util/utf8.h"

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

    if (!jsonscan_eat (&s, '{'))
        return false;
    do {
        jsonscan_blank (&s);
        const char *name = s.p;
        if (s.p == s.end || *s.p != '"' || !skip_string (&s))
            return false;
        bool found = (size_t)(s.p - name) == len + 2 && memcmp (name + 1, key, len) == 0;
        if (!jsonscan_eat (&s, ':'))
            return false;
        jsonscan_blank (&s);
        const char *begin = s.p;
        if (!skip_value (&s))
            return false;
        if (found) {
            *value = (struct jsonspan){begin, s.p};
            any = true;
        }
    } while (jsonscan_eat (&s, ','));
    return any && jsonscan_eat (&s, '}');
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

bool jsonscan_string (struct jsonspan *s)
{
    const char *p = s->p, *end = s->end;

    if (p == end || *p != '"')
        return false;
    for (p++; p < end;) {
        p = utf8_skip_plain (p, end, UTF8_HIGH);
        if (p == end)
            break;
        size_t len = 0;
        if (*p == '"') {
            s->p = p + 1;
            return true;
        }
        if (*p == '\\')
            len = escape (p, end);
        else if (*p & 0x80)
            len = utf8_length (p, end);
        if (len == 0)
            return false;
        p += len;
    }
    return false;
}

static size_t put_utf8 (char *out, uint32_t n)
{
    if (n < 0x80) {
        out[0] = n;
        return 1;
    }
    size_t len = n < 0x800 ? 2 : n < 0x10000 ? 3 : 4;
    for (size_t i = len - 1; i > 0; i--, n >>= 6)
        out[i] = 0x80 | (n & 0x3f);
    out[0] = (0xf00 >> len) | n;
    return len;
}

/* What a valid escape stands for. */
static size_t put_unescaped (char *out, const char *p)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";

    if (p[1] != 'u') {
        out[0] = to[strchr (from, p[1]) - from];
        return 1;
    }
    uint32_t n = hex4 (p + 2);
    if (n >= 0xd800 && n < 0xdc00)
        n = 0x10000 + ((n - 0xd800) << 10) + (hex4 (p + 8) - 0xdc00);
    return put_utf8 (out, n);
}

/* What was decoded is never longer than its text. */
bool jsonscan_decode (struct jsonspan s, struct buf *b)
{
    const char *p = s.p + 1, *end = s.end;

    if (end - s.p < 2 || *s.p != '"' || buf_reserve (b, end - s.p) < 0)
        return false;
    for (char *out = b->data + b->len;;) {
        const char *plain = p;
        p = utf8_skip_plain (p, end, UTF8_HIGH);
        size_t len = p - plain;
        memcpy (out, plain, len);
        out += len;
        if (p == end)
            return false;
        if (*p == '"') {
            b->len = out - b->data;
            *out = '\0';
            return p + 1 == end;
        }
        if (*p == '\\') {
            if ((len = escape (p, end)) > 0)
                out += put_unescaped (out, p);
        } else if ((len = *p & 0x80 ? utf8_length (p, end) : 0) > 0) {
            memcpy (out, p, len);
            out += len;
        }
        if (len == 0)
            return false;
        p += len;
    }
}

bool jsonscan_integer (struct jsonspan s, int64_t *value)
{
    char text[24], *tail;
    size_t len = s.end - s.p;

    while (len > 0 && strchr (" \t\r\n", s.p[len - 1]))
        len--;
    if (len == 0 || len >= sizeof (text))
        return false;
    memcpy (text, s.p, len);
    text[len] = '\0';
    errno = 0;
    *value = strtoll (text, &tail, 10);
    return errno == 0 && *tail == '\0';
}

bool jsonscan_is_environment (struct jsonspan s)
{
    if (!jsonscan_eat (&s, '{'))
        return false;
    if (!jsonscan_eat (&s, '}')) {
        do {
            jsonscan_blank (&s);
            const char *name = s.p;
            // an escape in a name could be anything: not looked into
            if (!jsonscan_string (&s) || s.p - name == 2 || memchr (name, '=', s.p - name) ||
                memchr (name, '\\', s.p - name) || !jsonscan_eat (&s, ':'))
                return false;
            jsonscan_blank (&s);
            if (s.end - s.p >= 4 && memcmp (s.p, "null", 4) == 0)
                s.p += 4;
            else if (!jsonscan_string (&s))
                return false;
        } while (jsonscan_eat (&s, ','));
        if (!jsonscan_eat (&s, '}'))
            return false;
    }
    jsonscan_blank (&s);
    return s.p == s.end;
}
