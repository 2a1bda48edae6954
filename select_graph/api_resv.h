/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the headers of Slurm 24.05 and newer share: what reservations keep from a job is one
 * structure, with a bitmap of cores per node. */

#ifndef FLUX_SELECT_GRAPH_API_RESV_H
#define FLUX_SELECT_GRAPH_API_RESV_H

/* First, because it renames functions: error() would else be glibc's. */
#include "src/common/slurm_xlator.h"
#include "src/common/node_conf.h"
#include "src/common/run_in_daemon.h"
#include "src/common/slurm_protocol_api.h"
#include "src/common/xstring.h"
#include "src/interfaces/gres.h"
#include "src/interfaces/select.h"
#include "src/interfaces/topology.h"
#include "src/slurmctld/slurmctld.h"

#include "select_graph/api_calls.h"

/* slurmctld has these; the clients, which may load the plugin as well, do not. */
#pragma weak job_list
#pragma weak last_job_update

typedef list_t *api_list_t;
typedef job_details_t api_details_t;
typedef resv_exc_t api_exclusion_t; // what reservations keep from a job; never NULL in a question

static inline bool api_is_excluded (const api_exclusion_t *x, uint32_t node, uint32_t core)
{
    return x && x->exc_cores && x->exc_cores[node] && core < bit_size (x->exc_cores[node]) &&
           bit_test (x->exc_cores[node], core);
}

/* Is any core excluded at all? */
static inline bool api_excludes (const api_exclusion_t *x)
{
    return x && x->exc_cores;
}

/* A copy to which cores are added; freed with api_exclusion_free(). Lists are the original's. */
static inline api_exclusion_t *api_exclusion_copy (const api_exclusion_t *x)
{
    api_exclusion_t *copy = xmalloc (sizeof (*copy));

    if (x)
        *copy = *x;
    copy->exc_cores = xcalloc (node_record_count, sizeof (*copy->exc_cores));
    for (int i = 0; x && x->exc_cores && i < node_record_count; i++)
        if (x->exc_cores[i])
            copy->exc_cores[i] = bit_copy (x->exc_cores[i]);
    return copy;
}

/* count: 1 or more */
static inline void api_exclude (api_exclusion_t *x, uint32_t node, uint32_t first, uint32_t count)
{
    if (!x->exc_cores[node])
        x->exc_cores[node] = bit_alloc (node_record_table_ptr[node]->tot_cores);
    bit_nset (x->exc_cores[node], first, first + count - 1);
}

static inline void api_exclusion_free (api_exclusion_t *x)
{
    for (int i = 0; x && i < node_record_count; i++)
        FREE_NULL_BITMAP (x->exc_cores[i]);
    if (x)
        xfree (x->exc_cores);
    xfree (x);
}

/* At a reconfigure, does another slurmctld go on when this one does not start? */
static inline bool api_may_refuse (void)
{
    return getenv ("SLURMCTLD_RECONF_PARENT_FD") != NULL;
}

static inline bool api_wants_whole_nodes (const api_details_t *details)
{
    return details->whole_node & (WHOLE_NODE_REQUIRED | WHOLE_TOPO);
}

/* Has the partition a limit of what its jobs have of a node together? */
static inline bool api_limits_cpus (const part_record_t *part)
{
    return part->max_cpus_per_node != INFINITE || part->max_cpus_per_socket != INFINITE;
}

/* Does the job keep all cores of its nodes from others, whichever it has itself? */
static inline bool api_has_whole_nodes (const job_resources_t *res)
{
    return res->whole_node & WHOLE_NODE_REQUIRED;
}

/* "s0.s1.n1" with the pattern "switch.switch.node"; both are freed by the caller with xfree(). */
static inline int api_node_address (char *node, char **address, char **pattern)
{
    return topology_g_get_node_addr (node, address, pattern);
}

#endif // !FLUX_SELECT_GRAPH_API_RESV_H
