/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the writers' files share. */

#ifndef FLUX_GRAPH_IO_WRITE_PRIV_H
#define FLUX_GRAPH_IO_WRITE_PRIV_H

#include "lib/graph/io/write.h"

struct rlite_ids {
    uint32_t *id;
    size_t n, room;
};

/* Nodes whose children have the same ids. */
struct rlite_group {
    char *key; // the children as JSON text
    struct rlite_ids ranks;
};

struct rlite_name {
    int64_t rank;
    size_t at; // in rlite.text
};

struct rlite_names {
    struct rlite_name *list;
    size_t n, room;
};

struct rlite {
    struct rlite_ids cores, gpus; // seen since the last node
    struct rlite_group *group;    // in the order of their keys
    size_t n, room, last;
    struct rlite_names hosts, properties;
    struct buf text, key;
    const char *type; // of the vertex before, and what it is here
    int kind;
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
/* Append the array R_lite, or R without what the scheduler adds (nothing when nothing was written).
 * -1 with ENOMEM, EINVAL. */
int rlite_put (struct rlite *r, struct buf *b);
int rv1_put (struct writer *w, struct buf *b);
void rlite_reset (struct rlite *r); // begin anew
void rlite_clear (struct rlite *r);

#endif /* !FLUX_GRAPH_IO_WRITE_PRIV_H */
