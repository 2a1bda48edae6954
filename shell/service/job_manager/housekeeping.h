/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Housekeeping: a site's command on the ranks of a job that is over, before they are given to
 * another one. The job does not wait for it. [job-manager.housekeeping] of the configuration
 * (flux-config-job-manager(5)); flux housekeeping list, kill. */

#ifndef FLUX_SERVICE_JOB_MANAGER_HOUSEKEEPING_H
#define FLUX_SERVICE_JOB_MANAGER_HOUSEKEEPING_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/message.h>
#include <flux/types.h>
#include <stdint.h>

struct housekeeping;
struct job;
struct job_manager;
struct router;

struct housekeeping_conf {
    json_t *command;      // array of strings; NULL: there is none
    double release_after; // seconds from the first rank that is ready; below 0: all at once
};

int housekeeping_conf_parse (struct housekeeping_conf *c, const json_t *table, flux_error_t *errp);
void housekeeping_conf_clear (struct housekeeping_conf *c);

struct housekeeping *housekeeping_create (struct job_manager *jm);
void housekeeping_destroy (struct housekeeping *hk);

/* Take over the resources of a job. False: there is nothing to do, they are the caller's to free.
 */
bool housekeeping_take (struct housekeeping *hk, struct job *job);

/* What is still being tidied: the job, and its ranks that were given back (an idset, or ""). */
typedef void (*housekeeping_f) (uint64_t id, const char *freed, void *arg);
void housekeeping_each (const struct housekeeping *hk, housekeeping_f cb, void *arg);

/* {"running":{ID:{"t_start":f,"pending":s,"allocated":s}}, "config":{...}} */
json_t *housekeeping_stats (const struct housekeeping *hk);

/* job-manager.housekeeping-kill {"signum":i, "jobid"?:I, "ranks"?:s} */
void housekeeping_kill_cb (struct router *rt, const flux_msg_t *msg, void *arg);

#endif /* !FLUX_SERVICE_JOB_MANAGER_HOUSEKEEPING_H */
