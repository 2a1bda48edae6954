/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <string.h>

#include "lib/job/eventlog.h"
#include "lib/job/jsonbuf.h"
#include "lib/job/limits.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"

static int begin (struct buf *b, double timestamp, const char *name)
{
    if (!name || isnan (timestamp) || isinf (timestamp)) {
        errno = EINVAL;
        return -1;
    }
    buf_puts (b, "{\"timestamp\":");
    buf_printf (b, "%.6f", timestamp > 0 ? timestamp : walltime_now ());
    buf_puts (b, ",\"name\":");
    jsonbuf_str (b, name);
    return 0;
}

/* Close the entry that began at `start`, or take it back if something failed. */
static int end (struct buf *b, size_t start)
{
    buf_puts (b, "}\n");
    if (!b->err && b->len - start > EVENTLOG_ENTRY_MAX)
        b->err = EFBIG;
    if (b->err) {
        int err = b->err;
        b->len = start;
        if (b->data)
            b->data[start] = '\0';
        b->err = 0;
        errno = err;
        return -1;
    }
    return 0;
}

/* The context is text, or JSON, or there is none. */
static int append (struct buf *b, double timestamp, const char *name, const char *text,
                   const json_t *json)
{
    size_t start = b->len;

    if (begin (b, timestamp, name) < 0)
        return -1;
    if (text || json)
        buf_puts (b, ",\"context\":");
    if (text)
        buf_puts (b, text);
    if (json)
        jsonbuf_json (b, json);
    return end (b, start);
}

int eventlog_append (struct buf *b, double timestamp, const char *name, const char *context)
{
    if (context && strchr (context, '\n')) {
        errno = EINVAL;
        return -1;
    }
    return append (b, timestamp, name, context, NULL);
}

int eventlog_append_json (struct buf *b, double timestamp, const char *name, const json_t *context)
{
    if (context && !json_is_object (context)) {
        errno = EINVAL;
        return -1;
    }
    return append (b, timestamp, name, NULL, context);
}

int eventlog_append_pack (struct buf *b, double timestamp, const char *name, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    json_t *context = json_vpack_ex (NULL, 0, fmt, ap);
    va_end (ap);
    if (!context) {
        errno = EINVAL;
        return -1;
    }
    int rc = eventlog_append_json (b, timestamp, name, context);
    int saved_errno = errno;
    json_decref (context);
    errno = saved_errno;
    return rc;
}

int eventlog_append_entry (struct buf *b, const json_t *entry)
{
    double timestamp;
    const char *name;
    json_t *context;

    if (eventlog_entry_parse (entry, &timestamp, &name, &context) < 0)
        return -1;
    return eventlog_append_json (b, timestamp, name, context);
}

bool eventlog_next_line (const char **p, size_t *left, const char **line, size_t *len)
{
    const char *newline = *left > 0 ? memchr (*p, '\n', *left) : NULL;

    if (!newline)
        return false;
    *line = *p;
    *len = newline - *p;
    *p = newline + 1;
    *left -= *len + 1;
    return true;
}

int eventlog_entry_parse (const json_t *entry, double *timestamp, const char **name,
                          json_t **context)
{
    json_t *t = json_object_get (entry, "timestamp"), *n = json_object_get (entry, "name");
    json_t *c = json_object_get (entry, "context");

    if (!json_is_number (t) || json_number_value (t) <= 0 || !json_is_string (n) ||
        (c && !json_is_object (c))) {
        errno = EINVAL;
        return -1;
    }
    if (timestamp)
        *timestamp = json_number_value (t);
    if (name)
        *name = json_string_value (n);
    if (context)
        *context = c;
    return 0;
}

json_t *eventlog_entry_decode (const char *line, size_t len, flux_error_t *errp)
{
    json_error_t error;

    if (len > EVENTLOG_ENTRY_MAX) {
        errno = EFBIG;
        errprintf (errp, "event of %zu bytes is too large", len);
        return NULL;
    }
    json_t *entry = line ? json_loadb (line, len, 0, &error) : NULL;
    if (entry && eventlog_entry_parse (entry, NULL, NULL, NULL) == 0)
        return entry;
    errno = EINVAL;
    errprintf (errp, "event: %s",
               entry || !line ? "not an object with a timestamp and a name" : error.text);
    json_decref (entry);
    return NULL;
}

json_t *eventlog_decode (const char *s, size_t len, flux_error_t *errp)
{
    json_t *log = json_array ();
    const char *line;
    size_t n;

    while (log && eventlog_next_line (&s, &len, &line, &n)) {
        json_t *entry = eventlog_entry_decode (line, n, errp);
        if (!entry || json_array_append_new (log, entry) < 0)
            goto error;
    }
    if (len > 0) {
        errno = EINVAL;
        errprintf (errp, "eventlog: its last line has no end");
        goto error;
    }
    return log;
error:;
    int saved_errno = errno;
    json_decref (log);
    errno = saved_errno;
    return NULL;
}
