/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What lies in a node between it and its cores (RFC 49): the TreePool scheduling key of R. */

#ifndef FLUX_GRAPH_IO_TOPO_H
#define FLUX_GRAPH_IO_TOPO_H

#include <jansson.h>

#include "lib/graph/graph.h"

struct idset;

/* Called for each core and GPU made, to give it the properties of its rank. 0 or -1 (errp set). */
typedef int (*topo_made_f) (void *arg, uint32_t v);

struct topo_node {
    struct graph *g; // with an open transaction
    uint32_t node;
    int64_t rank;
    struct idset *cores, *gpus; // what R gives of the node; what is placed is taken out
    topo_made_f made;
    void *arg;
};

/* The topology of a rank in R, NULL when it has none. */
const json_t *topo_find (const json_t *R, unsigned int rank);
/* Add domains, memory and storage, and in their places those cores and GPUs that R gives; domains
 * that have none of them are left out. -1 with EINVAL, errp names the key. */
int topo_add (struct topo_node *n, const json_t *topo, flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_TOPO_H */
