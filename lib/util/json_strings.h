/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Arrays of nothing but strings: commands, arguments, lists of names. */

#ifndef FLUX_UTIL_JSON_STRINGS_H
#define FLUX_UTIL_JSON_STRINGS_H

#include <jansson.h>
#include <stdbool.h>

/* Is it one? An empty one is. */
static inline bool json_is_strings (const json_t *o)
{
    for (size_t i = 0; i < json_array_size (o); i++)
        if (!json_is_string (json_array_get (o, i)))
            return false;
    return json_is_array (o);
}

#endif /* !FLUX_UTIL_JSON_STRINGS_H */
