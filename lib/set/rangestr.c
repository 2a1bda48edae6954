/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/set/rangestr.h"

static bool is_digit (char c)
{
    return c >= '0' && c <= '9';
}

/* The number at *pp, which is moved past it; its digits, or -1. */
static int take_number (const char **pp, const char *end, uint64_t *np)
{
    const char *p = *pp;
    uint64_t n = 0;

    while (p < end && is_digit (*p) && p - *pp < RANGESTR_MAX_DIGITS)
        n = n * 10 + (*p++ - '0');
    int digits = p - *pp;
    if (digits == 0 || (p < end && is_digit (*p)))
        return -1;
    *pp = p;
    *np = n;
    return digits;
}

static int parse_elem (struct rangestr_elem *e)
{
    const char *p = e->s, *end = e->s + e->len;

    if ((e->width = take_number (&p, end, &e->lo)) < 0)
        return -1;
    e->padded = e->width > 1 && *e->s == '0';
    e->hi = e->lo;
    e->range = p < end && *p == '-';
    if (e->range) {
        const char *hi = ++p;
        int digits = take_number (&p, end, &e->hi);
        if (digits < 0)
            return -1;
        if (digits > 1 && *hi == '0')
            e->padded = true;
    }
    return p == end ? 0 : -1;
}

int rangestr_next (struct rangestr *rs, struct rangestr_elem *e)
{
    while (rs->p < rs->end && *rs->p == ',')
        rs->p++;
    if (rs->p == rs->end)
        return 0;
    const char *comma = memchr (rs->p, ',', rs->end - rs->p);
    e->s = rs->p;
    e->len = (comma ? comma : rs->end) - rs->p;
    rs->p += e->len;
    if (parse_elem (e) < 0) {
        errno = EINVAL;
        return -1;
    }
    return 1;
}

int rangestr_digits (uint64_t n)
{
    int digits = 1;

    while (n >= 10) {
        n /= 10;
        digits++;
    }
    return digits;
}

int rangestr_put (char *dst, uint64_t n, int width)
{
    int len = rangestr_digits (n);

    if (len < width)
        len = width;
    for (int i = len - 1; i >= 0; i--, n /= 10)
        dst[i] = '0' + n % 10;
    return len;
}
