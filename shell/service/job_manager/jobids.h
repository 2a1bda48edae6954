/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The ids of all jobs that the KVS knows, from the names of directories (RFC 16). */

#ifndef FLUX_SERVICE_JOB_MANAGER_JOBIDS_H
#define FLUX_SERVICE_JOB_MANAGER_JOBIDS_H

#include <stddef.h>
#include <stdint.h>

struct kvs;

struct jobids {
    uint64_t *id;
    size_t count, size;
};

/* In their order. `ids` is all zero before, and to be cleared whatever comes back. */
int jobids_find (struct jobids *ids, struct kvs *kvs);
void jobids_clear (struct jobids *ids);

#endif /* !FLUX_SERVICE_JOB_MANAGER_JOBIDS_H */
