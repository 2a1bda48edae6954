/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Between the files of rv1. */

#ifndef FLUX_JOB_RV1_PRIVATE_H
#define FLUX_JOB_RV1_PRIVATE_H

#include <uthash.h>

#include "lib/job/rv1.h"

/* Shared by nodes, never changed once made. */
struct rv1_children {
    int refs;
    struct idset *core; // NULL: none
    struct idset *gpu;  // NULL: none
};

struct rv1_property {
    char *name;
    struct idset *ranks;
    UT_hash_handle hh;
};

/* Takes the sets over, also on failure. Empty ones become NULL. */
struct rv1_children *rv1_children_create (struct idset *core, struct idset *gpu);
void rv1_children_decref (struct rv1_children *c);
static inline struct rv1_children *rv1_children_incref (struct rv1_children *c)
{
    c->refs++;
    return c;
}

/* A copy of a name that lives as long as the set; "" for NULL. NULL with ENOMEM. */
const char *rv1_name (struct rv1 *rs, const char *host);

/* Put a node at the end, in any order of ranks; a reference to c is taken. */
int rv1_push (struct rv1 *rs, uint32_t rank, const char *host, struct rv1_children *c);

/* Sort nodes by rank and join those of the same rank. */
int rv1_normalize (struct rv1 *rs);

/* Take nodes without children out, and properties off ranks that are not there. */
int rv1_shrink (struct rv1 *rs, bool drop_empty);

struct rv1_property *rv1_property_get (struct rv1 *rs, const char *name, bool create);
void rv1_property_delete (struct rv1 *rs, struct rv1_property *p);

#endif /* !FLUX_JOB_RV1_PRIVATE_H */
