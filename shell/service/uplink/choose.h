/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What an instance can give back of its resources. */

#ifndef FLUX_SERVICE_UPLINK_CHOOSE_H
#define FLUX_SERVICE_UPLINK_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/idset.h>
#include <flux/types.h>

#include "lib/job/rv1.h"

/* One of them. */
struct choose_wish {
    const struct idset *ranks; // these nodes; NULL: as below
    uint32_t nodes;            // so many whole nodes
    uint32_t cores, gpus;      // so many of them, wherever they are
    bool all;                  // all that can be spared
};

/* From `idle`, a part of `all`. Rank 0, where the instance's services are, is never given away as a
 * whole: a core of it stays. The last ranks go first. The caller destroys the result. NULL with
 * EBUSY or EINVAL and a sentence. */
struct rv1 *choose_less (const struct rv1 *all, const struct rv1 *idle,
                         const struct choose_wish *wish, flux_error_t *errp);

/* The part of a graph (R's `scheduling`) that is on what is left, and what is on no rank. A new
 * reference, or NULL. */
json_t *choose_graph (const json_t *scheduling, const struct rv1 *left);

#endif /* !FLUX_SERVICE_UPLINK_CHOOSE_H */
