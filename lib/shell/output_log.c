/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The eventlog guest.output (RFC 24). */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "lib/job/jsonbuf.h"
#include "lib/job/logtext.h"
#include "lib/shell/ioencode.h"
#include "lib/shell/output_private.h"

void output_post_header (struct output *out)
{
    struct buf b = {0};
    int n = output_info (out)->ntasks;

    buf_printf (&b,
                "{\"version\":1,\"encoding\":{\"stdout\":\"UTF-8\",\"stderr\":\"UTF-8\"},"
                "\"count\":{\"stdout\":%d,\"stderr\":%d},\"options\":{}}",
                n, n);
    joblog_event (out->config.log, JOBLOG_OUTPUT, 0., "header", b.data);
    buf_clear (&b);
}

void output_post_redirect (struct output *out, const char *stream, const char *rank,
                           const char *path)
{
    struct buf b = {0};

    buf_printf (&b, "{\"stream\":\"%s\",\"rank\":\"%s\",\"path\":", stream, rank);
    jsonbuf_string (&b, path, strlen (path));
    buf_putc (&b, '}');
    joblog_event (out->config.log, JOBLOG_OUTPUT, 0., "redirect", b.data);
    buf_clear (&b);
}

/* Where stderr is in a file, who looks for what went wrong looks there. */
static void log_to_file (struct output *out, const char *context)
{
    json_t *o = out->error_file ? json_loads (context, 0, NULL) : NULL;
    struct buf b = {0};

    if (!o)
        return;
    logtext_message (&b, o, false);
    outfile_write (out->error_file, NULL, b.data, b.len);
    buf_clear (&b);
    json_decref (o);
}

void output_log (struct output *out, int level, const char *fmt, ...)
{
    struct buf b = {0};
    char text[1024];
    va_list ap;

    va_start (ap, fmt);
    int n = vsnprintf (text, sizeof (text), fmt, ap);
    va_end (ap);
    if (n < 0)
        return;
    buf_printf (&b, "{\"rank\":%d,\"level\":%d,\"message\":", output_info (out)->shell_rank, level);
    jsonbuf_string (&b, text, strlen (text));
    buf_putc (&b, '}');
    joblog_event (out->config.log, JOBLOG_OUTPUT, 0., "log", b.data);
    log_to_file (out, b.data);
    buf_clear (&b);
}

/* True when the eventlog takes len more bytes of this stream. */
static bool within_limit (struct output *out, const char *stream, size_t len)
{
    size_t *sum = &out->logged[!strcmp (stream, "stderr")];
    size_t limit = out->config.conf.limit;
    bool fits = *sum + len <= limit;

    if (!fits && *sum <= limit)
        output_log (out, LOG_WARNING, "%s will be truncated, limit of %zu bytes exceeded", stream,
                    limit);
    *sum += len;
    return fits;
}

/* Jobs with more than one task get one event per line, for clients that put the rank before each
 * event; with one task nobody does, and a whole read is one event. */
void output_log_data (struct output *out, const char *stream, const char *rank, const char *data,
                      size_t len)
{
    struct buf *b = joblog_buf (out->config.log, JOBLOG_OUTPUT);
    double now = ev_now (out->loop);

    if (!within_limit (out, stream, len))
        return;
    while (len > 0) {
        const char *nl = output_info (out)->ntasks > 1 ? memchr (data, '\n', len) : NULL;
        size_t n = nl ? (size_t)(nl - data) + 1 : len;
        ioencode_event (b, now, stream, rank, data, n, false);
        data += n;
        len -= n;
    }
    joblog_added (out->config.log);
}

void output_log_eof (struct output *out, const char *stream, const char *rank)
{
    ioencode_event (joblog_buf (out->config.log, JOBLOG_OUTPUT), ev_now (out->loop), stream, rank,
                    NULL, 0, true);
    joblog_added (out->config.log);
}
