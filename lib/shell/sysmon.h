/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Option sysmon: what the tasks on this node take, in the log of the job. */

#ifndef FLUX_SHELL_SYSMON_H
#define FLUX_SHELL_SYSMON_H

#include <ev.h>
#include <flux/types.h>

#include "lib/shell/info.h"
#include <sys/resource.h>

#include "lib/shell/output.h"

struct sysmon;

/* *smp is NULL when the job has not asked for it. EINVAL with a sentence. */
int sysmon_create (struct sysmon **smp, struct ev_loop *loop, const struct shell_info *info,
                   struct output *output, flux_error_t *errp);

void sysmon_destroy (struct sysmon *sm);

/* A process of the job was waited for. */
void sysmon_reaped (struct sysmon *sm, const struct rusage *ru);

/* All tasks have ended and were waited for: say what they took. */
void sysmon_report (struct sysmon *sm);

#endif /* !FLUX_SHELL_SYSMON_H */
