/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The resource service (RFC 28, 44): each rank tells rank 0 what it has; rank 0 keeps R, who is
 * online and who is drained, and tells the scheduler.
 *
 *   resource.announce  {"rank","host","cores","gpus"}   to rank 0, once per broker start
 */

#ifndef FLUX_SERVICE_RESOURCE_RESOURCE_H
#define FLUX_SERVICE_RESOURCE_RESOURCE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

struct attrs;
struct idset;
struct kvs;
struct resource;
struct router;
struct sched;
struct uplink;

struct resource_ops {
    void (*changed) (void *arg); // resources or their state: schedule again
};

/* kvs, sched and conf (the configuration; may be NULL) are used on rank 0 only. */
struct resource *resource_create (struct router *rt, struct attrs *attrs, const json_t *conf,
                                  struct kvs *kvs, struct sched *sched, struct uplink *uplink,
                                  flux_error_t *errp);
void resource_destroy (struct resource *r);
void resource_set_ops (struct resource *r, const struct resource_ops *ops, void *arg);

/* The instance's resources change at run time (RFC 28: an acquisition is updated): R is what there
 * is from now on. Ranks that it has more are used once they are online; those that are missing get
 * no new jobs, and what runs there is the caller's to end. EINVAL with a sentence, and no change.
 */
int resource_set_R (struct resource *r, json_t *R, flux_error_t *errp);

/* The same, told of in the eventlog with this method. */
int resource_change (struct resource *r, json_t *R, const char *method, flux_error_t *errp);

/* R, which is the callee's; NULL: none yet. */
const json_t *resource_get_R (const struct resource *r);

/* Has it announced itself, and is it in reach? */
bool resource_is_online (const struct resource *r, uint32_t rank);

/* Ranks by idset, or nodes by hostlist. The caller destroys it. NULL with EINVAL and a sentence. */
struct idset *resource_find (const struct resource *r, const char *targets, flux_error_t *errp);

/* The instance has more ranks. ENOMEM. */
int resource_grow (struct resource *r, uint32_t size);

/* When the resources go; seconds since the epoch, 0: never. */
int resource_set_expiration (struct resource *r, double expiration);

/* Tell rank 0 that this rank takes work, and with what: once, when the broker is ready for it. */
int resource_announce (struct resource *r, const struct attrs *attrs, flux_error_t *errp);

/* Ranks that have announced themselves and are online. */
uint32_t resource_ready_count (const struct resource *r);

/* A rank that has announced itself is in reach, or not. */
void resource_rank_online (struct resource *r, uint32_t rank, bool online);
const char *resource_hostname (const struct resource *r, uint32_t rank);

#endif /* !FLUX_SERVICE_RESOURCE_RESOURCE_H */
