/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the headers of Slurm 24.05 to 24.11 share: a plugin has an id of its own, and programs other
 * than slurmctld load it. */

#ifndef FLUX_SELECT_GRAPH_API_OWN_H
#define FLUX_SELECT_GRAPH_API_OWN_H

#include "select_graph/api_resv.h"

/* At least 100 and no other plugin's: Slurm checks that once, when all plugins are loaded. */
#define API_OWN_ID 0x67726170
#define API_CR_MEMORY CR_MEMORY
#define API_CR_SOCKET CR_SOCKET

/* Does this program load the configured select plugin alone? */
static inline bool api_loads_one (void)
{
    return running_in_slurmd ();
}

/* The calls that go straight to the plugin beneath: X (type, name, parameters, arguments). */
#define SELECT_API_FORWARDED(X)                                                                    \
    SELECT_API_INFO (X)                                                                            \
    X (int, job_init, (list_t * jobs), (jobs))

/* Those after which what the job has must be read again: X (name) of void (job). */
#define SELECT_API_CHANGING(X)

#endif // !FLUX_SELECT_GRAPH_API_OWN_H
