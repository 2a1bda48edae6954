/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A site's commands before and after each job: [job-manager.prolog] and [job-manager.epilog]
 * (flux-config-job-manager(5)). The prolog runs before the job's shells are started, the epilog
 * before its resources are freed; each on rank 0, or on all ranks of the job. */

#ifndef FLUX_SERVICE_JOB_MANAGER_PERILOG_H
#define FLUX_SERVICE_JOB_MANAGER_PERILOG_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/types.h>

struct job;
struct job_manager;
struct perilogs;

struct perilog_conf {
    json_t *command; // array of strings; NULL: there is none
    bool per_rank;
    double timeout;      // seconds, 0: none
    double kill_timeout; // from the signal until the ranks are drained
    bool cancel_on_exception;
};

/* table may be NULL. where names it in errors. */
int perilog_conf_parse (struct perilog_conf *c, const json_t *table, bool prolog,
                        flux_error_t *errp);
void perilog_conf_clear (struct perilog_conf *c);

struct perilogs *perilogs_create (struct job_manager *jm);
void perilogs_destroy (struct perilogs *ps);

/* The job has resources; ends with action_prolog_finish(). */
void perilogs_prolog (struct perilogs *ps, struct job *job);
/* The job is over, or its prolog failed; ends with action_epilog_finish(). */
void perilogs_epilog (struct perilogs *ps, struct job *job);
/* It got a fatal exception. */
void perilogs_exception (struct perilogs *ps, struct job *job);

#endif /* !FLUX_SERVICE_JOB_MANAGER_PERILOG_H */
