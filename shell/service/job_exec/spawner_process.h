/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The process that a spawner is, for spawner.c. */

#ifndef FLUX_SERVICE_JOB_EXEC_SPAWNER_PROCESS_H
#define FLUX_SERVICE_JOB_EXEC_SPAWNER_PROCESS_H

#include <sys/types.h>
#include <flux/types.h>

struct spawner_process {
    char *path;
    char *plugins; // FLUX_SHELL_PLUGIN_PATH=..., or NULL
    char *rundir;  // for the spawner to remove, or NULL
    pid_t pid;     // 0: none
    int fd;        // to it, does not block; -1: none
};

/* Sets pid and fd. -1 with errno and errp. */
int spawner_process_start (struct spawner_process *sp, flux_error_t *errp);

/* Wait for it to end, so many seconds, then kill it. */
void spawner_process_end (struct spawner_process *sp, double timeout);

#endif /* !FLUX_SERVICE_JOB_EXEC_SPAWNER_PROCESS_H */
