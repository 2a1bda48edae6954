/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/bytes.h"

int bytes_parse (const char *s, size_t *size)
{
    static const char units[] = "kmgt";
    char *end;

    double v = strtod (s, &end);
    if (end == s || !(v >= 0.))
        goto inval;
    if (*end) {
        const char *u = strchr (units, *end | 0x20);
        if (!u || end[1] != '\0')
            goto inval;
        for (int n = u - units; n >= 0; n--)
            v *= 1024;
    }
    if (v > (double)(1UL << 62))
        goto inval;
    *size = v;
    return 0;
inval:
    errno = EINVAL;
    return -1;
}
