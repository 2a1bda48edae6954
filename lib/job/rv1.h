/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Resource sets: R version 1 (RFC 20).
 *
 * A set holds nodes, sorted by rank: a rank (execution target), a host name and the ids of its
 * cores and GPUs. Nodes with the same children share them, so that 10,000 equal nodes are cheap. */

#ifndef FLUX_JOB_RV1_H
#define FLUX_JOB_RV1_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <flux/types.h>

#include "lib/util/buf.h"

struct rv1_children;

struct rv1_node {
    uint32_t rank;
    const char *host; // "" when unknown
    struct rv1_children *children;
};

/* Members may be read; the numbers may be set, too. */
struct rv1 {
    struct rv1_node *node;
    size_t nnodes;
    size_t size;
    struct rv1_names *names;    // where host names are
    struct rv1_property *props; // hash by name
    double starttime;           // seconds since the epoch; 0: not set
    double expiration;          // the same
    uint32_t nslots;            // 0: not set
    json_t *scheduling;         // opaque; NULL: none
};

struct rv1 *rv1_create (void);
void rv1_destroy (struct rv1 *rs);
struct rv1 *rv1_copy (const struct rv1 *rs);

/* NULL with EINVAL, EFBIG (more than a million ranks) or ENOMEM and a sentence. */
struct rv1 *rv1_decode (const char *s, size_t len, flux_error_t *errp);
struct rv1 *rv1_from_json (const json_t *o, flux_error_t *errp);

/* Append the JSON text. Errors stick in the buffer. */
void rv1_encode_buf (struct buf *b, const struct rv1 *rs);
char *rv1_encode (const struct rv1 *rs);
json_t *rv1_to_json (const struct rv1 *rs);

/* A line for people: "rank[0-1]/core[0-3],gpu0 rank2/core0". */
void rv1_dump_buf (struct buf *b, const struct rv1 *rs);

/* Add cores and GPUs (NULL: none) to a rank, which is made if it is not there. `host` may be NULL.
 * Ranks in ascending order are added in constant time. */
int rv1_add_node (struct rv1 *rs, uint32_t rank, const char *host, const struct idset *cores,
                  const struct idset *gpus);

/* The node of a rank, or NULL. */
const struct rv1_node *rv1_find (const struct rv1 *rs, uint32_t rank);

/* Ids on a node; NULL for none. */
const struct idset *rv1_node_cores (const struct rv1_node *node);
const struct idset *rv1_node_gpus (const struct rv1_node *node);

/* Sums. */
size_t rv1_ncores (const struct rv1 *rs);
size_t rv1_ngpus (const struct rv1 *rs);

/* All ranks; all host names in rank order (none, if one of them is unknown). The caller destroys
 * them. */
struct idset *rv1_ranks (const struct rv1 *rs);
struct hostlist *rv1_nodelist (const struct rv1 *rs);

/* Ranks on some hosts. NULL with ENOENT when a host is not in the set, EINVAL. */
struct idset *rv1_hosts_to_ranks (const struct rv1 *rs, const char *hosts, flux_error_t *errp);

/* Algebra over single cores and GPUs; a node that has nothing left goes. The result has a's times,
 * and a's properties as far as its ranks go (rv1_union: those of both). */
struct rv1 *rv1_union (const struct rv1 *a, const struct rv1 *b);
struct rv1 *rv1_diff (const struct rv1 *a, const struct rv1 *b);
struct rv1 *rv1_intersect (const struct rv1 *a, const struct rv1 *b);

/* The same in place. */
int rv1_add (struct rv1 *a, const struct rv1 *b);
int rv1_subtract (struct rv1 *a, const struct rv1 *b);

/* Only some ranks; all but some ranks. */
struct rv1 *rv1_copy_ranks (const struct rv1 *rs, const struct idset *ranks);
int rv1_remove_ranks (struct rv1 *rs, const struct idset *ranks);

/* Give new host names in rank order; there must be as many as nodes (EOVERFLOW, ENOSPC). */
int rv1_assign_hosts (struct rv1 *rs, const char *hosts, flux_error_t *errp);

/* Give new ranks: that of a host is its place in `hosts`. Each host of the set must be there once
 * for each of its nodes, and no other (EOVERFLOW, ENOSPC, ENOENT). */
int rv1_rerank (struct rv1 *rs, const char *hosts, flux_error_t *errp);

/* Number ranks, and the cores and GPUs of each node, from 0. */
int rv1_remap (struct rv1 *rs);

/* Properties. EINVAL for a name with an illegal character, ENOENT for a rank that is not there. */
int rv1_set_property (struct rv1 *rs, const char *name, const struct idset *ranks,
                      flux_error_t *errp);
const struct idset *rv1_property (const struct rv1 *rs, const char *name); // NULL: no node has it
json_t *rv1_properties_to_json (const struct rv1 *rs);                     // {"name":"idset"...}

/* Names of the properties of a rank, comma-separated; the caller frees it. */
char *rv1_rank_properties (const struct rv1 *rs, uint32_t rank);
bool rv1_property_valid (const char *name);

#endif /* !FLUX_JOB_RV1_H */
