/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A wait status as the exit code that a shell makes of it: 128 and the signal that ended it. */

#ifndef FLUX_UTIL_WAITCODE_H
#define FLUX_UTIL_WAITCODE_H

#include <sys/wait.h>

static inline int waitcode (int status)
{
    return WIFSIGNALED (status) ? 128 + WTERMSIG (status) : WEXITSTATUS (status);
}

#endif /* !FLUX_UTIL_WAITCODE_H */
