/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The instance's resources: R (RFC 20), the graph that is made from it, and which ranks are up.
 *
 * The graph is R's own (scheduling.graph, JGF), with racks, power and all; or, where R has none, a
 * cluster of nodes with cores and GPUs. R may change at any time: ranks that are new are added to
 * the graph, ranks that are gone are taken out as soon as no job holds any of them. */

#ifndef FLUX_SERVICE_SCHED_INVENTORY_H
#define FLUX_SERVICE_SCHED_INVENTORY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

#include "lib/graph/graph.h"
#include "lib/graph/io/constraint.h"
#include "lib/job/rv1.h"

struct inventory;

struct inventory *inventory_create (void);
void inventory_destroy (struct inventory *inv);
struct graph *inventory_graph (struct inventory *inv);

/* A graph (JGF, or R) to take the place of the one that R would make; before the first R only.
 * EINVAL with a sentence. */
int inventory_load (struct inventory *inv, const json_t *doc, bool is_R, flux_error_t *errp);

/* What there is from now on. O(ranks that differ). On failure (EINVAL and a sentence) all is as it
 * was. A rank that is new is up unless it was said to be down. */
int inventory_set (struct inventory *inv, const json_t *R, flux_error_t *errp);

/* Ranks may be used, or not; they need not be known yet. EINVAL: not an idset, or too large. */
int inventory_set_up (struct inventory *inv, const char *ranks, bool up);

/* Take out ranks that are gone and that no job holds any more. */
void inventory_sweep (struct inventory *inv);

/* Does the graph say more than R's lists of cores and GPUs? */
bool inventory_is_rich (const struct inventory *inv);

/* The R that was set last; NULL: none yet. */
const struct rv1 *inventory_R (const struct inventory *inv);

/* R ends then (seconds since the epoch, 0: never). */
void inventory_set_end (struct inventory *inv, double end);

/* Copies of it: what is down; what jobs hold. The caller destroys them. */
struct rv1 *inventory_down (struct inventory *inv);
struct rv1 *inventory_allocated (struct inventory *inv);

/* "" when not known. */
const char *inventory_host (const struct inventory *inv, uint32_t rank);
struct constraint_hosts inventory_hosts (struct inventory *inv);

#endif /* !FLUX_SERVICE_SCHED_INVENTORY_H */
