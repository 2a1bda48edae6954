/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the scheduler says of its resources, as `flux resource` and `flux top` count them. */

#ifndef FLUX_CMD_RSTATES_H
#define FLUX_CMD_RSTATES_H

#include <jansson.h>

#include "lib/job/rv1.h"

/* What it has, what of that is down and allocated, and what follows from these: up and free. */
struct rstates {
    struct rv1 *all, *down, *allocated, *up, *free;
};

/* status is the answer to sched.resource-status. -1 with errno. */
int rstates_create (struct rstates *s, const json_t *status);
void rstates_clear (struct rstates *s);
struct rv1 *rstates_get (const struct rstates *s, const char *name);

/* Keep only these ranks in all states. */
int rstates_keep (struct rstates *s, const struct idset *ranks);

/* {"all":{"nnodes","ncores","ngpus"},"up":...} of these ranks, NULL: of all. */
json_t *rstates_counts (const struct rstates *s, const struct idset *ranks);

/* R may be NULL or JSON null: an empty set. NULL with errno. */
struct rv1 *rstates_R (const json_t *R);

/* "n[0-3]" ("" when hosts are not known); "rank[0,2]/core[0-3],rank1/core0". The caller frees. */
char *rstates_hosts (const struct rv1 *rs);
char *rstates_list (const struct rv1 *rs);

/* Ranks of hosts ("a[0-3]") or ranks ("0-3"). NULL: neither. */
struct idset *rstates_find (const struct rv1 *rs, const char *targets);

#endif /* !FLUX_CMD_RSTATES_H */
