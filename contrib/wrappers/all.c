/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The program that is all of the wrappers. */

#include "config.h"

#include "contrib/wrappers/wrap.h"

const struct cmd_verb *const wrap_programs[] = {
    &wrap_srun, &wrap_sbatch, &wrap_salloc, &wrap_squeue, &wrap_scancel, NULL,
};
