/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Data events of task I/O (RFC 24). */

#ifndef FLUX_SHELL_IOENCODE_H
#define FLUX_SHELL_IOENCODE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/util/buf.h"

/* Append the context of a data event: {"stream":..,"rank":..,"data":..}, where data that is no
 * UTF-8 goes as base64 with an "encoding". With eof set, "eof":true is in it, and with len 0 no
 * "data". stream and rank are plain words. */
void ioencode_context (struct buf *b, const char *stream, const char *rank, const char *data,
                       size_t len, bool eof);

/* Append a whole data event, with the newline that ends it. */
void ioencode_event (struct buf *b, double timestamp, const char *stream, const char *rank,
                     const char *data, size_t len, bool eof);

/* Take apart a context. Pointers belong to o, but for *datap, which the caller frees (NULL without
 * data). -1 with EPROTO. Any of the pointers may be NULL. */
int ioencode_decode (json_t *o, const char **stream, const char **rank, char **datap, size_t *lenp,
                     bool *eof);

#endif /* !FLUX_SHELL_IOENCODE_H */
