/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "lib/util/errprintf.h"

int errprintf (flux_error_t *errp, const char *fmt, ...)
{
    if (errp) {
        int saved_errno = errno;
        flux_error_t out; // fmt's arguments may point into errp itself
        va_list ap;

        va_start (ap, fmt);
        int n = vsnprintf (out.text, sizeof (out.text), fmt, ap);
        va_end (ap);
        if (n >= (int)sizeof (out.text))
            out.text[sizeof (out.text) - 2] = '+';
        *errp = out;
        errno = saved_errno;
    }
    return -1;
}
