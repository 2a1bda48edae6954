/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/jsonbuf.h"
#include "lib/shell/ioencode.h"
#include "lib/util/base64.h"
#include "lib/util/utf8.h"

void ioencode_context (struct buf *b, const char *stream, const char *rank, const char *data,
                       size_t len, bool eof)
{
    buf_printf (b, "{\"stream\":\"%s\",\"rank\":\"%s\"", stream, rank);
    /* A NUL is UTF-8, but many a JSON library refuses it in a string. */
    if (len > 0 && !memchr (data, '\0', len) && utf8_valid (data, len, NULL)) {
        buf_puts (b, ",\"data\":");
        jsonbuf_string (b, data, len);
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
