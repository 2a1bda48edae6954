/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From a job to a request of the matcher. */

#ifndef FLUX_SERVICE_SCHED_ASK_H
#define FLUX_SERVICE_SCHED_ASK_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/graph/request.h"

struct job;

/* Which ranks have this host name: calls back for each. */
typedef void (*ask_host_f) (const char *host, void (*found) (uint32_t rank, void *arg), void *arg,
                            void *hosts);

/* The caller destroys the request. EINVAL with a sentence for a constraint that is malformed. */
struct request *ask_create (const struct job *job, ask_host_f hosts_of, void *hosts,
                            flux_error_t *errp);

#endif /* !FLUX_SERVICE_SCHED_ASK_H */
