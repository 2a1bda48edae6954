/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Submit a job and get all that it prints, and its exit code, as answers to one request: for
 * programs of which many are started, such as the wrapper of srun.
 *
 *   step.run     as job-ingest.submit, streaming. One at a time for each client. The payload of
 * each response is a letter and what follows it, without a NUL: o RANK NUL BYTES   standard output
 * of a task e RANK NUL BYTES   standard error m TEXT             a message for who has started the
 * job x CODE             the exit code in decimal; the last one before ENODATA step.signal
 * {"signum":i}: to the tasks of the job that this client runs; SIGINT cancels it. No response.
 *
 * When the client goes, the job stays. */

#ifndef FLUX_SERVICE_STEP_STEP_H
#define FLUX_SERVICE_STEP_STEP_H

struct job_exec;
struct job_manager;
struct kvs;
struct router;
struct steps;

struct steps *steps_create (struct router *rt, struct kvs *kvs, struct job_manager *jm,
                            struct job_exec *exec);
void steps_destroy (struct steps *s);

#endif /* !FLUX_SERVICE_STEP_STEP_H */
