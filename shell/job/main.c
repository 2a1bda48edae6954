/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* flux-shell: the job shell. The broker starts it as --spawner, see spawner.h. */

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/job/spawner_main.h"

#define SPAWNER_FD 3

static int usage (FILE *f, int code)
{
    fputs ("Usage: flux-shell --spawner [RUNDIR]\n"
           "Runs the tasks of jobs. Started by flux-broker; see flux-shell(1).\n",
           f);
    return code;
}

int main (int argc, char *argv[])
{
    if (argc == 2 && (!strcmp (argv[1], "--help") || !strcmp (argv[1], "-h")))
        return usage (stdout, 0);
    if (argc < 2 || argc > 3 || strcmp (argv[1], "--spawner") != 0)
        return usage (stderr, 1);
    setlocale (LC_CTYPE, "");
    /* What a job shell has in memory is not worth to be freed. */
    _exit (spawner_main (SPAWNER_FD, argv[2]));
}
