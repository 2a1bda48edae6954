/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The simulated slurmctld itself. */

#ifndef FLUX_SIM_CTLD_PRIV_H
#define FLUX_SIM_CTLD_PRIV_H

#include "testsuite/sim/ctld.h"

#define CTLD_MAX_JOBS (1 << 20)

extern struct ctld {
    struct ctld_shape shape;
    char dir[64];
    part_record_t *part;
    job_record_t **by_id;
    uint32_t next_id;
    void *beneath; // handle of select_cons_tres.so
    api_exclusion_t *kept;
    size_t table;       // bytes of by_id
    uint64_t looked_up; // job records, by their number
    uint64_t copied;    // bitmaps, where somebody counts them
} ctld;

/* ctld_site.c: a graph with racks of so many of the nodes; freed with free() */
char *ctld_make_site (uint32_t nodes, uint32_t cores, uint32_t rack);

#endif // !FLUX_SIM_CTLD_PRIV_H
