/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of the walk share: walk.c and slots.c. */

#ifndef FLUX_GRAPH_WALK_PRIV_H
#define FLUX_GRAPH_WALK_PRIV_H

#include "lib/graph/match_priv.h"

typedef enum {
    KIND_RESOURCE, // the vertex is one of the wishes
    KIND_SLOT,     // slots can be made right below it
    KIND_ABOVE,    // it is not named, and nothing above it was: look below
    KIND_NONE,
} match_kind_t;

struct found {
    const struct want *resource; // the wish that the vertex is, or NULL
    const struct want *slots;    // the slot, or the list of alternative ones
    uint32_t nslots;             // most slots wanted
    const struct want *next;     // what to look for below
};

void walk_explore (struct matcher *m, uint32_t u, const struct want *list, bool pristine,
                   bool exclusive, struct bag *b, uint32_t multiplier);
/* Make slots from what lies right below u; they go into b. */
void walk_slots (struct matcher *m, uint32_t u, const struct want *slots, uint32_t nslots,
                 struct bag *b);

#endif /* !FLUX_GRAPH_WALK_PRIV_H */
