/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The calls of the select interface that are alike in more than one version of Slurm. Included by
 * the header of each. */

#ifndef FLUX_SELECT_GRAPH_API_CALLS_H
#define FLUX_SELECT_GRAPH_API_CALLS_H

/* 22.05 to 24.11 have these, and they go straight to the plugin beneath:
 * X (type, name, parameters, arguments). */
#define SELECT_API_INFO(X)                                                                         \
    X (int, state_save, (char *dir), (dir))                                                        \
    X (int, state_restore, (char *dir), (dir))                                                     \
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

/* Those which the plugin does something of its own for, besides job_test. */
#define SELECT_API_OWN(X)                                                                          \
    X (int, node_init, (void), ())                                                                 \
    X (int, reconfigure, (void), ())                                                               \
    X (int, job_begin, (job_record_t * job), (job))                                                \
    X (int, job_expand, (job_record_t * from, job_record_t * to), (from, to))                      \
    X (int, job_resized, (job_record_t * job, node_record_t * node), (job, node))                  \
    X (int, job_suspend, (job_record_t * job, bool indefinite), (job, indefinite))                 \
    X (int, job_resume, (job_record_t * job, bool indefinite), (job, indefinite))                  \
    X (int, job_fini, (job_record_t * job), (job))                                                 \
    X (int, select_nodeinfo_set, (job_record_t * job), (job))

#endif // !FLUX_SELECT_GRAPH_API_CALLS_H
