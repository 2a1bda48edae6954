/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The calls of Slurm that the plugin beneath answers alone, or nearly so. */

#include "select_graph/plugin.h"

#define SELECT_FORWARD(type, name, params, args)                                                   \
    type select_p_##name params                                                                    \
    {                                                                                              \
        return plugin_beneath ()->name args;                                                       \
    }
SELECT_API_FORWARDED (SELECT_FORWARD)

#define SELECT_FORWARD_CHANGING(name)                                                              \
    void select_p_##name (job_record_t *job)                                                       \
    {                                                                                              \
        plugin_beneath ()->name (job);                                                             \
        plugin_job_changed (job);                                                                  \
    }
SELECT_API_CHANGING (SELECT_FORWARD_CHANGING)
