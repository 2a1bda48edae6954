/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What this node offers: the cores that this process may run on (hwloc), or as many as Slurm gave
 * to the job on this node where Slurm does not bind; GPUs by what Slurm or the driver shows. */

#ifndef FLUX_SERVICE_RESOURCE_DISCOVER_H
#define FLUX_SERVICE_RESOURCE_DISCOVER_H

#include <stdint.h>
#include <flux/types.h>

/* More cores or GPUs than this are not believed. */
#define DISCOVER_MAX 65536

struct node_facts {
    uint32_t cores;
    uint32_t gpus;
};

/* The same of a node that hwloc has described in a file; host gets its name ("" when there is
 * none).
 */
int discover_xml (const char *path, struct node_facts *facts, char *host, size_t size,
                  flux_error_t *errp);

int discover_node (struct node_facts *facts, flux_error_t *errp);

#endif /* !FLUX_SERVICE_RESOURCE_DISCOVER_H */
