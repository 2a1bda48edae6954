/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The site of the running slurmctld: made of its nodes and graph.conf, and kept as its jobs come,
 * change and go. */

#ifndef FLUX_SELECT_GRAPH_BOOKS_H
#define FLUX_SELECT_GRAPH_BOOKS_H

#include "select_graph/choose.h"
#include "select_graph/keep.h"

struct books {
    struct graph_conf conf; // as last read without an error
    struct site *site;      // NULL: no graph.conf, so all is left to the plugin beneath
    uint64_t nodes;         // a sum over the node table that the site was made of
    struct keep *keep;      // what the state file says, while jobs are booked again
    struct chooser chooser;
    uint32_t beginning; // number of the job that begins; 0: none
};

/* graph.conf and the node table anew; jobs are booked after it, one by one. What is wrong is
 * logged, and changes as little as possible; then it returns -1. */
int books_open (struct books *books, const struct beneath *beneath);
/* All jobs have been booked; or nodes may have come or gone since. */
void books_settle (struct books *books);
void books_close (struct books *books);

/* Book what a running or suspended job has; of one that begins its record says it, too. */
void books_enter (struct books *books, job_record_t *job);
/* The same again: what it has has changed. `cores`: it has its cores; it has lost the node numbered
 * `without`, -1: none. */
void books_change (struct books *books, const job_record_t *job, bool cores, int64_t without);
/* The devices that the graph did not choose, when this job is the one that it chose for last. */
struct devices *books_keep_devices (const struct books *books, const job_record_t *job);
void books_leave (struct books *books, const job_record_t *job);
void books_begin (struct books *books, const job_record_t *job);

#endif // !FLUX_SELECT_GRAPH_BOOKS_H
