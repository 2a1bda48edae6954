/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Plugins of the job manager (flux-jobtap(1)). Without any of them nothing here costs a job more
 * than a look at a pointer. */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOBTAP_H
#define FLUX_SERVICE_JOB_MANAGER_JOBTAP_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <flux/message.h>
#include <flux/types.h>

struct job;
struct job_manager;
struct jobtap;
struct router;

struct jobtap *jobtap_create (struct job_manager *jm);
void jobtap_destroy (struct jobtap *jt);

/* Is there any plugin? */
bool jobtap_any (const struct jobtap *jt);

/* Does a job's priority depend on plugins? */
bool jobtap_rules_priority (const struct jobtap *jt);

/* What the configuration's job-manager.plugins wants. */
int jobtap_check_config (struct jobtap *jt, const json_t *config, flux_error_t *errp);
int jobtap_configure (struct jobtap *jt, const json_t *config, flux_error_t *errp);

/* A new job: may it be? job.create and job.validate. */
int jobtap_admit (struct jobtap *jt, struct job *job, flux_error_t *errp);
/* A dependency whose scheme nobody else knows: job.dependency.SCHEME. EINVAL with a sentence. */
int jobtap_dependency (struct jobtap *jt, struct job *job, const json_t *entry, flux_error_t *errp);
/* It is: job.new. */
void jobtap_new_job (struct jobtap *jt, struct job *job);
/* It is not, or not any more. */
void jobtap_end_job (struct jobtap *jt, struct job *job);

/* An event was written; prev_state is the state before it. */
void jobtap_event (struct jobtap *jt, struct job *job, const char *name, const char *entry,
                   int prev_state);

/* What the plugins want in place of the urgency; PRIORITY_UNAVAIL: there is none yet. */
#define PRIORITY_UNAVAIL -2
int64_t jobtap_priority (struct jobtap *jt, struct job *job, int64_t urgency);

/* job.update.KEY for each key, and job.validate with the new jobspec. More updates may come from
 * the plugins. EINVAL with a sentence. */
int jobtap_update (struct jobtap *jt, struct job *job, json_t *updates, const flux_msg_t *msg,
                   flux_error_t *errp);

/* job.inactive-remove */
void jobtap_purged (struct jobtap *jt, struct job *job);

/* job-manager.jobtap, job-manager.jobtap-query */
void jobtap_cb (struct router *rt, const flux_msg_t *msg, void *arg);
void jobtap_query_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOBTAP_H */
