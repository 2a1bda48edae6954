/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the select plugin needs of Slurm 24.05: the calls of its select interface. */

#ifndef FLUX_SELECT_GRAPH_API_2405_H
#define FLUX_SELECT_GRAPH_API_2405_H

#include "select_graph/api_own.h"

/* The question that job_test is asked, and how it is handed on. */
struct api_test {
    job_record_t *job;
    bitstr_t *nodes; // in: those that may be had; out: those chosen
    uint32_t min_nodes, max_nodes, req_nodes;
    uint16_t mode;
    list_t *candidates;
    list_t **preemptees;
    api_exclusion_t *excluded;
};

#define API_JOB_TEST_PARAMS                                                                        \
    (job_record_t * job, bitstr_t * nodes, uint32_t min_nodes, uint32_t max_nodes,                 \
     uint32_t req_nodes, uint16_t mode, list_t * candidates, list_t * *preemptees,                 \
     resv_exc_t * excluded)
#define API_JOB_TEST_READ(t)                                                                       \
    struct api_test t = {job,  nodes,      min_nodes,  max_nodes, req_nodes,                       \
                         mode, candidates, preemptees, excluded}
#define API_JOB_TEST_CALL(call, t)                                                                 \
    (call) ((t)->job, (t)->nodes, (t)->min_nodes, (t)->max_nodes, (t)->req_nodes, (t)->mode,       \
            (t)->candidates, (t)->preemptees, (t)->excluded)

/* Is it asked about a stretch of time? */
static inline bool api_has_window (const struct api_test *t)
{
    return false;
}

#endif // !FLUX_SELECT_GRAPH_API_2405_H
