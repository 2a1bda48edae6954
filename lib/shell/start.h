/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a job shell is born with: a fork of the spawner, which opened and set up for all of them
 * what they would otherwise each do again. */

#ifndef FLUX_SHELL_START_H
#define FLUX_SHELL_START_H

#include <signal.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/shell/cputopo.h"
#include "lib/shell/request.h"

/* The spawner has it delivered with the number of the signal that is meant for the tasks. */
#define SHELL_SIGNAL_TASKS SIGRTMIN

struct shell_start {
    uint64_t id;
    const char *request; // JSON text, see spawner.h
    size_t len;
    int sock;  // to the broker, takes packets (spawnpkt.h)
    int sigfd; // signalfd(2) of the set that shell_signals() gives, all of which are blocked
    const struct cputopo *topo; // NULL: unknown
    const char *cpus;           // those that the cores of R are counted on; NULL: unknown
    char *const *plugins;       // paths of the site's plugins, up to a NULL; or NULL
    const char *libpmi;         // path of libpmi.so
    int home;                   // the directory that the spawner was started in; -1: unknown
    int slot;                   // a small number that no other running job shell has; -1: none
    int next;                   // set by shell_main(): takes the next request; -1: none yet
    int jobs;                   // and how many there were before
    struct shell_known known;   // what the last one was
};

/* The signals that a job shell handles: SIGCHLD, those it forwards, and SHELL_SIGNAL_TASKS. */
void shell_signals (sigset_t *set);

/* Run a job to its end and report the result, then those that the broker sends on to this process:
 * what a fork costs is more than what a short job does. Returns the exit code of the process. */
int shell_main (const struct shell_start *first);

#endif /* !FLUX_SHELL_START_H */
