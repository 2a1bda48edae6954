/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The initial program of an instance: the user's script, command or shell, with the broker's own
 * stdio. */

#ifndef FLUX_BROKER_PROGRAM_H
#define FLUX_BROKER_PROGRAM_H

#include <ev.h>
#include <stdbool.h>
#include <flux/types.h>

struct program;

/* argv NULL or empty: the user's shell, interactive with the prompt `ƒ(s=SIZE,d=LEVEL)` where
 * stdin is a terminal. A single word that has characters of the shell's in it, and is no program's
 * path, is a line for that shell (-c), as in flux-core. envv is a NULL-terminated list of
 * "NAME=value" to set, or "NAME" to unset; what the broker's own bootstrap was told by is not in
 * the environment. The callback comes once, with the wait status. */
typedef void (*program_exit_f) (int wait_status, void *arg);
struct program *program_start (struct ev_loop *loop, char **argv, char **envv, const char *prompt,
                               program_exit_f cb, void *arg, flux_error_t *errp);

/* 0, or -1 with ESRCH when it has ended. */
int program_kill (struct program *p, int signum);
bool program_running (const struct program *p); // NULL: false
void program_destroy (struct program *p);

#endif /* !FLUX_BROKER_PROGRAM_H */
