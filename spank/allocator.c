/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* In sbatch and salloc. sbatch needs only to pass on the attributes: the batch step does the rest.
 * salloc runs its command itself, on the host where it was typed, so its command becomes
 * `srun --flux COMMAND`. salloc has the command in two global variables, which have been set when
 * init_post_opt is called (22.05, src/salloc/opt.c; checked by a test). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spank/context.h"
#include "spank/srun_args.h"
#include "spank/ticket.h"

static int wrap_command (int *argcp, char ***argvp)
{
    struct argv args = {0};

    if (srun_args (&args, isatty (STDIN_FILENO) && isatty (STDOUT_FILENO)) < 0)
        goto nomem;
    for (int i = 0; i < *argcp; i++) {
        if (argv_add (&args, (*argvp)[i]) < 0)
            goto nomem;
    }
    *argcp = args.count;
    *argvp = args.argv; // salloc's from here on
    return 0;
nomem:
    argv_clear (&args);
    slurm_error ("flux: out of memory");
    return -1;
}

int allocator_init_post_opt (spank_t sp, struct context *ctx)
{
    const struct settings *set = ctx->set;
    int *argc = dlsym (RTLD_DEFAULT, "command_argc");
    char ***argv = dlsym (RTLD_DEFAULT, "command_argv");
    bool on = set->mode == MODE_ON || (set->mode == MODE_UNSET && set->default_on);

    if (set->mode == MODE_TASKS && argc) {
        slurm_error ("flux: --flux=tasks is for srun: salloc runs no tasks");
        return -1;
    }
    if (!on)
        return 0;
    if (set->attrs.len > 0 && setenv (ATTRS_VARIABLE, set->attrs.data, 1) < 0) {
        slurm_error ("flux: environment: %s", strerror (errno));
        return -1;
    }
    if (!argc || !argv) // sbatch
        return 0;
    return wrap_command (argc, argv);
}
