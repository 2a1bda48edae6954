/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#ifndef FLUX_UTIL_SPAWN_H
#define FLUX_UTIL_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>
#include <flux/types.h>

struct spawn_spec {
    char *const *argv;
    char *const *envp;         // NULL: as it is
    const char *cwd;           // NULL: as it is
    int fds[3];                // become stdin, stdout, stderr; below 0: inherited
    bool setpgrp;              // a process group of its own
    int pdeathsig;             // signal it gets when this process ends, 0: none
    void (*setup) (void *arg); // called in the child, may be NULL
    void *arg;
};

/* Start a program with default signal dispositions and an empty signal mask, and wait until it is
 * known whether exec worked. Returns the pid, or -1 with errno and a sentence that names the
 * program or the folder. */
pid_t spawn_program (const struct spawn_spec *spec, flux_error_t *errp);

#endif /* !FLUX_UTIL_SPAWN_H */
