/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The resource service (RFC 28, 44): each rank tells rank 0 what it has; rank 0 keeps R, who is
 * online and who is drained, and tells the scheduler.
 *
 *   resource.announce  {"rank","host","cores","gpus"}   to rank 0, once per broker start
 */

#ifndef FLUX_SERVICE_RESOURCE_RESOURCE_H
#define FLUX_SERVICE_RESOURCE_RESOURCE_H

#include <stdint.h>
#include <flux/types.h>

struct attrs;
struct kvs;
struct resource;
struct router;
struct sched;

struct resource_ops {
    void (*changed) (void *arg); // resources or their state: schedule again
};

/* kvs and sched are NULL but on rank 0. */
struct resource *resource_create (struct router *rt, struct attrs *attrs, struct kvs *kvs,
                                  struct sched *sched, flux_error_t *errp);
void resource_destroy (struct resource *r);
void resource_set_ops (struct resource *r, const struct resource_ops *ops, void *arg);

/* Ranks that have announced themselves and are online. */
uint32_t resource_ready_count (const struct resource *r);

/* A rank that has announced itself is in reach, or not. */
void resource_rank_online (struct resource *r, uint32_t rank, bool online);
const char *resource_hostname (const struct resource *r, uint32_t rank);

#endif /* !FLUX_SERVICE_RESOURCE_RESOURCE_H */
