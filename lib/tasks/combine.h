/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Joins the contributions to one collective operation, as they meet on their way up the tree. */

#ifndef FLUX_TASKS_COMBINE_H
#define FLUX_TASKS_COMBINE_H

#include "lib/tasks/frame.h"

struct combine {
    int op; // -1: nothing yet
    int errnum;
    struct idset *have;
    uint32_t nparts;
    struct buf parts;
};

int combine_init (struct combine *c);
void combine_clear (struct combine *c);

/* Contributions that come twice, as they may after a link was lost, count once; where that can't
 * be told apart the operation fails with EAGAIN. Those that don't fit together make it fail with
 * EINVAL, too much data with EMSGSIZE. -1 only when out of memory. */
int combine_add (struct combine *c, const struct group_frame *f);

/* A failure of the whole operation. */
void combine_fail (struct combine *c, int errnum);

/* Fill in op, errnum, have and parts, which stay those of c. */
void combine_get (const struct combine *c, struct group_frame *f);

#endif /* !FLUX_TASKS_COMBINE_H */
