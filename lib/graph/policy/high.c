/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Of each type the greatest ids. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_high = {
    .name = "high",
    .description = "highest ids of each type",
    .fixed_score = true,
    .top = ORDER_HIGH,
    .nested = ORDER_HIGH,
    .slot = ORDER_HIGH,
};
