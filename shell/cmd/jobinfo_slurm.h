/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The fields slurm.*: a job as squeue shows it (flux-wrappers(1)). */

#ifndef FLUX_CMD_JOBINFO_SLURM_H
#define FLUX_CMD_JOBINFO_SLURM_H

#include <jansson.h>

#include "shell/cmd/fmt.h"

/* slurm.id, array_id, array_index; state and state_abbrev. */
void jobinfo_get_slurm (const json_t *job, const char *field, struct fmt_value *v);

/* NULL: there is no such field. */
const char *jobinfo_slurm_heading (const char *field);

#endif /* !FLUX_CMD_JOBINFO_SLURM_H */
