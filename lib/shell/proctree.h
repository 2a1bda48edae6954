/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ends what a job left behind: processes that outlived their parents and now are children of the
 * nearest subreaper (prctl(2), PR_SET_CHILD_SUBREAPER). */

#ifndef FLUX_SHELL_PROCTREE_H
#define FLUX_SHELL_PROCTREE_H

#include <stdbool.h>
#include <sys/types.h>

/* Send SIGKILL to all processes below the calling one, except those below a child that spare (pid)
 * is true for (and that child); spare may be NULL. Returns how many were signalled. */
int proctree_kill (bool (*spare) (pid_t pid, void *arg), void *arg);

/* What all processes below the calling one take: memory that is theirs in bytes (pages that they
 * share count for each), and seconds of CPU time so far, those of children that they waited for
 * too. */
struct proctree_usage {
    unsigned long long memory;
    double cpu;
};
void proctree_measure (struct proctree_usage *usage);

/* proctree_kill() and wait, again and again until no such process is left or `timeout` seconds
 * have passed. Wait statuses are thrown away. Must not be used while a child's status is wanted. */
void proctree_clear (double timeout);

#endif /* !FLUX_SHELL_PROCTREE_H */
