/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_SERVICE_JOB_EXEC_CRITICAL_H
#define FLUX_SERVICE_JOB_EXEC_CRITICAL_H

#include "shell/broker/router.h"

/* Request handlers of the `job-exec` service; arg is the struct job_exec. */
void critical_ranks_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_JOB_EXEC_CRITICAL_H */
