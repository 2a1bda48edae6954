/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Times as eventlogs (RFC 18) and R (RFC 20) write them: seconds with six decimals. A tenth of the
 * price of printf, of which a job pays a dozen. */

#ifndef FLUX_UTIL_STAMP_H
#define FLUX_UTIL_STAMP_H

#include <stdint.h>

#define STAMP_SIZE 32

/* Writes "1552593348.073045" with its NUL and returns the length. Below 0 counts as 0. */
static inline int stamp_format (char buf[STAMP_SIZE], double t)
{
    uint64_t micro = t > 0 && t < 1e12 ? (uint64_t)(t * 1e6 + .5) : 0;
    char digits[24];
    int n = 0, len = 0;

    for (int i = 0; i < 7 || micro > 0; i++) { // at least one before the point
        digits[n++] = '0' + micro % 10;
        micro /= 10;
    }
    while (n > 0) {
        if (n == 6)
            buf[len++] = '.';
        buf[len++] = digits[--n];
    }
    buf[len] = '\0';
    return len;
}

#endif /* !FLUX_UTIL_STAMP_H */
