/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* In sbatch and salloc. sbatch needs only to pass on the attributes: the batch step does the rest.
 * salloc runs its command itself, on the host where it was typed, so its command becomes
 * `srun --flux COMMAND`. SPANK has no call for that; salloc has the command in variables of its
 * own, which have been set when init_post_opt is called (checked by tests). */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "spank/context.h"
#include "spank/srun_args.h"
#include "spank/ticket.h"

#define MAX_WORDS (1 << 20)

/* Where salloc has its command: `command_argc` and `command_argv` (22.05, src/salloc/salloc.c) or
 * members of `opt` (24.11, slurm_opt_t in src/common/slurm_opt.h), of whose head this is a copy. */
struct opt_head {
    void *salloc, *sbatch, *scron, *srun, *state;
    void (*help) (void);
    void (*usage) (void);
    void (*autocomplete) (const char *);
    int argc;
    char **argv;
};

/* Looks at memory of ours that may not be what we take it for. */
static bool peek (const void *from, void *to, size_t size)
{
    struct iovec there = {.iov_base = (void *)from, .iov_len = size};
    struct iovec here = {.iov_base = to, .iov_len = size};

    return process_vm_readv (getpid (), &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* As many words as are counted, and NULL behind them. */
static bool is_command (int argc, char **argv)
{
    char *last, c;

    return argc >= 0 && argc < MAX_WORDS &&
           (argc == 0 ||
            (peek (&argv[argc], &last, sizeof (last)) && !last && peek (argv[0], &c, 1)));
}

static int find_command (int **argc, char ****argv)
{
    struct opt_head *opt = dlsym (RTLD_DEFAULT, "opt");

    *argc = dlsym (RTLD_DEFAULT, "command_argc");
    *argv = dlsym (RTLD_DEFAULT, "command_argv");
    if (!*argc && !*argv && opt && opt->salloc && opt->salloc == dlsym (RTLD_DEFAULT, "saopt") &&
        !opt->sbatch && !opt->scron && !opt->srun) {
        *argc = &opt->argc;
        *argv = &opt->argv;
    }
    return *argc && *argv && is_command (**argc, **argv) ? 0 : -1;
}

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

/* With --no-shell there is no command to run, and so no instance. */
static int wrap_salloc (const char *version)
{
    int *argc;
    char ***argv;

    if (find_command (&argc, &argv) < 0) {
        slurm_error ("flux: the salloc of Slurm %s does not tell its command; use `salloc ... srun "
                     "--flux ...`",
                     version);
        return -1;
    }
    return *argc > 0 ? wrap_command (argc, argv) : 0;
}

int allocator_init_post_opt (spank_t sp, struct context *ctx)
{
    const struct settings *set = ctx->set;
    bool salloc = strcmp (program_invocation_short_name, "salloc") == 0 ||
                  dlsym (RTLD_DEFAULT, "saopt") != NULL;
    char *version = NULL;

    if (set->mode == MODE_TASKS && salloc) {
        slurm_error ("flux: --flux=tasks is for srun: salloc runs no tasks");
        return -1;
    }
    if (set->mode != MODE_ON && !(set->mode == MODE_UNSET && set->default_on))
        return 0;
    if (set->attrs.len > 0 && setenv (ATTRS_VARIABLE, set->attrs.data, 1) < 0) {
        slurm_error ("flux: environment: %s", strerror (errno));
        return -1;
    }
    if (!salloc)
        return 0;
    (void)spank_get_item (sp, S_SLURM_VERSION, &version);
    return wrap_salloc (version ? version : "this version");
}
