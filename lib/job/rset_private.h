/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between the files of rset. */

#ifndef FLUX_JOB_RSET_PRIVATE_H
#define FLUX_JOB_RSET_PRIVATE_H

#include <uthash.h>

#include "lib/job/rset.h"

/* Shared by nodes, never changed once made. */
struct rset_children {
    int refs;
    struct idset *core; // NULL: none
    struct idset *gpu;  // NULL: none
};

struct rset_property {
    char *name;
    struct idset *ranks;
    UT_hash_handle hh;
};

/* Takes the sets over, also on failure. Empty ones become NULL. */
struct rset_children *rset_children_create (struct idset *core, struct idset *gpu);
void rset_children_decref (struct rset_children *c);
static inline struct rset_children *rset_children_incref (struct rset_children *c)
{
    c->refs++;
    return c;
}
bool rset_children_equal (const struct rset_children *a, const struct rset_children *b);

/* A copy of a name that lives as long as the set; "" for NULL. NULL with ENOMEM. */
const char *rset_name (struct rset *rs, const char *host);

/* Put a node at the end, in any order of ranks; a reference to c is taken. */
int rset_push (struct rset *rs, uint32_t rank, const char *host, struct rset_children *c);

/* Sort nodes by rank and join those of the same rank. */
int rset_normalize (struct rset *rs);

/* Take nodes without children out, and properties off ranks that are not there. */
int rset_shrink (struct rset *rs, bool drop_empty);

struct rset_property *rset_property_get (struct rset *rs, const char *name, bool create);
void rset_property_delete (struct rset *rs, struct rset_property *p);

#endif /* !FLUX_JOB_RSET_PRIVATE_H */
