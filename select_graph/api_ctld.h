/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the headers of Slurm 25.05 and newer share: slurmctld alone loads the plugin. */

#ifndef FLUX_SELECT_GRAPH_API_CTLD_H
#define FLUX_SELECT_GRAPH_API_CTLD_H

#include "select_graph/api_window.h"

/* The only one that Slurm takes */
#define API_OWN_ID SELECT_PLUGIN_CONS_TRES

/* Does this program load the configured select plugin alone? */
static inline bool api_loads_one (void)
{
    return true;
}

/* The calls that go straight to the plugin beneath: X (type, name, parameters, arguments). */
#define SELECT_API_FORWARDED(X)                                                                    \
    X (int, job_ready, (job_record_t * job), (job))                                                \
    X (int, select_nodeinfo_set_all, (void), ())

#endif // !FLUX_SELECT_GRAPH_API_CTLD_H
