/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Private to the files of the step's context. */

#ifndef FLUX_SPANK_STEP_H
#define FLUX_SPANK_STEP_H

#include <sys/types.h>

#include "spank/context.h"
#include "spank/launch.h"

struct step {
    struct launch launch;
    char *cores;
    int hold[2];     // a pipe that tells the step's other tasks when the broker has ended
    uint32_t ntasks; // on this node
    uint32_t nforked;
    uint32_t nexited;
    int ready; // readable once the instance is up, with --flux=tasks
    uid_t uid; // the user
    gid_t gid;
    pid_t beside;    // the broker's pid with --flux=tasks
    char rundir[64]; // of that broker
};

/* --flux=tasks: start the broker beside the tasks and set FLUX_URI for them; let a task wait until
 * the broker can be talked to; end it. */
int beside_start (spank_t sp, struct step *step, char **env);
int beside_task_env (spank_t sp); // in each task
int beside_wait (const struct step *step);
void beside_end (struct step *step);

#endif /* !FLUX_SPANK_STEP_H */
