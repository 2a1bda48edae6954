/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which CPUs and GPUs each task of a node gets: options cpu-affinity and gpu-affinity. Cores are
 * numbered as hwloc numbers them, but without it, for loading hwloc costs more than a job does. */

#ifndef FLUX_SHELL_AFFINITY_H
#define FLUX_SHELL_AFFINITY_H

#include <stdbool.h>

#include "lib/shell/cputopo.h"
#include "lib/shell/envlist.h"
#include "lib/shell/info.h"

enum affinity_mode {
    AFFINITY_ON, // all that the job has on this node
    AFFINITY_OFF,
    AFFINITY_PER_TASK, // an even share of that
    AFFINITY_MAP,      // as the list says
};

struct affinity {
    const struct shell_info *info;
    const struct cputopo *topo;
    enum affinity_mode cpu_mode;
    enum affinity_mode gpu_mode;
    const char *cpu_map;
    const char *gpu_map;
    bool verbose; // say what each task gets
    bool dry_run; // and do no more
};

/* topo may be NULL: no CPUs are bound then. -1 with EINVAL and errp for an option that is wrong. */
int affinity_init (struct affinity *aff, const struct shell_info *info, const struct cputopo *topo,
                   flux_error_t *errp);

/* The CPUs of a task, also in a dry run. False when it may run on all. */
bool affinity_cpus (const struct affinity *aff, int localid, cpu_set_t *cpus);

/* All CPUs that the job has on this node. False when that is not known. */
bool affinity_job_cpus (const struct affinity *aff, cpu_set_t *cpus);

/* Set CUDA_VISIBLE_DEVICES and the like. -1 with errno. */
int affinity_gpus (const struct affinity *aff, int localid, struct envlist *env);

/* "0-3,8", malloc'd; NULL for none. */
char *affinity_format_cpus (const cpu_set_t *cpus);

/* CPUs as a list ("0-3,8") or mask ("0xf", "0x1,0x00000000"). -1 with EINVAL. */
int affinity_parse_cpus (const char *s, size_t len, cpu_set_t *cpus);

#endif /* !FLUX_SHELL_AFFINITY_H */
