/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Tables of a configuration that have known keys only. */

#ifndef FLUX_UTIL_JSON_KEYS_H
#define FLUX_UTIL_JSON_KEYS_H

#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "lib/util/errprintf.h"

/* A key that nobody reads is a typing error: known ends with NULL, where names the table in the
 * sentence. EINVAL. */
static inline int json_check_keys (const json_t *table, const char *const *known, const char *where,
                                   flux_error_t *errp)
{
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)table, key, value)
    {
        int i = 0;
        while (known[i] && strcmp (known[i], key) != 0)
            i++;
        if (!known[i]) {
            errno = EINVAL;
            return errprintf (errp, "%s.%s: there is no such key", where, key);
        }
    }
    return 0;
}

#endif /* !FLUX_UTIL_JSON_KEYS_H */
