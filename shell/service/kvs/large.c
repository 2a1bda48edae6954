/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/large.h"
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "lib/util/buf.h"

static int cut_out (struct large *large, struct buf *b, const char *s, size_t len)
{
    struct base64_slice *v = realloc (large->v, (large->count + 1) * sizeof (v[0]));
    if (!v)
        return -1;
    large->v = v;
    large->v[large->count] = (struct base64_slice){s, len};
    return buf_printf (b, "\"\\u0001%zu\"", large->count++);
}

/* The end of the string that begins behind a quote: its closing quote, or NULL. */
static const char *string_end (const char *p, const char *end, bool *escapes)
{
    *escapes = false;
    while (p < end) {
        const char *quote = memchr (p, '"', end - p);
        const char *back = memchr (p, '\\', (quote ? quote : end) - p);
        if (!back)
            return quote;
        *escapes = true;
        p = back + 2;
    }
    return NULL;
}

/* Copy the text without its large strings. What is no JSON stays none. */
static int thin (const char *text, size_t len, struct large *large, struct buf *b)
{
    const char *p = text, *end = text + len, *quote, *close;
    bool escapes;

    while ((quote = memchr (p, '"', end - p))) {
        if (!(close = string_end (quote + 1, end, &escapes)))
            break;
        if (escapes || close - quote - 1 < LARGE_MIN) {
            buf_append (b, p, close + 1 - p);
        } else {
            buf_append (b, p, quote - p);
            if (cut_out (large, b, quote + 1, close - quote - 1) < 0)
                return -1;
        }
        p = close + 1;
    }
    return buf_append (b, p, end - p);
}

json_t *large_parse (const char *text, size_t len, struct large *large)
{
    struct buf b = {0};
    json_t *o = NULL;

    memset (large, 0, sizeof (*large));
    if (thin (text, len, large, &b) < 0) {
        errno = ENOMEM;
    } else if (!(o = json_loadb (b.data ? b.data : "", b.len, 0, NULL))) {
        errno = EPROTO;
    }
    buf_clear (&b);
    if (!o)
        large_clear (large);
    return o;
}

void large_clear (struct large *large)
{
    int saved_errno = errno;
    free (large->v);
    memset (large, 0, sizeof (*large));
    errno = saved_errno;
}

struct base64_slice large_string (const struct large *large, const json_t *o)
{
    const char *s = json_string_value (o);
    if (large && s && s[0] == '\1') {
        char *end;
        unsigned long i = strtoul (s + 1, &end, 10);
        if (end > s + 1 && *end == '\0' && i < large->count)
            return large->v[i];
    }
    return (struct base64_slice){s, s ? json_string_length (o) : 0};
}
