/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Of each type the least ids. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_low = {
    .name = "low",
    .description = "lowest ids of each type",
    .fixed_score = true,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
