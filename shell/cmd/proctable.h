/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The processes of a job's tasks, as its shells tell them. */

#ifndef FLUX_CMD_PROCTABLE_H
#define FLUX_CMD_PROCTABLE_H

#include <jansson.h>
#include <flux/core.h>

/* Ask the leader of the shells: an array of {"rank","host","pid","executable"}, in the order of the
 * ranks, which the caller frees. timeout < 0: none. NULL with errno and a sentence. */
json_t *proctable_get (flux_t *h, const char *service, uint32_t leader, double timeout,
                       flux_error_t *errp);

#endif /* !FLUX_CMD_PROCTABLE_H */
