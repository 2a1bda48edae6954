/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonbuf.h"
#include "lib/util/utf8.h"

/* Longest is \u0000. */
static size_t put_escape (char *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    char letter = c == '"' || c == '\\' ? c
                  : c == '\n'           ? 'n'
                  : c == '\t'           ? 't'
                  : c == '\r'           ? 'r'
                                        : 0;

    if (letter) {
        out[0] = '\\';
        out[1] = letter;
        return 2;
    }
    memcpy (out, "\\u00", 4);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

void jsonbuf_string (struct buf *b, const char *s, size_t len)
{
    const char *end = s + len;

    buf_putc (b, '"');
    while (s < end) {
        const char *plain = s;
        s = utf8_skip_plain (s, end, 0);
        if (buf_reserve (b, s - plain + 7) < 0)
            return;
        memcpy (b->data + b->len, plain, s - plain);
        b->len += s - plain;
        if (s < end)
            b->len += put_escape (b->data + b->len, *s++);
    }
    buf_putc (b, '"');
}

void jsonbuf_str (struct buf *b, const char *s)
{
    jsonbuf_string (b, s, strlen (s));
}

void jsonbuf_real (struct buf *b, double d)
{
    char text[40];

    for (int digits = 15; digits <= 17; digits++) {
        snprintf (text, sizeof (text), "%.*g", digits, d);
        if (strtod (text, NULL) == d)
            break;
    }
    buf_puts (b, text);
    if (!strpbrk (text, ".e"))
        buf_puts (b, ".0");
}
