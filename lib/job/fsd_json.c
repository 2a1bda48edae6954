/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Apart from fsd.c, so that who has no JSON need not link it. */

#include <errno.h>
#include <jansson.h>

#include "lib/util/fsd.h"

int fsd_from_json (const struct json_t *o, double *seconds)
{
    double d = -1.;

    if (json_is_number (o))
        d = json_number_value (o);
    else if (!json_is_string (o) || fsd_parse_duration (json_string_value (o), &d) < 0)
        d = -1.;
    if (!(d >= 0)) {
        errno = EINVAL;
        return -1;
    }
    *seconds = d;
    return 0;
}
