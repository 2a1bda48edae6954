/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job manager of an instance, on rank 0: every job's life from its submission to its end (RFC
 * 21). State is a fold over events: an event is written to the job's eventlog in the KVS, changes
 * the state by the table in event.c, and entering a state starts what that state is for.
 *
 *   new -> depend -> priority -> sched -> run -> cleanup -> inactive
 */

#ifndef FLUX_SERVICE_JOB_MANAGER_MANAGER_H
#define FLUX_SERVICE_JOB_MANAGER_MANAGER_H

#include <stdint.h>
#include <flux/message.h>
#include <flux/types.h>

#include "shell/service/job_manager/job.h"

struct attrs;
struct conf_service;
struct job_exec;
struct job_manager;
struct kvs;
struct qpolicies;
struct router;
struct sched;

struct job_manager *job_manager_create (struct router *rt, struct kvs *kvs, struct sched *sched,
                                        struct job_exec *exec, struct conf_service *conf,
                                        uint32_t owner, flux_error_t *errp);
void job_manager_destroy (struct job_manager *jm);

/* ---- for job-list and job-info, which are views of the same jobs ---- */

struct job *job_manager_lookup (struct job_manager *jm, uint64_t id);

/* Walk jobs in the order of job-list (RFC 43): pending by priority, running and inactive newest
 * first. `states` is a mask. The callback returns non-zero to end the walk. */
typedef int (*job_walk_f) (struct job *job, void *arg);
int job_manager_walk (struct job_manager *jm, int states, job_walk_f cb, void *arg);

/* The same in parts, between which jobs go on: each of those that were there at the begin comes
 * once unless it was purged, as it is when it comes. NULL at the end. */
struct job_walk;
struct job_walk *job_walk_begin (struct job_manager *jm, int states);
struct job *job_walk_next (struct job_walk *w);
void job_walk_end (struct job_walk *w);

/* By id, those that were not inactive when it began first; before the first is taken. Then it can
 * be asked whether one of these is still to come. */
void job_walk_sort (struct job_walk *w);
bool job_walk_is_ahead (const struct job_walk *w, uint64_t id);

size_t job_manager_count (const struct job_manager *jm, int state);
size_t job_manager_count_result (const struct job_manager *jm, int result);
size_t job_manager_count_purged (const struct job_manager *jm);

/* Queues, also the one without a name, in the order of the configuration. */
typedef int (*queue_each_f) (const struct jobqueue *q, void *arg);
void job_manager_each_queue (struct job_manager *jm, queue_each_f cb, void *arg);

/* Hear of each event of any job, after the state changed. context is JSON text or NULL. */
typedef void (*job_event_f) (struct job *job, const char *name, const char *entry, void *arg);
int job_manager_on_event (struct job_manager *jm, job_event_f cb, void *arg);

/* The jobspec as text, with the updates of its eventlog applied; malloc'd. NULL with errno. */
char *job_manager_jobspec (struct job_manager *jm, const struct job *job);

/* ---- for the services around it ---- */

/* A new job from a request with the payload of job-ingest.submit, which is not answered here. NULL
 * with errno and a sentence. */
struct job *job_manager_submit (struct job_manager *jm, const flux_msg_t *msg, flux_error_t *errp);

/* Raise an exception (RFC 21). Severity 0 ends the job. note may be NULL. */
void job_manager_raise (struct job_manager *jm, struct job *job, const char *type, int severity,
                        uint32_t userid, const char *note);

/* All jobs that use `rank` get an exception; the rank is gone. */
void job_manager_rank_lost (struct job_manager *jm, uint32_t rank, const char *hostname);

/* This instance is a job of another one, which may have more resources for jobs that grow. */
void job_manager_set_above (struct job_manager *jm);

/* More or other resources: look at the queue again. */
void job_manager_reschedule (struct job_manager *jm);

/* The resources go at another time (seconds since the epoch, 0: never): so do running jobs that
 * have no time limit of their own. */
void job_manager_set_end (struct job_manager *jm, double expiration);

/* How waiting jobs are scheduled from now on; until it is said for the first time, none is. It must
 * outlive the job manager, or the next call. */
void job_manager_set_policies (struct job_manager *jm, const struct qpolicies *policies);

/* What the instance knows outlives it: job_manager_shutdown() leaves pending jobs pending. */
void job_manager_keep (struct job_manager *jm);

/* Take over the jobs that the KVS has from an earlier instance. No job is started until
 * job_manager_release(): resources come one by one. To be called before the first job comes. */
int job_manager_restart (struct job_manager *jm, flux_error_t *errp);
void job_manager_release (struct job_manager *jm);

/* Put into the KVS what a restart needs beside the jobs. */
int job_manager_save (struct job_manager *jm);

/* End all jobs (see job_manager_keep); nothing is scheduled any more. cb when none is left. */
void job_manager_shutdown (struct job_manager *jm, void (*cb) (void *arg), void *arg);

#endif /* !FLUX_SERVICE_JOB_MANAGER_MANAGER_H */
