/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "shell/service/job_manager/slice.h"

struct part {
    bool given;
    long n;
};

static const char *parse_part (const char *p, struct part *part)
{
    char *end;

    errno = 0;
    part->n = strtol (p, &end, 10);
    part->given = end != p;
    return errno ? NULL : end;
}

/* An index within [low,high]; negative ones are from the end. */
static long clamp (const struct part *p, long dflt, long size, long low, long high)
{
    long n = !p->given ? dflt : p->n < 0 ? p->n + size : p->n;

    return n < low ? low : n > high ? high : n;
}

int slice_parse (struct slice *s, const char *text, size_t size)
{
    struct part parts[3] = {{0}};
    const char *p = *text == '[' ? text + 1 : NULL;
    long n = (long)size;
    int i;

    for (i = 0; p && i < 3; i++) {
        if (!(p = parse_part (p, &parts[i])) || *p != ':')
            break;
        p++;
    }
    if (!p || i == 0 || i > 2 || p[0] != ']' || p[1] != '\0' ||
        (parts[2].given && parts[2].n == 0)) {
        errno = EINVAL;
        return -1;
    }
    s->step = parts[2].given ? parts[2].n : 1;
    bool down = s->step < 0;
    s->start = clamp (&parts[0], down ? n - 1 : 0, n, down ? -1 : 0, down ? n - 1 : n);
    // a stop that is left out on the way down is before the first: -1, but not from the end
    long stop =
        down && !parts[1].given ? -1 : clamp (&parts[1], n, n, down ? -1 : 0, down ? n - 1 : n);
    long span = down ? s->start - stop : stop - s->start;
    long step = down ? -s->step : s->step;
    s->count = span > 0 ? (size_t)((span + step - 1) / step) : 0;
    return 0;
}
