/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Least node ids first, then the least ids within. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_lonode = {
    .name = "lonode",
    .description = "lowest node ids, then lowest ids",
    .options = "node_centric=true",
    .fixed_score = true,
    .top = ORDER_LOW,
    .nested = ORDER_LOW,
    .slot = ORDER_LOW,
};
