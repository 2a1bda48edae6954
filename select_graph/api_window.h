/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the headers of Slurm 24.11 and newer share: job_test may be asked about a stretch of time.
 */

#ifndef FLUX_SELECT_GRAPH_API_WINDOW_H
#define FLUX_SELECT_GRAPH_API_WINDOW_H

#include "select_graph/api_resv.h"

/* The question that job_test is asked, and how it is handed on. */
struct api_test {
    job_record_t *job;
    bitstr_t *nodes; // in: those that may be had; out: those chosen
    uint32_t min_nodes, max_nodes, req_nodes;
    uint16_t mode;
    list_t *candidates;
    list_t **preemptees;
    api_exclusion_t *excluded;
    will_run_data_t *will_run;
};

#define API_JOB_TEST_PARAMS                                                                        \
    (job_record_t * job, bitstr_t * nodes, uint32_t min_nodes, uint32_t max_nodes,                 \
     uint32_t req_nodes, uint16_t mode, list_t * candidates, list_t * *preemptees,                 \
     resv_exc_t * excluded, will_run_data_t * will_run)
#define API_JOB_TEST_READ(t)                                                                       \
    struct api_test t = {job,  nodes,      min_nodes,  max_nodes, req_nodes,                       \
                         mode, candidates, preemptees, excluded,  will_run}
#define API_JOB_TEST_CALL(call, t)                                                                 \
    (call) ((t)->job, (t)->nodes, (t)->min_nodes, (t)->max_nodes, (t)->req_nodes, (t)->mode,       \
            (t)->candidates, (t)->preemptees, (t)->excluded, (t)->will_run)

/* Is it asked about a stretch of time? */
static inline bool api_has_window (const struct api_test *t)
{
    return t->will_run && (t->will_run->start || t->will_run->end);
}

#endif // !FLUX_SELECT_GRAPH_API_WINDOW_H
