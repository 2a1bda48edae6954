/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Brokers on this node by what they are. */

#ifndef FLUX_CMD_BROKER_FIND_H
#define FLUX_CMD_BROKER_FIND_H

#include <flux/types.h>

/* job is JOBID[.STEP]. The local URI of a broker of it on this node, which the caller frees. NULL
 * with ENOENT when there is none, EINVAL when it is no job or has several instances here. */
char *broker_find_slurm (const char *job, flux_error_t *errp);

/* The same from elsewhere, as ssh://host/path: srun runs `flux uri` on the first node of the job.
 */
char *broker_find_slurm_remote (const char *job, flux_error_t *errp);

/* The local URI of the broker with this process id. NULL with errno. */
char *broker_find_pid (const char *pid);

#endif /* !FLUX_CMD_BROKER_FIND_H */
