/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Runs jobs: rank 0 asks the ranks of R to start job shells, collects their ends, and writes the
 * exec eventlog (RFC 50). Provides `job-exec` on rank 0, where job shells append their output. */

#ifndef FLUX_SERVICE_JOB_EXEC_EXEC_H
#define FLUX_SERVICE_JOB_EXEC_EXEC_H

#include <stdbool.h>
#include <stdint.h>
#include <flux/types.h>

struct exec_local;
struct idset;
struct job_exec;
struct killplan;
struct kvs;
struct router;

/* Strings belong to the caller. */
struct exec_request {
    uint64_t id;
    uint32_t userid;
    const char *jobspec; // JSON text, without environment
    const char *env;     // JSON object as text
    const char *R;       // JSON text
    const uint32_t *ranks;
    uint32_t nranks;
    double sim_duration; // below 0: run it; else only wait so long
};

/* For each job that was started: `start` at most once, any number of exceptions, then `finish`
 * exactly once. None is called from within job_exec_start(). */
struct job_exec_ops {
    void (*start) (uint64_t id, void *arg); // all shells run
    void (*exception) (uint64_t id, const char *type, int severity, const char *note, void *arg);
    void (*left) (uint64_t id, uint32_t rank, void *arg); // this shell has ended, others have not
    /* Its processes on these ranks resist SIGKILL; they count as dead, `finish` follows. */
    void (*unkillable) (uint64_t id, const struct idset *ranks, void *arg);
    void (*finish) (uint64_t id, bool started, int wait_status, void *arg); // no shell is left
};

struct job_exec *job_exec_create (struct router *rt, struct kvs *kvs, struct exec_local *local);
void job_exec_destroy (struct job_exec *e);
void job_exec_set_ops (struct job_exec *e, const struct job_exec_ops *ops, void *arg);

int job_exec_start (struct job_exec *e, const struct exec_request *req, flux_error_t *errp);

/* How jobs are brought to their end from now on. */
void job_exec_set_killplan (struct job_exec *e, const struct killplan *kp);

/* Has the job a shell on the rank, which has not ended? */
bool job_exec_on_rank (const struct job_exec *e, uint64_t id, uint32_t rank);

/* Send a signal to all tasks. ENOENT when no such job runs. */
int job_exec_kill (struct job_exec *e, uint64_t id, int signum);

/* End it, as the kill plan says: first by its termination signal, or SIGALRM when out of time. */
void job_exec_cancel (struct job_exec *e, uint64_t id, bool out_of_time);

/* Can the job not do without its shell on the rank? */
bool job_exec_is_critical (const struct job_exec *e, uint64_t id, uint32_t rank);

/* That the rank is lost is no failure of the job. */
void job_exec_forgive (struct job_exec *e, uint64_t id, uint32_t rank);

/* The rank is gone: its shells count as dead. */
void job_exec_rank_lost (struct job_exec *e, uint32_t rank);

/* The rank can be reached (again): what is left there of jobs from before it was lost is ended,
 * before anything new is started there. */
void job_exec_rank_back (struct job_exec *e, uint32_t rank);

#endif /* !FLUX_SERVICE_JOB_EXEC_EXEC_H */
