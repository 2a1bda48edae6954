/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Durations as people write them (RFC 23): "30s", "1.5h", "2ms", "inf". */

#ifndef FLUX_UTIL_FSD_H
#define FLUX_UTIL_FSD_H

#include <stddef.h>

/* Seconds; INFINITY for "inf". EINVAL. */
int fsd_parse_duration (const char *s, double *seconds);

/* As options and configuration have it: text as above, or a number of seconds that is not negative.
 * EINVAL. */
struct json_t;
int fsd_from_json (const struct json_t *o, double *seconds);

/* In the largest unit that gives at least 1, with up to `precision` digits (fsd_format_duration:
 * 6). Returns the length as snprintf() does, or -1 with EINVAL. */
int fsd_format_duration (char *buf, size_t size, double seconds);
int fsd_format_duration_ex (char *buf, size_t size, double seconds, int precision);

#endif /* !FLUX_UTIL_FSD_H */
