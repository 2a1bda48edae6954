/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Become the broker of this node. */

#ifndef FLUX_SPANK_LAUNCH_H
#define FLUX_SPANK_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "spank/settings.h"
#include "spank/ticket.h"

struct launch {
    const struct settings *set;
    struct ticket ticket;
    uint32_t rank;
    const char *cores;  // those that Slurm gave the step on this node, or NULL
    const char *rundir; // or NULL: the broker makes one
    int hold_fd;        // to be closed when the broker ends, or -1
    int ready_fd;       // the broker is to write a byte when the instance is up, or -1
    bool program;       // this broker runs the initial program
    char **argv;        // which is this, or NULL: the user's shell
};

/* Take `env` as the environment, connect to the wire-up server in srun, and exec flux-broker.
 * Returns only on failure: -1 with a sentence, which the other brokers have been told too. */
int launch_broker (const struct launch *l, char **env, flux_error_t *errp);

#endif /* !FLUX_SPANK_LAUNCH_H */
