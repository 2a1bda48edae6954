/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Brokers on this node by what they are. */

#ifndef FLUX_CMD_BROKER_FIND_H
#define FLUX_CMD_BROKER_FIND_H

#include <flux/types.h>

/* job is JOBID[.STEP]. The local URI of a broker of it on this node, which the caller frees. NULL
 * with ENOENT when there is none, EINVAL when it is no job or has several instances here. */
char *broker_find_slurm (const char *job, flux_error_t *errp);

/* The same from elsewhere, as ssh://host/path: srun runs `flux uri` on the first node of the job,
 * which goes on to the next one when there is no broker.
 */
char *broker_find_slurm_remote (const char *job, flux_error_t *errp);

/* Become srun, which runs flux with these arguments on the next node of the job; a step need not
 * begin on the job's first. Returns on the last node, and where this is no job. */
void broker_find_next_node (const char *const args[]);

/* The local URI of the broker with this process id. NULL with errno. */
char *broker_find_pid (const char *pid);

#endif /* !FLUX_CMD_BROKER_FIND_H */
