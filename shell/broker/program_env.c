/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The environment of the initial program, see program_env.h. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/peers.h"
#include "shell/broker/attr.h"
#include "shell/broker/program_env.h"

static void append_env (char **envv, int *n, const char *fmt, ...)
    __attribute__ ((format (printf, 3, 4)));

static void append_env (char **envv, int *n, const char *fmt, ...)
{
    va_list ap;

    va_start (ap, fmt);
    if (vasprintf (&envv[*n], fmt, ap) < 0)
        envv[*n] = NULL;
    va_end (ap);
    if (envv[*n])
        (*n)++;
}

/* PATH gets the folder of this suite's `flux` in front. */
static void append_path (char **envv, int *n)
{
    char *flux = peer_find ("flux", "cmd");
    char *slash = flux ? strrchr (flux, '/') : NULL;
    const char *dir = slash ? flux : FLUX_BINDIR;
    const char *path = getenv ("PATH");

    if (slash)
        *slash = '\0';
    if (!path || strncmp (path, dir, strlen (dir)) != 0)
        append_env (envv, n, "PATH=%s%s%s", dir, path ? ":" : "", path ? path : "");
    free (flux);
}

int program_env_make (char *envv[PROGRAM_ENV_MAX + 1], const struct attrs *attrs)
{
    static const char *unset[] = {"FLUX_JOB_ID",        "FLUX_JOB_SIZE",    "FLUX_JOB_NNODES",
                                  "FLUX_JOB_TMPDIR",    "FLUX_TASK_RANK",   "FLUX_TASK_LOCAL_ID",
                                  "FLUX_KVS_NAMESPACE", "FLUX_PROXY_REMOTE"};
    int n = 0;

    memset (envv, 0, (PROGRAM_ENV_MAX + 1) * sizeof (envv[0]));
    append_env (envv, &n, "FLUX_URI=%s", attr_get (attrs, "local-uri"));
    for (size_t i = 0; i < sizeof (unset) / sizeof (unset[0]); i++)
        append_env (envv, &n, "%s", unset[i]);
    append_path (envv, &n);
    return n;
}

void program_env_free (char **envv)
{
    for (; *envv; envv++)
        free (*envv);
}

void program_prompt (char *buf, size_t size, const struct attrs *attrs)
{
    snprintf (buf, size, "\u0192(s=%s,d=%s) \\u@\\h:\\w\\$ ", attr_get (attrs, "size"),
              attr_get (attrs, "instance-level"));
}
