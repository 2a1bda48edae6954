/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What graph_tree.c and graph_layout.c share: a tree while it is being made. */

#ifndef FLUX_GRAPH_TREE_PRIV_H
#define FLUX_GRAPH_TREE_PRIV_H

#include <stdlib.h>

#include "lib/graph/graph_priv.h"

/* What is being made. */
struct tree {
    const struct graph *g;
    uint32_t nv;
    uint32_t *off;    // of v's children in child, nv + 1
    uint32_t *child;  // by parent, in edge order
    uint32_t *parent; // GRAPH_NONE: not reached
    uint32_t *order;  // vertices in depth first order
    uint32_t *last;
    uint8_t *depth;
    uint8_t *color; // 0 new, 1 open, 2 done
    uint8_t *other; // has an edge in a subsystem that is not the dominant one
    uint32_t reached;
    uint32_t root;
    uint64_t *bits; // a type set
    uint32_t nwords;
    struct layout *layout;
    uint32_t nlayouts;
    uint16_t *which; // layout of v, 0xffff: a leaf
    uint32_t *agg;   // first row of v
    uint32_t nagg;
};

static inline void *tree_take (size_t n, size_t size)
{
    return calloc (n ? n : 1, size);
}

/* -1 with errnum and "NAME (vertex V) WHAT". */
int tree_fail (const struct graph *g, uint32_t v, int errnum, const char *what, flux_error_t *errp);
/* The set of types below each vertex, equal sets once, and where its aggregates go. */
int tree_make_layouts (struct tree *t, flux_error_t *errp);

#endif /* !FLUX_GRAPH_TREE_PRIV_H */
