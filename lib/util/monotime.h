/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_MONOTIME_H
#define FLUX_UTIL_MONOTIME_H

#include <time.h>

/* Seconds of the monotonic clock. */
static inline double monotime_now (void)
{
    struct timespec ts;
    clock_gettime (CLOCK_MONOTONIC, &ts);
    return ts.tv_sec + ts.tv_nsec * 1e-9;
}

/* Seconds since the epoch, as in eventlogs (RFC 18). */
static inline double walltime_now (void)
{
    struct timespec ts;
    clock_gettime (CLOCK_REALTIME, &ts);
    return ts.tv_sec + ts.tv_nsec * 1e-9;
}

#endif /* !FLUX_UTIL_MONOTIME_H */
