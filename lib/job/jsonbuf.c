/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonbuf.h"

void jsonbuf_string (struct buf *b, const char *s, size_t len)
{
    const char *end = s + len, *plain = s;

    buf_putc (b, '"');
    for (; s < end; s++) {
        unsigned char c = *s;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append (b, plain, s - plain);
        plain = s + 1;
        if (c == '"' || c == '\\')
            buf_printf (b, "\\%c", c);
        else if (c == '\n')
            buf_puts (b, "\\n");
        else if (c == '\t')
            buf_puts (b, "\\t");
        else
            buf_printf (b, "\\u%04x", c);
    }
    buf_append (b, plain, s - plain);
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

static int put (const char *data, size_t len, void *arg)
{
    return buf_append (arg, data, len);
}

void jsonbuf_json (struct buf *b, const json_t *o)
{
    if (json_dump_callback (o, put, b, JSON_COMPACT | JSON_ENCODE_ANY) < 0 && !b->err)
        b->err = ENOMEM;
}
