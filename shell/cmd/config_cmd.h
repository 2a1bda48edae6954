/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of flux config share. */

#ifndef FLUX_CMD_CONFIG_CMD_H
#define FLUX_CMD_CONFIG_CMD_H

#include "shell/cmd/verbs.h"

extern const struct cmd_verb cmd_config_builtin;

#endif /* !FLUX_CMD_CONFIG_CMD_H */
