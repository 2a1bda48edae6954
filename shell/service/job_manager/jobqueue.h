/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Job queues (RFC 33): the table of them as the configuration says, with their policies and their
 * state. No table [queues] means one queue without a name. A queue that goes away stays here for
 * the jobs that are in it, but takes no more.
 *
 * Policies are those of flux-config-policy(5): the queue's own value counts, else its parent's,
 * else that of the table [policy]. */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOBQUEUE_H
#define FLUX_SERVICE_JOB_MANAGER_JOBQUEUE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uthash.h>
#include <flux/types.h>

#include "shell/service/job_manager/job.h"
#include "shell/service/sched/pass.h"

struct job;
struct jobspec;
struct queue;

enum { SIZE_NNODES, SIZE_NCORES, SIZE_NGPUS, SIZE_KINDS };

/* How many jobs at once; -1: any number. */
struct throttle {
    int active;
    int running;
};

struct queue_policy {
    double max_duration;      // seconds, 0: no limit
    double default_duration;  // seconds, below 0: none
    int max_size[SIZE_KINDS]; // -1: no limit
    int min_size[SIZE_KINDS];
    struct throttle max_jobs, max_user_jobs;
    json_t *allow_user, *allow_group; // arrays of names, or NULL
};

/* What one user has in a queue. */
struct user_count {
    uint32_t userid;
    size_t active, running;
    UT_hash_handle hh;
};

struct jobqueue {
    char *name; // NULL: the one without a name
    struct jobqueue *parent;
    json_t *constraint; // RFC 31; what its jobs need besides their own wishes, or NULL
    struct queue_policy policy;
    bool enabled, started, removed;
    char *disable_reason, *stop_reason;
    struct queue *pending; // waiting jobs in order; those of virtual queues are in their parent's
    size_t state_count[JOB_STATES], result_count[JOB_RESULTS];
    size_t active, running, purged;
    struct user_count *users;
    bool passed;             // only during a walk over the waiting jobs
    struct pass pass;        // only during a pass of the scheduler
    struct jobqueue *merged; // only while a configuration is taken
    struct jobqueue *next;
};

struct jobqueues {
    struct jobqueue *list; // those with a name, or only the one without
    char *default_name;
};

struct jobqueues *jobqueues_create (void);
void jobqueues_destroy (struct jobqueues *qs);

/* Take the queues from a configuration; what they were told (enabled, started) stays. All or
 * nothing: EINVAL with a sentence that names the key. */
int jobqueues_configure (struct jobqueues *qs, const json_t *config, flux_error_t *errp);

/* Is it fit to be taken? */
int jobqueues_check (const json_t *config, flux_error_t *errp);

bool jobqueues_are_named (const struct jobqueues *qs);

/* NULL: the one without a name. EINVAL with a sentence. */
struct jobqueue *jobqueues_find (struct jobqueues *qs, const char *name, flux_error_t *errp);

/* The same, also of those that are not configured any more; NULL. */
struct jobqueue *jobqueues_lookup (struct jobqueues *qs, const char *name);

/* The queue in whose order the jobs of q wait. */
struct jobqueue *jobqueue_root (struct jobqueue *q);

/* Are its jobs given resources? */
bool jobqueue_is_started (const struct jobqueue *q);

void jobqueue_enable (struct jobqueue *q, bool enable, const char *reason);
void jobqueue_start (struct jobqueue *q, bool start, const char *reason);

/* {"enable":b, "start":b ...} (RFC 33) */
json_t *jobqueue_status (const struct jobqueue *q);

/* Queue and duration where a job has none, and what the queue requires, are put into js, whose
 * constraints are its own. */
int jobqueue_set_defaults (struct jobqueues *qs, struct jobspec *js, struct jobqueue **qp,
                           flux_error_t *errp);

/* Is a job within the limits? EINVAL, EPERM with a sentence. */
int jobqueue_check_limits (const struct jobqueue *q, const struct jobspec *js, flux_error_t *errp);
/* The same for nodes, cores and GPUs alone. */
int jobqueue_check_sizes (const struct jobqueue *q, const uint32_t sizes[SIZE_KINDS],
                          flux_error_t *errp);
int jobqueue_check_access (const struct jobqueue *q, uint32_t userid, flux_error_t *errp);

/* May one more job be submitted, or started? */
int jobqueue_check_active (const struct jobqueue *q, uint32_t userid, flux_error_t *errp);
bool jobqueue_may_run (const struct jobqueue *q, uint32_t userid);
void jobqueue_count_active (struct jobqueue *q, uint32_t userid, int n);
void jobqueue_count_running (struct jobqueue *q, uint32_t userid, int n);

/* queue_policy.c. */
const char *queue_size_name (int kind); // "nnodes" of SIZE_NNODES
void queue_policy_init (struct queue_policy *p);
void queue_policy_clear (struct queue_policy *p);
/* Take over what the table `policy` says; where names it in errors. */
int queue_policy_parse (struct queue_policy *p, const json_t *table, const char *where,
                        flux_error_t *errp);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOBQUEUE_H */
