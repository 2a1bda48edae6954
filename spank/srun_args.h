/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The srun that carries an instance over a whole allocation. */

#ifndef FLUX_SPANK_SRUN_ARGS_H
#define FLUX_SPANK_SRUN_ARGS_H

#include <stdbool.h>
#include <stddef.h>

/* A NULL-terminated list of strings. */
struct argv {
    char **argv;
    int count;
};

int argv_add (struct argv *a, const char *s);
void argv_clear (struct argv *a);

/* `srun` with the options for a broker on every node of the allocation that has all its CPUs,
 * memory and devices; the command is to follow. */
int srun_args (struct argv *a, bool pty);

#endif /* !FLUX_SPANK_SRUN_ARGS_H */
