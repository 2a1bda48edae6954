/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Going through R version 1 node by node: for a graph (load_rv1.c), and for what a job holds
 * (load_rv1_items.c). */

#ifndef FLUX_GRAPH_IO_RV1_PRIV_H
#define FLUX_GRAPH_IO_RV1_PRIV_H

#include "lib/graph/io/load.h"

struct hostlist;
struct idset;

struct rv1_names {
    const char *name;
    struct idset *ranks;
};

struct rv1_reader {
    struct graph *g;
    const json_t *R;
    unsigned int at; // rank of the node being made
    json_t *rlite;
    struct rv1_names *property; // with the ranks that have it
    size_t nproperties;
    struct hostlist *hosts;
    struct idset *ranks; // all of R: the n-th rank has the n-th host
    unsigned int *rank;  // the same as an array
    size_t index;        // in it: the rank at hand
    uint32_t *vertex;    // by index, when it was made: entries of one rank add up
    flux_error_t *errp;
    /* what to do with a node, and with each of its children */
    int (*node) (struct rv1_reader *r, unsigned int rank, const char *host, json_t *children);
    uint32_t root;
    struct result_item *items;
    size_t nitems, room;
};

/* -1 with EINVAL and "R: WHAT". */
int rv1_bad (struct rv1_reader *r, const char *what);
int rv1_open_reader (struct rv1_reader *r, const json_t *R);
void rv1_close_reader (struct rv1_reader *r);
/* Call `node` for each rank; -1 as soon as one does. */
int rv1_each_node (struct rv1_reader *r);

#endif /* !FLUX_GRAPH_IO_RV1_PRIV_H */
