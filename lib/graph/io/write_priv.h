/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the writers' files share. */

#ifndef FLUX_GRAPH_IO_WRITE_PRIV_H
#define FLUX_GRAPH_IO_WRITE_PRIV_H

#include "lib/graph/io/write.h"

/* Nodes whose children have the same ids. */
struct rlite_host {
    int64_t rank;
    char *name;
};

struct rlite_group {
    char *key; // the children as JSON text
    json_t *children;
    struct rlite_host *host;
    size_t n;
};

struct rlite {
    struct idset *cores, *gpus; // seen since the last node
    struct rlite_group *group;
    size_t n;
    json_t *properties; // name: array of ranks
};

struct writer {
    write_format_t format;
    struct buf text;
    json_t *nodes, *edges;
    bool cut;      // something was left out
    bool no_units; // of pools
    struct rlite rlite;
    int64_t start, end;
    char *queue;
};

int jgf_vertex (struct writer *w, const struct graph *g, const struct write_vertex *v);
int jgf_edge (struct writer *w, const struct graph *g, uint32_t from, uint32_t to);
json_t *jgf_finish (struct writer *w); // NULL: nothing

int rlite_vertex (struct rlite *r, const struct graph *g, const struct write_vertex *v);
/* R_lite array, and nodelist and properties (NULL: none) when asked; NULL: nothing. */
json_t *rlite_finish (struct rlite *r, json_t **nodelist, json_t **properties);
void rlite_clear (struct rlite *r);
json_t *rv1_finish (struct writer *w);

#endif /* !FLUX_GRAPH_IO_WRITE_PRIV_H */
