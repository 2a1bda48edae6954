/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* An instance that is a job of another one keeps a connection to it: there it finds its resources,
 * leaves notes on its job, and hears when the job's time limit changes. Rank 0 only. When the other
 * instance is gone, nothing more is heard; the end of the job comes by its shell. */

#ifndef FLUX_SERVICE_UPLINK_UPLINK_H
#define FLUX_SERVICE_UPLINK_UPLINK_H

#include <ev.h>
#include <jansson.h>
#include <flux/future.h>
#include <flux/handle.h>
#include <flux/types.h>

struct rv1;
struct uplink;

/* Job `jobid` (any encoding) of the instance at `uri`. NULL with errno and a sentence. */
struct uplink *uplink_create (struct ev_loop *loop, const char *uri, const char *jobid,
                              flux_error_t *errp);
void uplink_destroy (struct uplink *up);

/* R of the job, with its ranks numbered from 0 in their order. Blocks for one call. NULL with a
 * sentence. */
json_t *uplink_get_R (struct uplink *up, flux_error_t *errp);

/* Which rank of the enclosing instance a broker of this one is on, and the other way round;
 * UPLINK_NO_RANK: none. */
#define UPLINK_NO_RANK UINT32_MAX
int uplink_set_rank (struct uplink *up, uint32_t rank, uint32_t above);
uint32_t uplink_rank_above (const struct uplink *up, uint32_t rank);
uint32_t uplink_rank_here (const struct uplink *up, uint32_t above);

/* R of that instance as R of this one, and back. NULL with a sentence. */
json_t *uplink_R_here (const struct uplink *up, const json_t *R, flux_error_t *errp);
json_t *uplink_R_above (const struct uplink *up, const struct rv1 *rs, flux_error_t *errp);

/* A request about the job: its id is added to `payload`, whose reference is taken. */
flux_future_t *uplink_rpc (struct uplink *up, const char *topic, json_t *payload);
flux_t *uplink_handle (struct uplink *up);

/* Note on the job what `memo`, whose reference is taken, says. It is sent, and no answer is waited
 * for; volatile notes are not in the job's eventlog. */
void uplink_memo (struct uplink *up, json_t *memo, bool is_volatile);

/* The same, but it has arrived when this returns, or a few seconds have passed. */
void uplink_memo_wait (struct uplink *up, json_t *memo);

/* The note "uri" leads to `local_uri` on this host. */
void uplink_tell_uri (struct uplink *up, const char *local_uri);

/* Without which brokers this instance cannot be, with the map of brokers to nodes (RFC 34). */
void uplink_tell_critical (struct uplink *up, const char *ranks, const char *mapping);

/* Hear of changes from now on: when the resources go (seconds since the epoch, 0: never). */
typedef void (*uplink_expiration_f) (double expiration, void *arg);
int uplink_follow (struct uplink *up, uplink_expiration_f cb, void *arg, flux_error_t *errp);

#endif /* !FLUX_SERVICE_UPLINK_UPLINK_H */
