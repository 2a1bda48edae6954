/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * One job_test on its way, and what the files of the chooser share. */

#ifndef FLUX_SELECT_GRAPH_ATTEMPT_H
#define FLUX_SELECT_GRAPH_ATTEMPT_H

#include "select_graph/choose.h"

struct attempt {
    struct chooser *c;
    struct api_test *test;
    bitstr_t *all;     // the nodes that may be had
    bitstr_t *left;    // those not refused yet
    json_t *resources; // the job's own request; NULL: none
    bool strict;       // nothing but the graph's choice will do
    struct policy *policy;
    time_t now;
    uint32_t named;        // nodes that the job insists on
    bool all_named;        // and it has no others
    bool known;            // facts_want() could say what it asks for
    struct site_want want; // as last asked
};

/* ---- attempt.c ---- */
void attempt_init (struct attempt *a, struct chooser *c, struct api_test *test);
void attempt_clear (struct attempt *a);
void attempt_restore_nodes (struct attempt *a);
/* The nodes of a request: the fewest that will do. */
uint64_t attempt_nodes_asked (const json_t *resources);

/* ---- ask.c ---- */
/* The question to the plugin beneath: its answer. */
int attempt_ask_beneath (struct attempt *a);
/* No jobs that share or can be preempted, no GRES, no limits of the partition */
bool attempt_is_plain (const struct attempt *a);
/* The same as attempt_ask_beneath(), of a choice of n nodes */
int attempt_ask_with_names (struct attempt *a, size_t n);

/* ---- pick.c ---- */
/* The graph's choice out of the nodes that are left. -1: it has none; ENOTSUP: it can't say. */
int attempt_pick (struct attempt *a, enum site_when when, const struct site_choice **choice,
                  flux_error_t *errp);
/* Out of these nodes, as if the job wanted so many. */
int attempt_pick_count (struct attempt *a, bitstr_t *nodes, uint32_t count, enum site_when when,
                        const struct site_choice **choice, flux_error_t *errp);

/* ---- offer.c ---- */
/* The question's nodes are those of the choice, and those that the job insists on. */
void attempt_set_nodes (struct attempt *a, const struct site_choice *choice);
/* The choice to the plugin beneath: its own answer; nodes as they were when it refuses. */
int attempt_offer (struct attempt *a, const struct site_choice *choice);
/* Choices, best first, until one is taken. */
int attempt_offer_all (struct attempt *a, flux_error_t *errp);
/* As if the jobs that can be preempted were gone */
int attempt_offer_preempting (struct attempt *a, flux_error_t *errp);
/* The graph without the cores that are kept from the job, and with them again; without the jobs
 * that it can preempt. */
void attempt_hide_cores (struct attempt *a);
void attempt_show_cores (struct attempt *a);
void attempt_lift (struct attempt *a);
void attempt_lower (struct attempt *a);

/* ---- ends.c ---- */
/* The graph learns when the running jobs end. */
void attempt_read_ends (struct attempt *a);
/* Offers a choice for later: the jobs in its way are let end together. */
int attempt_offer_later (struct attempt *a, const struct site_choice *choice);

#endif // !FLUX_SELECT_GRAPH_ATTEMPT_H
