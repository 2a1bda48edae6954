/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* This terminal as that of a job's first task (-o pty.interactive): keys go there as they are
 * typed, ctrl-B d detaches. */

#ifndef FLUX_CMD_ATTACH_PTY_H
#define FLUX_CMD_ATTACH_PTY_H

#include <flux/core.h>

struct attach_pty;

struct attach_pty_ops {
    void (*failed) (void *arg);                  // there is no pty to attach to (any more)
    void (*ended) (void *arg, const char *text); // the session is over, or was left
};

struct attach_pty *attach_pty_create (flux_t *h, const char *service, const char *pty, int rank,
                                      const struct attach_pty_ops *ops, void *arg);

/* Gives the terminal back. */
void attach_pty_destroy (struct attach_pty *p);

#endif /* !FLUX_CMD_ATTACH_PTY_H */
