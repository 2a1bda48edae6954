/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the decoders of this folder share. */

#ifndef FLUX_JOB_DECODE_H
#define FLUX_JOB_DECODE_H

#include <jansson.h>
#include <stddef.h>
#include <flux/types.h>

/* Sets errno to EINVAL and errp to "what: ...". Returns -1. */
int decode_invalid (flux_error_t *errp, const char *what, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

/* JSON text of at most max bytes. NULL with EFBIG or EINVAL and a sentence. */
json_t *decode_json (const char *s, size_t len, size_t max, const char *what, flux_error_t *errp);

/* json_decref() that keeps errno. */
void decode_json_free (json_t *o);

#endif /* !FLUX_JOB_DECODE_H */
