/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <strings.h>

#include "lib/shell/rlimits.h"
#include "lib/util/errprintf.h"

static const struct {
    const char *name;
    int resource;
} names[] = {
    {"as", RLIMIT_AS},
    {"core", RLIMIT_CORE},
    {"cpu", RLIMIT_CPU},
    {"data", RLIMIT_DATA},
    {"fsize", RLIMIT_FSIZE},
    {"memlock", RLIMIT_MEMLOCK},
    {"msgqueue", RLIMIT_MSGQUEUE},
    {"nice", RLIMIT_NICE},
    {"nofile", RLIMIT_NOFILE},
    {"nproc", RLIMIT_NPROC},
    {"ofile", RLIMIT_NOFILE}, // the old name
    {"rss", RLIMIT_RSS},
    {"rtprio", RLIMIT_RTPRIO},
    {"rttime", RLIMIT_RTTIME},
    {"sigpending", RLIMIT_SIGPENDING},
    {"stack", RLIMIT_STACK},
};

static int lookup (const char *name)
{
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
        if (!strcasecmp (names[i].name, name))
            return names[i].resource;
    return -1;
}

int rlimits_parse (json_t *o, struct task_rlimit limits[RLIMITS_MAX], flux_error_t *errp)
{
    const char *name;
    json_t *value;
    int n = 0;

    json_object_foreach (o, name, value)
    {
        int resource = lookup (name);
        if (resource < 0 || !json_is_integer (value) || n == RLIMITS_MAX) {
            errno = EINVAL;
            return errprintf (errp, "invalid option rlimit.%s", name);
        }
        json_int_t v = json_integer_value (value);
        limits[n++] = (struct task_rlimit){resource, v < 0 ? RLIM_INFINITY : (rlim_t)v};
    }
    return n;
}
