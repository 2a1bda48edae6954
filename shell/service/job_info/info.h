/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The job-info service (RFC 41) on rank 0: what the KVS holds of a job, for its owner. */

#ifndef FLUX_SERVICE_JOB_INFO_INFO_H
#define FLUX_SERVICE_JOB_INFO_INFO_H

struct job_info;
struct job_manager;
struct kvs;
struct router;

struct job_info *job_info_create (struct router *rt, struct kvs *kvs, struct job_manager *jm);
void job_info_destroy (struct job_info *ji);

#endif /* !FLUX_SERVICE_JOB_INFO_INFO_H */
