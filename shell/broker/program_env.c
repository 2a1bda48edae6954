/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The environment of the initial program, see program_env.h. */

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
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

/* The folder of a program of this suite; the caller frees it. */
static char *peer_folder (const char *name, const char *dir)
{
    char *path = peer_find (name, dir);
    char *slash = path ? strrchr (path, '/') : NULL;

    if (slash)
        *slash = '\0';
    return path;
}

/* PATH gets the folder of this suite's `flux` in front, and before that the one of the wrappers. */
static void append_path (char **envv, int *n, const char *wrappers)
{
    char *flux = peer_folder ("flux", "cmd");
    const char *dir = flux ? flux : FLUX_BINDIR;
    const char *path = getenv ("PATH");
    bool there = path && strncmp (path, dir, strlen (dir)) == 0;

    if (wrappers || !there)
        append_env (envv, n, "PATH=%s%s%s%s%s", wrappers ? wrappers : "", wrappers ? ":" : "",
                    there ? "" : dir, there || !path ? "" : ":", path ? path : "");
    free (flux);
}

/* The wrappers of Slurm's commands take their default size from where Slurm's own do. These don't
 * make an MPI library think that it is in a task of Slurm's. */
static void keep_slurm_size (char **envv, int *n)
{
    static const char *const names[] = {"SLURM_NNODES", "SLURM_JOB_NUM_NODES",
                                        "SLURM_CPUS_PER_TASK"};
    const char *ntasks = getenv ("FLUX_BOOTSTRAP_NTASKS"); // what sbatch or salloc was told

    if (!ntasks || !*ntasks)
        ntasks = getenv ("SLURM_NTASKS");
    if (ntasks) {
        append_env (envv, n, "SLURM_NTASKS=%s", ntasks);
        append_env (envv, n, "SLURM_NPROCS=%s", ntasks);
    }
    for (size_t i = 0; i < sizeof (names) / sizeof (names[0]); i++)
        if (getenv (names[i]))
            append_env (envv, n, "%s=%s", names[i], getenv (names[i]));
}

static int append_wrap (char **envv, int *n, const char *wrap, flux_error_t *errp)
{
    char *dir = NULL;

    if (wrap && strcmp (wrap, "0") != 0) {
        if (!(dir = peer_folder ("wrappers/srun", "../contrib")))
            return errprintf (errp, "the wrappers of Slurm's commands were not found");
        keep_slurm_size (envv, n);
    }
    append_path (envv, n, dir);
    free (dir);
    return 0;
}

int program_env_make (char *envv[PROGRAM_ENV_MAX + 1], const struct attrs *attrs,
                      flux_error_t *errp)
{
    static const char *unset[] = {"FLUX_JOB_ID",
                                  "FLUX_JOB_ID_PATH",
                                  "FLUX_JOB_SIZE",
                                  "FLUX_JOB_NNODES",
                                  "FLUX_JOB_TMPDIR",
                                  "FLUX_TASK_RANK",
                                  "FLUX_TASK_LOCAL_ID",
                                  "FLUX_KVS_NAMESPACE",
                                  "FLUX_PROXY_REMOTE",
                                  "PMI_FD",
                                  "PMI_RANK",
                                  "PMI_SIZE",
                                  "PMI_SPAWNED",
                                  "NOTIFY_SOCKET",
                                  "FLUX_PMI_LIBRARY_PATH"};
    const char *jobid = attr_get (attrs, "jobid");
    int n = 0;

    memset (envv, 0, (PROGRAM_ENV_MAX + 1) * sizeof (envv[0]));
    append_env (envv, &n, "FLUX_URI=%s", attr_get (attrs, "local-uri"));
    for (size_t i = 0; i < sizeof (unset) / sizeof (unset[0]); i++)
        append_env (envv, &n, "%s", unset[i]);
    append_env (envv, &n, jobid ? "FLUX_ENCLOSING_ID=%s" : "FLUX_ENCLOSING_ID", jobid);
    return append_wrap (envv, &n, attr_get (attrs, "broker.wrap"), errp);
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
