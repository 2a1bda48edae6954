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
#include "src/common/run_in_daemon.h"
#include "src/slurmctld/slurmctld.h"

/* The calls that go straight to the plugin beneath: X (type, name, parameters, arguments). */
#define SELECT_API_FORWARDED(X)                                                                    \
    X (int, state_save, (char *dir), (dir))                                                        \
    X (int, state_restore, (char *dir), (dir))                                                     \
    X (int, job_init, (List jobs), (jobs))                                                         \
    X (int, job_begin, (job_record_t * job), (job))                                                \
    X (int, job_ready, (job_record_t * job), (job))                                                \
    X (int, job_signal, (job_record_t * job, int signum), (job, signum))                           \
    X (int, job_suspend, (job_record_t * job, bool indefinite), (job, indefinite))                 \
    X (int, job_resume, (job_record_t * job, bool indefinite), (job, indefinite))                  \
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
    X (char *, select_jobinfo_sprint,                                                              \
       (select_jobinfo_t * info, char *text, size_t size, int mode), (info, text, size, mode))     \
    X (char *, select_jobinfo_xstrdup, (select_jobinfo_t * info, int mode), (info, mode))          \
    X (int, get_info_from_plugin,                                                                  \
       (enum select_plugindata_info what, job_record_t * job, void *data), (what, job, data))      \
    X (int, update_node_config, (int index), (index))                                              \
    X (int, reconfigure, (void), ())                                                               \
    X (bitstr_t *, resv_test,                                                                      \
       (resv_desc_msg_t * resv, uint32_t count, bitstr_t * avail, bitstr_t * *cores),              \
       (resv, count, avail, cores))

/* Those which the plugin does something of its own for. */
#define SELECT_API_OWN(X)                                                                          \
    X (int, node_init, (void), ())                                                                 \
    X (int, job_expand, (job_record_t * from, job_record_t * to), (from, to))                      \
    X (int, job_resized, (job_record_t * job, node_record_t * node), (job, node))                  \
    X (int, job_fini, (job_record_t * job), (job))                                                 \
    X (int, select_nodeinfo_set, (job_record_t * job), (job))                                      \
    X (int, job_test,                                                                              \
       (job_record_t * job, bitstr_t * nodes, uint32_t min_nodes, uint32_t max_nodes,              \
        uint32_t req_nodes, uint16_t mode, List candidates, List * preemptees,                     \
        bitstr_t * excluded_cores),                                                                \
       (job, nodes, min_nodes, max_nodes, req_nodes, mode, candidates, preemptees,                 \
        excluded_cores))

#endif // !FLUX_SELECT_GRAPH_API_2205_H
