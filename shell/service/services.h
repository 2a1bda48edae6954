/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* All services of a broker beyond the broker's own, in the order of their making. */

#ifndef FLUX_SERVICE_SERVICES_H
#define FLUX_SERVICE_SERVICES_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

struct attrs;
struct conf_service;
struct router;
struct services;

/* The content store and the KVS: enough for flux restore, after which services_reload() takes what
 * it left. Then the others. */
struct services *services_create (struct router *rt, struct attrs *attrs, flux_error_t *errp);
int services_reload (struct services *s, flux_error_t *errp);
int services_start (struct services *s, struct attrs *attrs, struct conf_service *conf,
                    uint32_t owner, flux_error_t *errp);
void services_destroy (struct services *s);

/* This rank takes work from now on. */
int services_announce (struct services *s, const struct attrs *attrs, flux_error_t *errp);

/* All that is needed is there: jobs of an earlier instance may start. */
void services_run (struct services *s);

/* A rank is in reach (again), or not: no new work for it meanwhile. Rank 0 only. */
void services_rank_online (struct services *s, uint32_t rank, bool online);

/* A rank will not come back: its jobs fail. Rank 0 only. */
void services_rank_lost (struct services *s, uint32_t rank);

/* How many ranks have told their resources and are usable. Rank 0 only. */
/* The instance has more ranks. ENOMEM. */
int services_grow (struct services *s, uint32_t size);

uint32_t services_ready_count (const struct services *s);

/* Called on rank 0 when services_ready_count() changed. */
typedef void (*services_ready_f) (void *arg);
void services_on_ready (struct services *s, services_ready_f cb, void *arg);

/* End all jobs; cb comes when none is active, or after `timeout` seconds. Rank 0 only. */
typedef void (*services_idle_f) (void *arg);
void services_cleanup (struct services *s, double timeout, services_idle_f cb, void *arg);

/* Unload all modules; cb comes when they are gone, or a few seconds later. It may come at once. */
void services_unload (struct services *s, services_idle_f cb, void *arg);

/* Save what a state folder should hold. */
int services_finalize (struct services *s, flux_error_t *errp);

#endif /* !FLUX_SERVICE_SERVICES_H */
