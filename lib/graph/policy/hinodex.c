/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* As hinode, and nodes are given whole. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_hinodex = {
    .name = "hinodex",
    .description = "highest node ids, whole nodes",
    .options = "node_centric=true node_exclusive=true",
    .fixed_score = true,
    .top = ORDER_HIGH,
    .nested = ORDER_HIGH,
    .slot = ORDER_HIGH,
};
