/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <regex.h>
#include <stdlib.h>

#include "lib/util/errprintf.h"
#include "shell/service/job_manager/logignore.h"

#define KEY "job-manager.perilog.log-ignore"

struct logignore {
    size_t count;
    regex_t patterns[];
};

static int compile (struct logignore *ignore, const json_t *entry, flux_error_t *errp)
{
    const char *text = json_string_value (entry);
    regex_t *re = &ignore->patterns[ignore->count];
    char why[128];
    int rc;

    errno = EINVAL;
    if (!text)
        return errprintf (errp, KEY ": must be an array of strings");
    if ((rc = regcomp (re, text, REG_EXTENDED | REG_NOSUB)) != 0) {
        regerror (rc, re, why, sizeof (why));
        return errprintf (errp, KEY ": %s: %s", text, why);
    }
    ignore->count++;
    return 0;
}

int logignore_parse (struct logignore **ip, const json_t *table, flux_error_t *errp)
{
    json_t *list = NULL, *entry;
    struct logignore *ignore;
    json_error_t error;
    size_t i;

    *ip = NULL;
    if (!table)
        return 0;
    errno = EINVAL;
    if (json_unpack_ex ((json_t *)table, &error, 0, "{s?o !}", "log-ignore", &list) < 0)
        return errprintf (errp, "job-manager.perilog: %s", error.text);
    if (!list)
        return 0;
    if (!json_is_array (list))
        return errprintf (errp, KEY ": must be an array of strings");
    if (!(ignore = calloc (1, sizeof (*ignore) + json_array_size (list) * sizeof (regex_t))))
        return errprintf (errp, "out of memory");
    json_array_foreach (list, i, entry)
    {
        if (compile (ignore, entry, errp) < 0) {
            logignore_destroy (ignore);
            return -1;
        }
    }
    *ip = ignore;
    return 0;
}

void logignore_destroy (struct logignore *ignore)
{
    if (ignore) {
        int saved_errno = errno;
        for (size_t i = 0; i < ignore->count; i++)
            regfree (&ignore->patterns[i]);
        free (ignore);
        errno = saved_errno;
    }
}

bool logignore_match (const struct logignore *ignore, const char *line)
{
    for (size_t i = 0; ignore && i < ignore->count; i++) {
        if (regexec (&ignore->patterns[i], line, 0, NULL, 0) == 0)
            return true;
    }
    return false;
}
