/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_TOP_H
#define FLUX_CMD_TOP_H

#include <stdbool.h>

#include "shell/cmd/cmd.h"
#include "shell/cmd/top_model.h"

extern const struct cmd_opt top_opts[];

/* Shows t until the user has had enough. Returns the exit code. */
typedef int (*top_watch_f) (struct top *t, bool color);

/* The verb. watch NULL: this program has no screen, and becomes flux-top where one is needed. */
int top_run (struct cmd *c, top_watch_f watch);

#endif /* !FLUX_CMD_TOP_H */
