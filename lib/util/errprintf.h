/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_ERRPRINTF_H
#define FLUX_UTIL_ERRPRINTF_H

#include <flux/types.h>

/* Format a sentence into errp, which may be NULL. Returns -1 and keeps errno, so that a failing
 * function can end with `return errprintf (errp, "...", ...)`. */
int errprintf (flux_error_t *errp, const char *fmt, ...) __attribute__ ((format (printf, 2, 3)));

#endif /* !FLUX_UTIL_ERRPRINTF_H */
