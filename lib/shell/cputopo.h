/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The cores of this node by logical number, in the order in which hwloc counts them: package by
 * package, cores by their first CPU. Only CPUs that the caller may run on count. */

#ifndef FLUX_SHELL_CPUTOPO_H
#define FLUX_SHELL_CPUTOPO_H

#include <sched.h>

struct cputopo {
    int ncores;
    cpu_set_t *core; // CPUs of each
};

/* Read it below `sysfs` ("/sys/devices/system/cpu"). Where that says nothing, each CPU is a core.
 * NULL when out of memory. */
struct cputopo *cputopo_create (const char *sysfs, const cpu_set_t *allowed);
void cputopo_destroy (struct cputopo *topo);

#endif /* !FLUX_SHELL_CPUTOPO_H */
