/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* JSON text straight into a buffer. Errors stick in the buffer. */

#ifndef FLUX_JOB_JSONBUF_H
#define FLUX_JOB_JSONBUF_H

#include <stddef.h>

#include "lib/util/buf.h"

struct json_t; // jansson's, for jsonbuf_value.c alone

/* A quoted string; control characters, quotes and backslashes are escaped. */
void jsonbuf_string (struct buf *b, const char *s, size_t len);
void jsonbuf_str (struct buf *b, const char *s);

/* A number, so that it reads back as the same double, and with a decimal point. */
void jsonbuf_real (struct buf *b, double d);

/* Compact text of a value. */
void jsonbuf_json (struct buf *b, const struct json_t *o);

#endif /* !FLUX_JOB_JSONBUF_H */
