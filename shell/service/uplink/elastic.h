/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The service `elastic` on rank 0 of an instance that is a job: it asks the instance above for more
 * resources, or gives idle ones back. One at a time.
 *
 *   elastic.grow    {"nodes"?:i, "slots"?:i, "cores"?:i, "gpus"?:i}  (cores and GPUs per slot)
 *   elastic.shrink  {"targets":s} or {"nodes":i} or {"cores":i, "gpus":i} or {"idle":true}
 *
 * The answer comes when it is done, that is when the brokers of new nodes are up, or those of nodes
 * that were given back have ended: {"nnodes":i, "ncores":i, "ngpus":i}, what the instance has then.
 * On failure it has what it had. */

#ifndef FLUX_SERVICE_UPLINK_ELASTIC_H
#define FLUX_SERVICE_UPLINK_ELASTIC_H

struct attrs;
struct elastic;
struct resource;
struct router;
struct sched;
struct uplink;

/* Without an instance above (up NULL) all requests are refused. */
struct elastic *elastic_create (struct router *rt, struct uplink *up, struct resource *resource,
                                struct sched *sched, const struct attrs *attrs);
void elastic_destroy (struct elastic *e);

/* A rank came or went. */
void elastic_ranks_changed (struct elastic *e);

#endif /* !FLUX_SERVICE_UPLINK_ELASTIC_H */
