/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Option "rlimit": {"nofile":1024, "core":-1, ...}, soft limits by name; -1 is unlimited. */

#ifndef FLUX_SHELL_RLIMITS_H
#define FLUX_SHELL_RLIMITS_H

#include <jansson.h>
#include <flux/types.h>

#include "lib/shell/task.h"

#define RLIMITS_MAX 16

/* o may be NULL. Returns how many were put into limits, or -1 with EINVAL and errp. */
int rlimits_parse (json_t *o, struct task_rlimit limits[RLIMITS_MAX], flux_error_t *errp);

#endif /* !FLUX_SHELL_RLIMITS_H */
