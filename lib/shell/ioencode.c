/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/ioencode.h"
#include "lib/util/base64.h"

/* The length of the character that c begins, 0 for none; *min is the least second byte. */
static int char_length (unsigned char c, unsigned char *min, unsigned char *max)
{
    *min = 0x80;
    *max = 0xbf;
    if (c < 0x80)
        return 1;
    if (c >= 0xc2 && c <= 0xdf)
        return 2;
    if (c >= 0xe0 && c <= 0xef) {
        if (c == 0xe0)
            *min = 0xa0;
        if (c == 0xed)
            *max = 0x9f; // surrogates
        return 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        if (c == 0xf0)
            *min = 0x90;
        if (c == 0xf4)
            *max = 0x8f;
        return 4;
    }
    return 0;
}

bool ioencode_is_utf8 (const char *data, size_t len, size_t *cut)
{
    const unsigned char *p = (const unsigned char *)data, *end = p + len;
    unsigned char min, max;

    if (cut)
        *cut = 0;
    while (p < end) {
        if (*p < 0x80) {
            p++;
            continue;
        }
        int n = char_length (*p, &min, &max);
        if (n == 0)
            return false;
        for (int i = 1; i < n; i++) {
            if (p + i == end) {
                if (!cut)
                    return false;
                *cut = i;
                return true;
            }
            if (p[i] < min || p[i] > max)
                return false;
            min = 0x80;
            max = 0xbf;
        }
        p += n;
    }
    return true;
}

static const char *escape (unsigned char c, char tmp[8])
{
    switch (c) {
    case '"':
        return "\\\"";
    case '\\':
        return "\\\\";
    case '\n':
        return "\\n";
    case '\r':
        return "\\r";
    case '\t':
        return "\\t";
    }
    snprintf (tmp, 8, "\\u%04x", c);
    return tmp;
}

void ioencode_string (struct buf *b, const char *data, size_t len)
{
    const char *start = data, *end = data + len;
    char tmp[8];

    buf_putc (b, '"');
    for (const char *p = data; p < end; p++) {
        unsigned char c = *p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_append (b, start, p - start);
        buf_puts (b, escape (c, tmp));
        start = p + 1;
    }
    buf_append (b, start, end - start);
    buf_putc (b, '"');
}

void ioencode_context (struct buf *b, const char *stream, const char *rank, const char *data,
                       size_t len, bool eof)
{
    buf_printf (b, "{\"stream\":\"%s\",\"rank\":\"%s\"", stream, rank);
    /* A NUL is UTF-8, but many a JSON library refuses it in a string. */
    if (len > 0 && !memchr (data, '\0', len) && ioencode_is_utf8 (data, len, NULL)) {
        buf_puts (b, ",\"data\":");
        ioencode_string (b, data, len);
    } else if (len > 0) {
        buf_puts (b, ",\"encoding\":\"base64\",\"data\":\"");
        base64_append (b, data, len);
        buf_putc (b, '"');
    }
    buf_puts (b, eof ? ",\"eof\":true}" : "}");
}

void ioencode_event (struct buf *b, double timestamp, const char *stream, const char *rank,
                     const char *data, size_t len, bool eof)
{
    buf_printf (b, "{\"timestamp\":%.6f,\"name\":\"data\",\"context\":", timestamp);
    ioencode_context (b, stream, rank, data, len, eof);
    buf_puts (b, "}\n");
}

static char *copy_data (const char *s, size_t len, const char *encoding, size_t *lenp)
{
    if (encoding && !strcmp (encoding, "base64"))
        return base64_decode_alloc (s, len, lenp);
    if (encoding && strcmp (encoding, "UTF-8") != 0)
        return NULL;
    char *copy = malloc (len + 1);
    if (copy) {
        memcpy (copy, s, len);
        copy[len] = '\0';
        *lenp = len;
    }
    return copy;
}

int ioencode_decode (json_t *o, const char **stream, const char **rank, char **datap, size_t *lenp,
                     bool *eofp)
{
    const char *st = NULL, *ra = NULL, *encoding = NULL, *data = NULL;
    size_t len = 0, outlen = 0;
    int eof = 0;

    if (json_unpack (o, "{s:s s:s s?s s?s% s?b}", "stream", &st, "rank", &ra, "encoding", &encoding,
                     "data", &data, &len, "eof", &eof) < 0)
        goto proto;
    char *copy = data ? copy_data (data, len, encoding, &outlen) : NULL;
    if (data && !copy)
        goto proto;
    if (stream)
        *stream = st;
    if (rank)
        *rank = ra;
    if (lenp)
        *lenp = outlen;
    if (eofp)
        *eofp = eof;
    if (datap)
        *datap = copy;
    else
        free (copy);
    return 0;
proto:
    errno = EPROTO;
    return -1;
}
