/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* In the task of the batch step: it becomes `srun --flux SCRIPT`, whose broker of rank 0 is on this
 * very node, where the script lies in slurmd's spool. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/context.h"
#include "spank/srun_args.h"

static int build (struct argv *args, char **script)
{
    if (srun_args (args, false) < 0)
        return -1;
    for (; *script; script++) {
        if (argv_add (args, *script) < 0)
            return -1;
    }
    return 0;
}

int batch_task_init (spank_t sp, struct context *ctx)
{
    const struct settings *set = ctx->set;
    struct argv args = {0};
    int argc;
    char **argv, **env;

    if (set->mode == MODE_TASKS) {
        slurm_error ("flux: --flux=tasks is for srun: a batch script is one task");
        return -1;
    }
    if (set->mode != MODE_ON && !(set->mode == MODE_UNSET && set->default_on))
        return 0;
    if (spank_get_item (sp, S_JOB_ARGV, &argc, &argv) || spank_get_item (sp, S_JOB_ENV, &env)) {
        slurm_error ("flux: Slurm does not tell the script or its environment");
        return -1;
    }
    environ = env;
    if (build (&args, argv) == 0)
        execvp (args.argv[0], args.argv);
    slurm_error ("flux: cannot run srun: %s", strerror (errno));
    argv_clear (&args);
    return -1;
}
