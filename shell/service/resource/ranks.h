/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_SERVICE_RESOURCE_RANKS_H
#define FLUX_SERVICE_RESOURCE_RANKS_H

#include <stdbool.h>
#include <stdint.h>

/* Is the rank in an idset that is given as text? */
bool rank_in_idset (const char *ranks, uint32_t rank);

#endif /* !FLUX_SERVICE_RESOURCE_RANKS_H */
