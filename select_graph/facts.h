/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * From Slurm's records to the site: what nodes are, what jobs have and what they ask for. Called
 * with slurmctld's job write lock held, as all of the select interface is. */

#ifndef FLUX_SELECT_GRAPH_FACTS_H
#define FLUX_SELECT_GRAPH_FACTS_H

#include SELECT_GRAPH_API
#include "select_graph/site.h"

/* slurmctld's node table as a site; NULL with a sentence. What is odd but bearable is logged. */
struct site *facts_make_site (const struct graph_conf *conf, flux_error_t *errp);

/* What a job has of its nodes, as select/cons_tres counts it, with or without cores, but for one of
 * the nodes (-1: of all); xfree() it. */
struct site_hold *facts_holds (const struct site *site, const job_record_t *job, bool cores,
                               int64_t without, size_t *n);
/* Cores of a job that an administrator suspended are others'; all else stays its own. */
bool facts_has_cores (const job_record_t *job);

/* The value of GRAPH_POLICY and the like that came with the job; NULL: none */
const char *facts_option (const job_record_t *job, const char *name);

/* Ranges of the bits of a node bitmap; xfree() them. */
struct site_range *facts_ranges (bitstr_t *nodes, size_t *n);

/* What the job asks of the graph when it gets this many nodes; the rest of *want is the caller's.
 * false: it asks for what the graph does not know. */
bool facts_want (const struct site *site, const struct api_test *t, uint32_t nodes,
                 struct site_want *want);
/* The fewest nodes that can have all its CPUs, given those that may be had */
uint32_t facts_fewest_nodes (const struct api_test *t);
/* As many nodes as have a task or a CPU each */
uint32_t facts_most_nodes (const struct api_test *t);
/* Is less free in the graph than the job needs whatever nodes it gets? */
bool facts_is_hopeless (const struct site *site, const struct api_test *t);
/* May it get cores that other jobs use as well? Then that none is free says nothing. */
bool facts_may_share (const job_record_t *job);

#endif // !FLUX_SELECT_GRAPH_FACTS_H
