/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the select plugin needs of Slurm 22.05: its private headers, and the calls of its select
 * interface. A new generation of Slurm gets a header of its own like this one; nothing else in
 * the folder asks for a version. */

#ifndef FLUX_SELECT_GRAPH_API_2205_H
#define FLUX_SELECT_GRAPH_API_2205_H

/* First, because it renames functions: error() would else be glibc's. */
#include "src/common/slurm_xlator.h"
#include "src/common/node_conf.h"
#include "src/common/select.h"
#include "src/common/gres.h"
#include "src/common/run_in_daemon.h"
#include "src/common/slurm_topology.h"
#include "src/slurmctld/slurmctld.h"

#include "select_graph/api_calls.h"

/* slurmctld has these; the clients, which load the plugin as well, do not. */
#pragma weak job_list
#pragma weak last_job_update

/* At least 100 and no other plugin's: Slurm checks that once, when all plugins are loaded. */
#define API_OWN_ID 0x67726170
#define API_CR_MEMORY CR_MEMORY
#define API_CR_SOCKET CR_SOCKET

/* Does this program load the configured select plugin alone? */
static inline bool api_loads_one (void)
{
    return running_in_slurmd_stepd ();
}

/* The calls that go straight to the plugin beneath: X (type, name, parameters, arguments). */
#define SELECT_API_FORWARDED(X)                                                                    \
    SELECT_API_INFO (X)                                                                            \
    X (int, job_init, (List jobs), (jobs))                                                         \
    X (int, job_signal, (job_record_t * job, int signum), (job, signum))                           \
    X (char *, select_jobinfo_sprint,                                                              \
       (select_jobinfo_t * info, char *text, size_t size, int mode), (info, text, size, mode))     \
    X (char *, select_jobinfo_xstrdup, (select_jobinfo_t * info, int mode), (info, mode))          \
    X (int, update_node_config, (int index), (index))                                              \
    X (bitstr_t *, resv_test,                                                                      \
       (resv_desc_msg_t * resv, uint32_t count, bitstr_t * avail, bitstr_t * *cores),              \
       (resv, count, avail, cores))

/* Those after which what the job has must be read again: X (name) of void (job). */
#define SELECT_API_CHANGING(X)

typedef List api_list_t;
typedef struct job_details api_details_t;
typedef bitstr_t api_exclusion_t; // cores of the whole system that a job must not get; NULL: none

/* The question that job_test is asked, and how it is handed on. */
struct api_test {
    job_record_t *job;
    bitstr_t *nodes; // in: those that may be had; out: those chosen
    uint32_t min_nodes, max_nodes, req_nodes;
    uint16_t mode;
    List candidates;
    List *preemptees;
    api_exclusion_t *excluded;
};

#define API_JOB_TEST_PARAMS                                                                        \
    (job_record_t * job, bitstr_t * nodes, uint32_t min_nodes, uint32_t max_nodes,                 \
     uint32_t req_nodes, uint16_t mode, List candidates, List * preemptees, bitstr_t * excluded)
#define API_JOB_TEST_READ(t)                                                                       \
    struct api_test t = {job,  nodes,      min_nodes,  max_nodes, req_nodes,                       \
                         mode, candidates, preemptees, excluded}
#define API_JOB_TEST_CALL(call, t)                                                                 \
    (call) ((t)->job, (t)->nodes, (t)->min_nodes, (t)->max_nodes, (t)->req_nodes, (t)->mode,       \
            (t)->candidates, (t)->preemptees, (t)->excluded)

static inline bool api_is_excluded (const api_exclusion_t *x, uint32_t node, uint32_t core)
{
    return x && bit_test ((bitstr_t *)x, cr_get_coremap_offset (node) + core);
}

/* Is any core excluded at all? */
static inline bool api_excludes (const api_exclusion_t *x)
{
    return x && bit_ffs ((bitstr_t *)x) >= 0;
}

/* A copy to which cores are added; freed with api_exclusion_free(). */
static inline api_exclusion_t *api_exclusion_copy (const api_exclusion_t *x)
{
    return x ? bit_copy ((bitstr_t *)x) : bit_alloc (cr_get_coremap_offset (node_record_count));
}

/* count: 1 or more */
static inline void api_exclude (api_exclusion_t *x, uint32_t node, uint32_t first, uint32_t count)
{
    uint32_t core = cr_get_coremap_offset (node) + first;

    bit_nset (x, core, core + count - 1);
}

static inline void api_exclusion_free (api_exclusion_t *x)
{
    FREE_NULL_BITMAP (x);
}

/* Is it asked about a stretch of time? */
static inline bool api_has_window (const struct api_test *t)
{
    return false;
}

/* At a reconfigure, does another slurmctld go on when this one does not start? */
static inline bool api_may_refuse (void)
{
    return false;
}

static inline bool api_wants_whole_nodes (const api_details_t *details)
{
    return details->whole_node == WHOLE_NODE_REQUIRED;
}

/* Has the partition a limit of what its jobs have of a node together? */
static inline bool api_limits_cpus (const part_record_t *part)
{
    return part->max_cpus_per_node != INFINITE;
}

/* Does the job keep all cores of its nodes from others, whichever it has itself? */
static inline bool api_has_whole_nodes (const job_resources_t *res)
{
    return res->whole_node == 1;
}

/* "s0.s1.n1" with the pattern "switch.switch.node"; both are freed by the caller with xfree(). */
static inline int api_node_address (char *node, char **address, char **pattern)
{
    return slurm_topo_get_node_addr (node, address, pattern);
}

#endif // !FLUX_SELECT_GRAPH_API_2205_H
