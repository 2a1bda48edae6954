/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sub-verbs of flux module that have files of their own. */

#ifndef FLUX_CMD_MODULE_H
#define FLUX_CMD_MODULE_H

#include "shell/cmd/cmd.h"

extern const struct cmd_verb module_trace_verb;

#endif /* !FLUX_CMD_MODULE_H */
