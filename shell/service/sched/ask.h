/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From a job to a request of the matcher. */

#ifndef FLUX_SERVICE_SCHED_ASK_H
#define FLUX_SERVICE_SCHED_ASK_H

#include <flux/types.h>
#include <stdbool.h>

#include "lib/graph/io/constraint.h"
#include "lib/graph/request.h"

struct job;

/* The caller destroys the request. EINVAL with a sentence for what is malformed. */
/* either: slots side by side are alternatives, else the job gets all. */
struct request *ask_create (const struct job *job, const struct constraint_hosts *hosts,
                            bool either, flux_error_t *errp);

#endif /* !FLUX_SERVICE_SCHED_ASK_H */
