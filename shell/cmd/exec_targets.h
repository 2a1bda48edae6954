/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_EXEC_TARGETS_H
#define FLUX_CMD_EXEC_TARGETS_H

#include <flux/core.h>

#include "shell/cmd/cmd.h"

struct idset;

/* What --rank, --exclude and --jobid leave, at least one; the caller frees it. Ends the program
 * when they are wrong. */
struct idset *exec_targets (struct cmd *c, flux_t *h);

#endif /* !FLUX_CMD_EXEC_TARGETS_H */
