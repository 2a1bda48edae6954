/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sub-verbs of flux overlay that have files of their own. */

#ifndef FLUX_CMD_OVERLAY_H
#define FLUX_CMD_OVERLAY_H

#include <jansson.h>
#include <flux/core.h>

#include "shell/cmd/cmd.h"

#define OVERLAY_DEPTH_MAX 64

extern const struct cmd_verb overlay_trace_verb;
extern const struct cmd_verb overlay_rejoin_verb;
extern const struct cmd_verb overlay_grow_verb;

/* The tree as it was planned, which the caller frees. Ends the program when it can't be had. */
json_t *overlay_topology_rpc (struct cmd *c, flux_t *h);

/* The rank that an operand names by number or by host. Ends the program when there is none. */
int overlay_target_rank (struct cmd *c, flux_t *h, const char *target);

/* For verbs that show messages as they pass: their common options, the mask of --type, and what the
 * streaming RPC f tells until it fails. */
extern const struct cmd_opt trace_show_opts[];
int trace_typemask (struct cmd *c);
int trace_show (struct cmd *c, flux_future_t *f);

#endif /* !FLUX_CMD_OVERLAY_H */
