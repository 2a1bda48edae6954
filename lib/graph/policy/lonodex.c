/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* As lonode, and nodes are given whole. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_lonodex = {
    .name = "lonodex",
    .description = "lowest node ids, whole nodes",
    .options = "node_centric=true node_exclusive=true",
    .fixed_score = true,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
