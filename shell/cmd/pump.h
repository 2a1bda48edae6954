/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_PUMP_H
#define FLUX_CMD_PUMP_H

#include <flux/types.h>

/* Connect to a socket in the file system. -1 with a sentence. */
int pump_connect (const char *path, flux_error_t *errp);

/* Pass bytes from in to sock and from sock to out until either side ends. */
void pump (int in, int out, int sock);

#endif /* !FLUX_CMD_PUMP_H */
