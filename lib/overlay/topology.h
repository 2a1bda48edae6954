/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The shape of the tree: who is whose parent when nobody is lost. Pure functions of a uri and a
 * size; the live tree (lost, adopted) is kept by the overlay. */

#ifndef FLUX_OVERLAY_TOPOLOGY_H
#define FLUX_OVERLAY_TOPOLOGY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

#define TOPOLOGY_DEFAULT "kary:32"
#define TOPOLOGY_SIZE_MAX (1u << 20)

struct topology;

/* uri is one of
 *   kary:K       complete tree with fan-out K; kary:0: rank 0 is the parent of all
 *   binomial     binomial tree
 *   mincrit[:K]  at most three levels, K routers (0 or absent: chosen so that no fan-out is
 *                above 1024 where that can be)
 *   custom       with parents[]
 * NULL is the default. `parents` is for custom only (else NULL): the parent of each rank, -1 for
 * rank 0. EINVAL with a sentence, ENOMEM. */
struct topology *topology_create (const char *uri, uint32_t size, const int *parents,
                                  flux_error_t *errp);
void topology_destroy (struct topology *topo);

const char *topology_uri (const struct topology *topo);
uint32_t topology_size (const struct topology *topo);

/* -1 for rank 0 and for what is no rank. */
int topology_parent (const struct topology *topo, uint32_t rank);

/* First and next direct child in ascending order, -1 when there is none (more). */
int topology_child_first (const struct topology *topo, uint32_t rank);
int topology_child_next (const struct topology *topo, uint32_t rank, int child);
int topology_child_count (const struct topology *topo, uint32_t rank);

/* Ranks below this one, not counting it. */
int topology_descendants (const struct topology *topo, uint32_t rank);
bool topology_is_below (const struct topology *topo, uint32_t rank, uint32_t ancestor);

/* The direct child of `rank` whose subtree holds dst, or -1. */
int topology_child_route (const struct topology *topo, uint32_t rank, uint32_t dst);

/* Distance from rank 0, and the largest one there is. */
int topology_level (const struct topology *topo, uint32_t rank);
int topology_maxlevel (const struct topology *topo);

/* {"rank":i "size":i "children":[...]} of the subtree at rank; the caller owns it. */
json_t *topology_json (const struct topology *topo, uint32_t rank);

#endif /* !FLUX_OVERLAY_TOPOLOGY_H */
