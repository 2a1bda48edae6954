/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Resource sets: R version 1 (RFC 20).
 *
 * A set holds nodes, sorted by rank: a rank (execution target), a host name and the ids of its
 * cores and GPUs. Nodes with the same children share them, so that 10,000 equal nodes are cheap. */

#ifndef FLUX_JOB_RSET_H
#define FLUX_JOB_RSET_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <flux/types.h>

#include "lib/util/buf.h"

struct rset_children;

struct rset_node {
    uint32_t rank;
    const char *host; // "" when unknown
    struct rset_children *children;
};

/* Members may be read; the numbers may be set, too. */
struct rset {
    struct rset_node *node;
    size_t nnodes;
    size_t size;
    struct rset_names *names;    // where host names are
    struct rset_property *props; // hash by name
    double starttime;            // seconds since the epoch; 0: not set
    double expiration;           // the same
    uint32_t nslots;             // 0: not set
    json_t *scheduling;          // opaque; NULL: none
};

struct rset *rset_create (void);
void rset_destroy (struct rset *rs);
struct rset *rset_copy (const struct rset *rs);

/* NULL with EINVAL, EFBIG (more than a million ranks) or ENOMEM and a sentence. */
struct rset *rset_decode (const char *s, size_t len, flux_error_t *errp);
struct rset *rset_from_json (const json_t *o, flux_error_t *errp);

/* Append the JSON text. Errors stick in the buffer. */
void rset_encode_buf (struct buf *b, const struct rset *rs);
char *rset_encode (const struct rset *rs);
json_t *rset_to_json (const struct rset *rs);

/* A line for people: "rank[0-1]/core[0-3],gpu0 rank2/core0". */
void rset_dump_buf (struct buf *b, const struct rset *rs);

/* Add cores and GPUs (NULL: none) to a rank, which is made if it is not there. `host` may be NULL.
 * Ranks in ascending order are added in constant time. */
int rset_add_node (struct rset *rs, uint32_t rank, const char *host, const struct idset *cores,
                   const struct idset *gpus);

/* The node of a rank, or NULL. */
const struct rset_node *rset_find (const struct rset *rs, uint32_t rank);

/* Ids on a node; NULL for none. */
const struct idset *rset_node_cores (const struct rset_node *node);
const struct idset *rset_node_gpus (const struct rset_node *node);

/* Sums. */
size_t rset_ncores (const struct rset *rs);
size_t rset_ngpus (const struct rset *rs);

/* All ranks; all host names in rank order (none, if one of them is unknown). The caller destroys
 * them. */
struct idset *rset_ranks (const struct rset *rs);
struct hostlist *rset_nodelist (const struct rset *rs);

/* Ranks on some hosts. NULL with ENOENT when a host is not in the set, EINVAL. */
struct idset *rset_hosts_to_ranks (const struct rset *rs, const char *hosts, flux_error_t *errp);

/* Algebra over single cores and GPUs; a node that has nothing left goes. The result has a's times,
 * and a's properties as far as its ranks go (rset_union: those of both). */
struct rset *rset_union (const struct rset *a, const struct rset *b);
struct rset *rset_diff (const struct rset *a, const struct rset *b);
struct rset *rset_intersect (const struct rset *a, const struct rset *b);

/* The same in place. */
int rset_add (struct rset *a, const struct rset *b);
int rset_subtract (struct rset *a, const struct rset *b);

/* Only some ranks; all but some ranks. */
struct rset *rset_copy_ranks (const struct rset *rs, const struct idset *ranks);
int rset_remove_ranks (struct rset *rs, const struct idset *ranks);

/* Give new host names in rank order; there must be as many as nodes (EOVERFLOW, ENOSPC). */
int rset_assign_hosts (struct rset *rs, const char *hosts, flux_error_t *errp);

/* Give new ranks: that of a host is its place in `hosts`. Each host of the set must be there once
 * for each of its nodes, and no other (EOVERFLOW, ENOSPC, ENOENT). */
int rset_rerank (struct rset *rs, const char *hosts, flux_error_t *errp);

/* Number ranks, and the cores and GPUs of each node, from 0. */
int rset_remap (struct rset *rs);

/* Properties. EINVAL for a name with an illegal character, ENOENT for a rank that is not there. */
int rset_set_property (struct rset *rs, const char *name, const struct idset *ranks,
                       flux_error_t *errp);
const struct idset *rset_property (const struct rset *rs, const char *name); // NULL: no node has it
json_t *rset_properties_to_json (const struct rset *rs);                     // {"name":"idset"...}
bool rset_property_valid (const char *name);

#endif /* !FLUX_JOB_RSET_H */
