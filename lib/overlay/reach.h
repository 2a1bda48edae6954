/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which ranks are reached through which child, in the live tree. A child tells its own set in the
 * hello and changes later; so adopted and displaced brokers are found as well as those in their
 * regular place. With each rank goes a number that is another one for each start of its broker, so
 * that rank 0 learns of one that was replaced while nobody missed it. */

#ifndef FLUX_OVERLAY_REACH_H
#define FLUX_OVERLAY_REACH_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct reach;

struct reach *reach_create (uint32_t size, uint32_t own_rank);
void reach_destroy (struct reach *r);

/* Ranks up to `size`, which is more than before. ENOMEM. */
int reach_grow (struct reach *r, uint32_t size);

/* Sets of ranks travel as [[first,last],...], ascending. */
/* `via` is whatever stands for the child. Ranks are added or taken away as `ranks` says; a rank is
 * only taken away from the child which has it (it may have moved meanwhile). EPROTO for what is no
 * set, or holds our own rank; then nothing was changed. */
int reach_add (struct reach *r, void *via, const json_t *ranks);
int reach_del (struct reach *r, void *via, const json_t *ranks);
int reach_add_rank (struct reach *r, void *via, uint32_t rank);
void reach_del_all (struct reach *r, const void *via);

/* A number for a broker, from the uuid that it has for this start. */
uint64_t reach_start_of (const char *uuid);
uint64_t reach_start (const struct reach *r, uint32_t rank); // 0: not here
void reach_set_start (struct reach *r, uint32_t rank, uint64_t start);

/* The starts of the ranks of a set, in its order; what is missing or no number is left as it is.
 * Only for ranks which `via` has. EPROTO when `ranks` is no set. */
int reach_set_starts (struct reach *r, const void *via, const json_t *ranks, const json_t *starts);
json_t *reach_starts (const struct reach *r, const json_t *ranks);

void *reach_lookup (const struct reach *r, uint32_t rank);
int reach_count (const struct reach *r); // without our own rank

/* Is this rank in a set that came from a peer? False when it is no set. */
bool ranks_hold (const json_t *ranks, uint32_t rank);

/* Ranks that are reached, but not through `via`, and for which want() is true. */
typedef bool (*reach_f) (uint32_t rank, void *arg);
json_t *reach_others (const struct reach *r, const void *via, reach_f want, void *arg);

/* All ranks reached, with our own. It counts as told to the parent. */
json_t *reach_full (struct reach *r);

/* What changed since the last reach_full() or reach_changes(). False when nothing did; else *add
 * and *del are the caller's. */
bool reach_changes (struct reach *r, json_t **add, json_t **del);

#endif /* !FLUX_OVERLAY_REACH_H */
