/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job-list service (RFC 43) on rank 0: a view of the job manager's table, with no state of its
 * own. */

#ifndef FLUX_SERVICE_JOB_LIST_LIST_H
#define FLUX_SERVICE_JOB_LIST_LIST_H

#include <jansson.h>

struct job_list;
struct job_manager;
struct router;

struct job_list *job_list_create (struct router *rt, struct job_manager *jm);
void job_list_destroy (struct job_list *jl);

/* [access] of the configuration: with private-mode guests see no jobs but their own. */
void job_list_set_access (struct job_list *jl, const json_t *conf);

#endif /* !FLUX_SERVICE_JOB_LIST_LIST_H */
