/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/base64.h"
#include "shell/cmd/iodata.h"

int iodata_decode (struct iodata *io, const json_t *context)
{
    const json_t *data = json_object_get (context, "data");
    const char *encoding = json_string_value (json_object_get (context, "encoding"));

    *io = (struct iodata){
        .stream = json_string_value (json_object_get (context, "stream")),
        .rank = json_string_value (json_object_get (context, "rank")),
        .data = json_string_value (data),
        .len = json_string_length (data),
        .eof = json_is_true (json_object_get (context, "eof")),
    };
    if (!io->stream || !io->rank || (!io->data && !io->eof)) {
        errno = EPROTO;
        return -1;
    }
    if (io->data && encoding && strcmp (encoding, "base64") == 0) {
        if (!(io->own = base64_decode_alloc (io->data, io->len, &io->len)))
            return -1;
        io->data = io->own;
    }
    return 0;
}

void iodata_clear (struct iodata *io)
{
    free (io->own);
    io->own = NULL;
    io->data = NULL;
}

void iodata_print (FILE *f, const struct iodata *io, const char *label)
{
    const char *p = io->data, *end = p + io->len;

    while (io->data && p < end) {
        const char *nl = label ? memchr (p, '\n', end - p) : NULL;
        size_t n = nl ? (size_t)(nl + 1 - p) : (size_t)(end - p);
        if (label)
            fputs (label, f);
        fwrite (p, 1, n, f);
        p += n;
    }
}

json_t *iodata_encode (const char *stream, const char *rank, const void *data, size_t len, bool eof)
{
    json_t *o = json_pack ("{s:s s:s}", "stream", stream, "rank", rank);
    json_t *text;

    if (data && len > 0) {
        if (!(text = json_stringn (data, len))) { // bytes that are not UTF-8
            char *b64 = base64_encode_alloc (data, len);
            text = b64 ? json_string (b64) : NULL;
            free (b64);
            json_object_set_new (o, "encoding", json_string ("base64"));
        }
        json_object_set_new (o, "data", text);
    }
    if (eof)
        json_object_set_new (o, "eof", json_true ());
    return o;
}
