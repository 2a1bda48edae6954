/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A scheduler outside of the broker (RFC 27): a module or any client of the owner that says
 * job-manager.sched-hello and sched-ready gets the jobs in the place of the one built in, until it
 * disconnects or fails. What it gives out is booked with the one built in, too, which goes on from
 * there. */

#ifndef FLUX_SERVICE_JOB_MANAGER_EXTSCHED_H
#define FLUX_SERVICE_JOB_MANAGER_EXTSCHED_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/message.h>

struct extsched;
struct idset;
struct job;
struct job_manager;
struct router;

struct extsched *extsched_create (struct job_manager *jm);
void extsched_destroy (struct extsched *e);

/* It is the one who schedules. */
bool extsched_is_active (const struct extsched *e);

/* Jobs it has been asked for and has not answered. */
unsigned int extsched_pending (const struct extsched *e);

/* May the job be asked for: it was not, and the limit allows one more? */
bool extsched_may_ask (const struct extsched *e, const struct job *job);
int extsched_ask (struct extsched *e, struct job *job);

/* Take back requests for jobs that may not run any more: their queue was stopped, they are held. */
void extsched_begin_pass (struct extsched *e);

/* What happens to jobs. Each does nothing when it need not be told. */
void extsched_cancel (struct extsched *e, uint64_t id);
void extsched_prioritized (struct extsched *e, const struct job *job);
void extsched_expiration (struct extsched *e, uint64_t id, double expiration);
/* ranks NULL: all that are left. */
void extsched_free (struct extsched *e, uint64_t id, const struct idset *ranks, bool final);

void extsched_disconnect (struct extsched *e, const flux_msg_t *msg);

/* job-manager.sched-hello, .sched-ready */
void sched_hello_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void sched_ready_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_JOB_MANAGER_EXTSCHED_H */
