/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "lib/job/eventlog.h"
#include "lib/job/jsonscan.h"
#include "lib/job/logtext.h"
#include "lib/util/base64.h"
#include "shell/service/step/output.h"

/* Output is nearly always this: strings without escapes but for the data, which are text. */
static bool scan_data (struct buf *b, const char *line, size_t len)
{
    struct jsonspan o = {line, line + len}, v;
    struct slice name, stream, rank;

    if (!jsonscan_member (o, "name", &v) || !jsonscan_plain (&v, &name) ||
        !slice_is (&name, "data") || !jsonscan_member (o, "context", &o) ||
        !jsonscan_member (o, "stream", &v) || !jsonscan_plain (&v, &stream) ||
        !jsonscan_member (o, "rank", &v) || !jsonscan_plain (&v, &rank) ||
        jsonscan_member (o, "encoding", &v) || !jsonscan_member (o, "data", &v))
        return false;
    buf_putc (b, slice_is (&stream, "stderr") ? 'e' : 'o');
    buf_append (b, rank.p, rank.len);
    buf_putc (b, '\0');
    if (jsonscan_decode (v, b))
        return true;
    buf_reset (b);
    return false;
}

static void put_data (struct buf *b, json_t *context)
{
    const char *stream = "stdout", *rank = "", *encoding = "", *data = NULL;
    size_t len = 0;
    char *own = NULL;

    if (json_unpack (context, "{s:s s:s s:s% s?s}", "stream", &stream, "rank", &rank, "data", &data,
                     &len, "encoding", &encoding) < 0)
        return; // the end of a stream
    if (strcmp (encoding, "base64") == 0)
        data = own = base64_decode_alloc (data, len, &len);
    buf_putc (b, strcmp (stream, "stderr") == 0 ? 'e' : 'o');
    buf_append (b, rank, strlen (rank) + 1);
    if (data)
        buf_append (b, data, len);
    free (own);
}

/* The beginning and the end of a stream, and where it went. */
static bool shows_nothing (const char *line, size_t len)
{
    struct jsonspan o = {line, line + len}, v;
    struct slice name;

    if (!jsonscan_member (o, "name", &v) || !jsonscan_plain (&v, &name))
        return false;
    if (slice_is (&name, "data"))
        return jsonscan_member (o, "context", &o) && !jsonscan_member (o, "data", &v);
    return !slice_is (&name, "log");
}

void step_output (struct buf *b, const char *line, size_t len, double t0)
{
    json_t *entry, *context;
    const char *name;
    double t;

    if (shows_nothing (line, len) || scan_data (b, line, len) ||
        !(entry = eventlog_entry_decode (line, len, NULL)))
        return;
    if (eventlog_entry_parse (entry, &t, &name, &context) == 0 && context) {
        if (strcmp (name, "data") == 0)
            put_data (b, context);
        else if (strcmp (name, "log") == 0) {
            buf_putc (b, 'm');
            logtext_append (b, t - t0, context, false);
        }
    }
    json_decref (entry);
}

void step_exception (struct buf *b, const char *entry, const char *idtext, double t0, int *severity)
{
    json_t *o = eventlog_entry_decode (entry, strlen (entry), NULL), *context;
    const char *type = "", *note = "";
    double t;

    *severity = 0;
    if (o && eventlog_entry_parse (o, &t, NULL, &context) == 0) {
        json_unpack (context, "{s?s s?i s?s}", "type", &type, "severity", severity, "note", &note);
        buf_printf (b, "m%.3fs: job.exception %s type=%s severity=%d %s\n", t - t0, idtext, type,
                    *severity, note);
    }
    json_decref (o);
}
