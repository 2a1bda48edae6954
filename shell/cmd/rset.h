/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Sets of resources as `flux resource` and `flux top` count them: R (RFC 20) as one record a node.
 */

#ifndef FLUX_CMD_RSET_H
#define FLUX_CMD_RSET_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

struct rset_node {
    uint32_t rank;
    char *host; // NULL: not known
    struct idset *cores, *gpus;
};

struct rset {
    struct rset_node *nodes; // by rising rank
    size_t count;
    json_t *properties; // object: name to idset of ranks; NULL: none
    double starttime, expiration;
};

/* R may be NULL or JSON null: an empty set. NULL with errno. */
struct rset *rset_create (const json_t *R);
void rset_destroy (struct rset *rs);
struct rset *rset_copy (const struct rset *rs);

/* Take resources away; a node without cores and GPUs is gone. */
int rset_subtract (struct rset *rs, const struct rset *other);
int rset_add (struct rset *rs, const struct rset *other);

/* Keep only these ranks. */
void rset_keep (struct rset *rs, const struct idset *ranks);

size_t rset_ncores (const struct rset *rs);
size_t rset_ngpus (const struct rset *rs);

/* The caller frees these. */
struct idset *rset_ranks (const struct rset *rs);
char *rset_hosts (const struct rset *rs);
char *rset_list (const struct rset *rs); // "rank0/core[0-3],..."
json_t *rset_encode (const struct rset *rs);

/* Ranks of hosts ("a[0-3]") or ranks ("0-3") that are in the set. NULL: neither. */
struct idset *rset_find (const struct rset *rs, const char *targets);

/* Names of the properties of a rank, comma-separated; the caller frees it. */
char *rset_properties (const struct rset *rs, uint32_t rank);

/* What the scheduler knows: all, down, allocated, and what follows from these: up, free. */
struct rset_states {
    struct rset *all, *down, *allocated, *up, *free;
};
int rset_states_create (struct rset_states *s, const json_t *status);
void rset_states_clear (struct rset_states *s);
struct rset *rset_states_get (const struct rset_states *s, const char *name);

/* {"all":{"nnodes","ncores","ngpus"},"up":...} */
json_t *rset_states_counts (const struct rset_states *s);

#endif /* !FLUX_CMD_RSET_H */
