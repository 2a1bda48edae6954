/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/fsd.h"

#define MINUTE 60.
#define HOUR (60. * MINUTE)
#define DAY (24. * HOUR)

static const struct {
    const char *suffix;
    double seconds;
} units[] = {{"", 1}, {"ms", 1E-3}, {"s", 1}, {"m", MINUTE}, {"h", HOUR}, {"d", DAY}};

static int invalid (void)
{
    errno = EINVAL;
    return -1;
}

int fsd_parse_duration (const char *s, double *seconds)
{
    char *end;

    if (!s || !seconds || isspace ((unsigned char)*s))
        return invalid ();
    double d = strtod (s, &end);
    if (end == s || isnan (d) || signbit (d) || (isinf (d) && *end))
        return invalid ();
    for (size_t i = 0; i < sizeof (units) / sizeof (units[0]); i++) {
        if (strcmp (end, units[i].suffix) == 0) {
            *seconds = d * units[i].seconds;
            return 0;
        }
    }
    return invalid ();
}

int fsd_format_duration_ex (char *buf, size_t size, double seconds, int precision)
{
    if (!buf || size == 0 || isnan (seconds) || seconds < 0)
        return invalid ();
    if (isinf (seconds))
        return snprintf (buf, size, "infinity");
    if (seconds < 0.1 && seconds != 0) // 62.1ms reads better than 0.0621s
        return snprintf (buf, size, "%.*gms", precision, seconds * 1000);
    if (seconds < MINUTE)
        return snprintf (buf, size, "%.*gs", precision, seconds);
    if (seconds < HOUR)
        return snprintf (buf, size, "%.*gm", precision, seconds / MINUTE);
    if (seconds < DAY)
        return snprintf (buf, size, "%.*gh", precision, seconds / HOUR);
    return snprintf (buf, size, "%.*gd", precision, seconds / DAY);
}

int fsd_format_duration (char *buf, size_t size, double seconds)
{
    return fsd_format_duration_ex (buf, size, seconds, 6);
}
