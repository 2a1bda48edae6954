/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The first that fits, node by node: children with most free units first; the search ends at
 * enough. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_first = {
    .name = "first",
    .description = "first match found, node by node",
    .options = "node_centric=true stop_on_1_matches=true",
    .fixed_score = true,
    .top = ORDER_HIGH,
    .nested = ORDER_HIGH,
    .slot = ORDER_HIGH,
};
