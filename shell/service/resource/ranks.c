/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <flux/idset.h>

#include "shell/service/resource/ranks.h"

bool rank_in_idset (const char *ranks, uint32_t rank)
{
    struct idset *ids = idset_decode (ranks);
    bool found = ids && idset_test (ids, rank);

    idset_destroy (ids);
    return found;
}
