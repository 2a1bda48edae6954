/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_CMD_START_TEST_H
#define FLUX_CMD_START_TEST_H

#include "shell/cmd/cmd.h"

#define START_TEST_SIZE_MAX 16384

/* The broker's command line. */
struct start_args {
    char **argv;
    int argc, size;
    int program; // where in argv the initial program begins; only rank 0 gets it
};

/* Start `size` brokers on this host, serve their wire-up, wait for them. Returns the exit code. */
int start_test (struct cmd *c, const struct start_args *a, int size);

#endif /* !FLUX_CMD_START_TEST_H */
