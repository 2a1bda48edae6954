/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* One command on several ranks, by their rexec service: prolog, epilog, housekeeping. What it
 * writes goes to the log. */

#ifndef FLUX_SERVICE_JOB_MANAGER_RANKCMD_H
#define FLUX_SERVICE_JOB_MANAGER_RANKCMD_H

#include <flux/idset.h>
#include <jansson.h>
#include <stdint.h>

struct job;
struct rankcmd;
struct router;

struct rankcmd_ops {
    /* It ended on one rank: its wait status; one that could not be run counts as exit code 127. */
    void (*ended) (struct rankcmd *rc, uint32_t rank, int status, void *arg);
    /* A line it wrote is not logged; NULL: all are. */
    bool (*ignored) (const char *line, void *arg);
    /* It ended on all. rc may be destroyed here. */
    void (*done) (struct rankcmd *rc, void *arg);
};

/* name is for the log. ranks: an idset. NULL with errno. */
struct rankcmd *rankcmd_start (struct router *rt, const char *name, const json_t *command,
                               const struct job *job, const char *ranks,
                               const struct rankcmd_ops *ops, void *arg);
/* No more callbacks; what runs goes on. */
void rankcmd_destroy (struct rankcmd *rc);

/* Only on those ranks, or on all (NULL). */
void rankcmd_kill (struct rankcmd *rc, int signum, const struct idset *ranks);

const struct idset *rankcmd_pending (const struct rankcmd *rc);
const struct idset *rankcmd_failed (const struct rankcmd *rc);
/* The highest of the statuses so far. */
int rankcmd_status (const struct rankcmd *rc);

#endif /* !FLUX_SERVICE_JOB_MANAGER_RANKCMD_H */
