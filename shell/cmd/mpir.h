/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The MPIR process acquisition interface (MPI Forum, version 1.1): a debugger that runs `flux run`
 * or `flux job attach` finds the tasks of the job in MPIR_proctable when MPIR_Breakpoint is
 * reached. */

#ifndef FLUX_CMD_MPIR_H
#define FLUX_CMD_MPIR_H

#include <jansson.h>
#include <stdbool.h>

/* A debugger has set MPIR_being_debugged. */
bool mpir_wanted (void);

/* Tasks as proctable_get() gives them. Returns when the debugger lets go on. */
void mpir_spawned (const json_t *tasks, const char *jobid);

#endif /* !FLUX_CMD_MPIR_H */
