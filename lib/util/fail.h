/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Returning with errno. */

#ifndef FLUX_UTIL_FAIL_H
#define FLUX_UTIL_FAIL_H

#include <errno.h>
#include <stddef.h>

static inline int fail (int errnum)
{
    errno = errnum;
    return -1;
}

static inline void *fail_null (int errnum)
{
    errno = errnum;
    return NULL;
}

#endif /* !FLUX_UTIL_FAIL_H */
