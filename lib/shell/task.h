/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Starts one process of a job. */

#ifndef FLUX_SHELL_TASK_H
#define FLUX_SHELL_TASK_H

#include <sched.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <flux/types.h>

struct task_rlimit {
    int resource;
    rlim_t soft;
};

/* Everything is made ready before, for between fork and exec nothing may be allocated. */
struct task_spec {
    char **argv;
    char **env;       // whose PATH is searched for argv[0]
    int stdio[3];     // what becomes fds 0, 1 and 2
    int keep_fd;      // one more fd to be inherited under its own number; -1: none
    bool own_group;   // run in a process group of its own
    bool controlling; // run in a session of its own, with stdio[0] as controlling terminal
    bool trace;       // stop in exec, for a debugger
    const cpu_set_t *cpus;
    size_t cpus_size; // bytes of *cpus; 0: do not bind
    const struct task_rlimit *rlimits;
    size_t nrlimits;
};

/* Start it with no signal blocked; it gets SIGKILL when the caller dies. Returns when exec is
 * through. -1 with errno and errp when it failed; ENOENT and EACCES are about the program. */
pid_t task_launch (const struct task_spec *spec, flux_error_t *errp);

#endif /* !FLUX_SHELL_TASK_H */
