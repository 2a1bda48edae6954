/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/job/decode.h"
#include "lib/util/errprintf.h"

int decode_invalid (flux_error_t *errp, const char *what, const char *fmt, ...)
{
    flux_error_t text;
    va_list ap;

    va_start (ap, fmt);
    vsnprintf (text.text, sizeof (text.text), fmt, ap);
    va_end (ap);
    errno = EINVAL;
    return errprintf (errp, "%s: %s", what, text.text);
}

json_t *decode_json (const char *s, size_t len, size_t max, const char *what, flux_error_t *errp)
{
    json_error_t error = {.text = "no text"};

    if (len > max) {
        errno = EFBIG;
        errprintf (errp, "%s: %zu bytes are too many", what, len);
        return NULL;
    }
    json_t *o = s ? json_loadb (s, len, 0, &error) : NULL;
    if (!o)
        decode_invalid (errp, what, "%s", error.text);
    return o;
}

void decode_json_free (json_t *o)
{
    int saved_errno = errno;
    json_decref (o);
    errno = saved_errno;
}
