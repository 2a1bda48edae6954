/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/graph/policy_priv.h"

const struct policy_ops policy_bestfit = {
    .name = "bestfit", .description = "", .top = ORDER_LOW, .nested = ORDER_LOW, .slot = ORDER_LOW};
