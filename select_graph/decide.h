/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * From Slurm's records to the graph and back: which nodes a job should have, and which cores each
 * job has. Called with slurmctld's job write lock held, as all of the select interface is. */

#ifndef FLUX_SELECT_GRAPH_DECIDE_H
#define FLUX_SELECT_GRAPH_DECIDE_H

#include SELECT_GRAPH_API
#include "select_graph/site.h"

/* slurmctld's node table as a graph; NULL is logged. */
struct site *decide_make_site (const char *policy);

/* Does the graph know all that this job asks for? */
bool decide_can (const job_record_t *job, uint32_t min_nodes, uint32_t max_nodes);

/* A new bitmap with the nodes that the job should have out of `nodes`; NULL: the graph has none. */
bitstr_t *decide_nodes (struct site *site, const job_record_t *job, bitstr_t *nodes,
                        uint32_t min_nodes, uint32_t req_nodes);

/* Book what a running job has, unless that was done. */
void decide_book (struct site *site, const job_record_t *job);

#endif // !FLUX_SELECT_GRAPH_DECIDE_H
