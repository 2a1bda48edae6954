/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the select plugin needs of Slurm 24.11 (and 23.11, 24.05): the calls of its select
 * interface. */

#ifndef FLUX_SELECT_GRAPH_API_2411_H
#define FLUX_SELECT_GRAPH_API_2411_H

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
    X (int, state_save, (char *dir), (dir))                                                        \
    X (int, state_restore, (char *dir), (dir))                                                     \
    X (int, job_init, (list_t * jobs), (jobs))                                                     \
    X (int, job_ready, (job_record_t * job), (job))                                                \
    X (bitstr_t *, step_pick_nodes,                                                                \
       (job_record_t * job, select_jobinfo_t * info, uint32_t count, bitstr_t * *avail),           \
       (job, info, count, avail))                                                                  \
    X (int, step_start, (step_record_t * step), (step))                                            \
    X (int, step_finish, (step_record_t * step, bool killing), (step, killing))                    \
    X (int, select_nodeinfo_pack, (select_nodeinfo_t * info, buf_t * buf, uint16_t version),       \
       (info, buf, version))                                                                       \
    X (int, select_nodeinfo_unpack, (select_nodeinfo_t * *info, buf_t * buf, uint16_t version),    \
       (info, buf, version))                                                                       \
    X (select_nodeinfo_t *, select_nodeinfo_alloc, (void), ())                                     \
    X (int, select_nodeinfo_free, (select_nodeinfo_t * info), (info))                              \
    X (int, select_nodeinfo_set_all, (void), ())                                                   \
    X (int, select_nodeinfo_get,                                                                   \
       (select_nodeinfo_t * info, enum select_nodedata_type what, enum node_states state,          \
        void *data),                                                                               \
       (info, what, state, data))                                                                  \
    X (select_jobinfo_t *, select_jobinfo_alloc, (void), ())                                       \
    X (int, select_jobinfo_free, (select_jobinfo_t * info), (info))                                \
    X (int, select_jobinfo_set,                                                                    \
       (select_jobinfo_t * info, enum select_jobdata_type what, void *data), (info, what, data))   \
    X (int, select_jobinfo_get,                                                                    \
       (select_jobinfo_t * info, enum select_jobdata_type what, void *data), (info, what, data))   \
    X (select_jobinfo_t *, select_jobinfo_copy, (select_jobinfo_t * info), (info))                 \
    X (int, select_jobinfo_pack, (select_jobinfo_t * info, buf_t * buf, uint16_t version),         \
       (info, buf, version))                                                                       \
    X (int, select_jobinfo_unpack, (select_jobinfo_t * *info, buf_t * buf, uint16_t version),      \
       (info, buf, version))                                                                       \
    X (int, get_info_from_plugin,                                                                  \
       (enum select_plugindata_info what, job_record_t * job, void *data), (what, job, data))

/* Those after which what the job has must be read again: X (name) of void (job). */
#define SELECT_API_CHANGING(X)

#endif // !FLUX_SELECT_GRAPH_API_2411_H
