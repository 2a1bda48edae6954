/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Metrics for a statsd server. Where the environment variable FLUX_FRIPP_STATSD does not name one
 * as HOST:PORT (a number, or [IPv6]; UDP) all of these do nothing.
 *
 * What is set within a period (1 s) is sent at its end, once for each name; that needs the reactor
 * of the handle to run. With a period of 0 each call sends at once. */

#ifndef FLUX_STATS_H
#define FLUX_STATS_H

#include <stdbool.h>
#include <sys/types.h>
#include <flux/handle.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A counter that only grows: the server takes the difference to what was sent before. */
FLUX_EXPORT void flux_stats_count (flux_t *h, const char *name, ssize_t count);

/* A value that holds until the next one, set or changed by an amount. */
FLUX_EXPORT void flux_stats_gauge_set (flux_t *h, const char *name, ssize_t value);
FLUX_EXPORT void flux_stats_gauge_inc (flux_t *h, const char *name, ssize_t inc);

/* How long something took, in milliseconds. */
FLUX_EXPORT void flux_stats_timing (flux_t *h, const char *name, double ms);

FLUX_EXPORT void flux_stats_set_period (flux_t *h, double period);

/* What stands before all names, "flux.{{rank}}" unless set; {{rank}} becomes the broker's rank. Cut
 * after 127 characters. */
FLUX_EXPORT void flux_stats_set_prefix (flux_t *h, const char *fmt, ...)
    __attribute__ ((format (printf, 2, 3)));

/* Is there a server; and is this name waiting to be sent, or was it before (NULL: any)? */
FLUX_EXPORT bool flux_stats_enabled (flux_t *h, const char *metric);

#ifdef __cplusplus
}
#endif

#endif /* !FLUX_STATS_H */
