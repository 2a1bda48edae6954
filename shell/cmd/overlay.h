/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sub-verbs of flux overlay that have files of their own. */

#ifndef FLUX_CMD_OVERLAY_H
#define FLUX_CMD_OVERLAY_H

#include <flux/future.h>

#include "shell/cmd/cmd.h"

extern const struct cmd_verb overlay_trace_verb;

/* For verbs with the options type, color, human, delta: the mask of --type, and show what the
 * streaming RPC f tells until it fails. */
int trace_typemask (struct cmd *c);
int trace_show (struct cmd *c, flux_future_t *f);

#endif /* !FLUX_CMD_OVERLAY_H */
