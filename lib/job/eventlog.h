/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Event logs (RFC 18): JSON objects {"timestamp":1.5,"name":"start","context":{...}}, one in a
 * line.
 *
 * Entries are written straight into a buffer; reading goes line by line. A timestamp of 0 or less
 * given to a writer means now. */

#ifndef FLUX_JOB_EVENTLOG_H
#define FLUX_JOB_EVENTLOG_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <flux/types.h>

#include "lib/util/buf.h"

/* Append an entry with its newline. `context` is the text of a JSON object or NULL; it is taken as
 * it is, and must hold no newline. Returns -1 with errno; the buffer is then as it was. */
int eventlog_append (struct buf *b, double timestamp, const char *name, const char *context);

/* The same with a context made by json_pack(), or NULL. */
int eventlog_append_json (struct buf *b, double timestamp, const char *name, const json_t *context);
int eventlog_append_pack (struct buf *b, double timestamp, const char *name, const char *fmt, ...);

/* Append an entry that is at hand as JSON. */
int eventlog_append_entry (struct buf *b, const json_t *entry);

/* Take the next whole line off a text: *p and *left move past its newline. False when no newline is
 * left; what remains may be the beginning of a line. */
bool eventlog_next_line (const char **p, size_t *left, const char **line, size_t *len);

/* Decode one line, with or without its newline. NULL with EINVAL (no such object), EFBIG. */
json_t *eventlog_entry_decode (const char *line, size_t len, flux_error_t *errp);

/* The parts of an entry, borrowed from it; context is NULL if there is none. -1 with EINVAL. Each
 * pointer may be NULL. */
int eventlog_entry_parse (const json_t *entry, double *timestamp, const char **name,
                          json_t **context);

/* A whole log as an array of entries. A last line without a newline is an error. */
json_t *eventlog_decode (const char *s, size_t len, flux_error_t *errp);

#endif /* !FLUX_JOB_EVENTLOG_H */
