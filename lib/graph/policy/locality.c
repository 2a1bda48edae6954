/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* At the top the run of neighbouring ids that reaches highest; below, the greatest ids. */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_locality = {
    .name = "locality",
    .description = "neighbouring ids",
    .fixed_score = true,
    .top = ORDER_RUN,
    .nested = ORDER_HIGH,
    .slot = ORDER_HIGH,
};
