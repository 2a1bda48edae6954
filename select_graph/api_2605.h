/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the select plugin needs of Slurm 26.05, which loads it into slurmctld alone. */

#ifndef FLUX_SELECT_GRAPH_API_2605_H
#define FLUX_SELECT_GRAPH_API_2605_H

#include "select_graph/api_resv.h"

/* The only one that Slurm takes */
#define API_OWN_ID SELECT_PLUGIN_CONS_TRES
#define API_CR_MEMORY SELECT_MEMORY
#define API_CR_SOCKET SELECT_SOCKET

/* Does this program load the configured select plugin alone? */
static inline bool api_loads_one (void)
{
    return true;
}

/* The calls that go straight to the plugin beneath: X (type, name, parameters, arguments). */
#define SELECT_API_FORWARDED(X)                                                                    \
    X (int, job_ready, (job_record_t * job), (job))                                                \
    X (int, select_nodeinfo_set_all, (void), ())

/* Those after which what the job has must be read again: X (name) of void (job). */
#define SELECT_API_CHANGING(X) X (job_mem_reduce)

/* Has the user said how many tasks? */
static inline bool api_says_tasks (const job_record_t *job)
{
    return false;
}

#endif // !FLUX_SELECT_GRAPH_API_2605_H
