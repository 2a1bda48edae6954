/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Greatest node ids first, then the greatest ids within. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_hinode = {
    .name = "hinode",
    .description = "highest node ids, then highest ids",
    .options = "node_centric=true",
    .fixed_score = true,
    .top = ORDER_HIGH,
    .nested = ORDER_HIGH,
    .slot = ORDER_HIGH,
};
