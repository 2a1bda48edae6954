/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The scheduler of an instance as the job manager sees it: resources in, requests in, R (RFC 20)
 * out. The choice itself is the matcher's (lib/graph); this is the translator on its instance side.
 */

#ifndef FLUX_SERVICE_SCHED_SCHED_H
#define FLUX_SERVICE_SCHED_SCHED_H

#include <jansson.h>
#include <stdint.h>
#include <flux/types.h>

struct idset;
struct job;
struct job_facts;
struct qpolicies;
struct rv1;
struct sched;
struct sched_config;

struct sched_alloc {
    char *R;        // JSON text
    char *ranks;    // RFC 22 idset
    char *nodelist; // RFC 29 hostlist
    char *summary;  // for people: "rank0/core[0-3]"
    uint32_t *rank; // the same ranks, ascending
    uint32_t nnodes;
    uint32_t ncores;
    double expiration; // seconds since the epoch, 0: none
};

/* A graph that the configuration names is loaded. EINVAL with a sentence. */
struct sched *sched_create (const struct sched_config *config, flux_error_t *errp);
void sched_destroy (struct sched *s);

/* Go on with another configuration; it stays the caller's. What is loaded is loaded: load-file is
 * for the next start. On failure the scheduler is as it was. */
int sched_configure (struct sched *s, const struct sched_config *config, flux_error_t *errp);

/* Take R as the resources: the first time, or as what there is from now on. What is not in R any
 * more is not given out; jobs keep what they have. EINVAL with a sentence. */
int sched_set_resources (struct sched *s, const json_t *R, flux_error_t *errp);

/* Ranks in the idset may be used, or not. */
int sched_set_up (struct sched *s, const char *ranks, int up);

/* The resources are there until then (seconds since the epoch; 0: for good): no job may last
 * longer, and one without an end of its own gets this one. */
int sched_set_end (struct sched *s, double end);

/* A pass over the queue begins: reservations of the last one are forgotten. */
void sched_begin_pass (struct sched *s);

/* Allocate for the job at `now`. 0 with *alloc filled (see sched_alloc_clear), or -1 with errno:
 *   EBUSY   not now; with `reserve` it has a reservation, at *start (seconds since the epoch),
 *           which later allocations of this pass do not take
 *   ENODEV  never on these resources, whatever is free; errp says what is missing
 *   EINVAL  the request is malformed */
int sched_alloc (struct sched *s, const struct job *job, double now, int reserve,
                 struct sched_alloc *alloc, double *start, flux_error_t *errp);

/* Could it ever run, were all resources free and up? ENODEV with a sentence, else 0. Before there
 * are resources the answer is yes. */
int sched_feasible (struct sched *s, const struct job *job, flux_error_t *errp);

/* Give back all that a job has. */
void sched_free (struct sched *s, uint64_t id);

/* Give back what it has on some ranks, not all of its own. */
void sched_free_ranks (struct sched *s, uint64_t id, const struct idset *ranks);

/* A running job gets more, at once: errno as of sched_alloc(). Or it gives back `less`, after which
 * it has `left`. *alloc says what it has then. On failure it has what it had. */
int sched_grow (struct sched *s, const struct job *job, const struct job_facts *more, double now,
                struct sched_alloc *alloc, flux_error_t *errp);
/* How many of the nodes, or else slots, of `more` it cannot get now: at least one, when
 * sched_grow() has just failed with ENODEV or EBUSY. */
uint32_t sched_grow_lacks (struct sched *s, const struct job *job, const struct job_facts *more,
                           double now);
int sched_shrink (struct sched *s, const struct job *job, const struct rv1 *less,
                  const struct rv1 *left, struct sched_alloc *alloc, flux_error_t *errp);

/* What no job holds, whether it is up or not. The caller destroys it. NULL: there is nothing yet,
 * or no memory. */
struct rv1 *sched_idle (struct sched *s);

/* The end of a job moved; 0: it has none. */
void sched_set_expiration (struct sched *s, uint64_t id, double expiration);

/* Book R, which somebody else gave to the job (a scheduler outside of the broker); *alloc as of
 * sched_alloc(). EINVAL, or EBUSY when another job has any of it. */
int sched_take (struct sched *s, uint64_t id, const char *R, size_t len, struct sched_alloc *alloc,
                flux_error_t *errp);

/* {"all":R,"down":R,"allocated":R} as sched.resource-status; the caller owns it. */
json_t *sched_status (struct sched *s);

void sched_alloc_clear (struct sched_alloc *alloc);

#endif /* !FLUX_SERVICE_SCHED_SCHED_H */
