/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What is asked in the bench of the simulated slurmctld: parts, each a site of its own, with the
 * jobs that are asked about there. */

#ifndef FLUX_SIM_CELLS_H
#define FLUX_SIM_CELLS_H

#include "testsuite/sim/ctld.h"

/* Which nodes slurmctld lets the job have */
typedef enum {
    CELL_ALL,
    CELL_HALF, // every second one has the feature (-C)
    CELL_LESS, // all but some (-x)
} cell_nodes_t;

struct cell {
    const char *name;
    struct ctld_job job; // nodes_max and tasks 0: as nodes_min
    cell_nodes_t nodes;
    uint32_t named; // so many of its nodes have names (-w)
    bool limits;    // more may be in its way than select/cons_tres knows of
    bool preempts;  // all jobs that run
    uint32_t kept;  // a core of so many nodes is kept away
};

struct cell_part {
    const char *name, *what;
    struct ctld_shape shape; // nodes are as told
    const struct cell *cells;
    size_t n;
};

/* The i-th; NULL: there are no more. */
const struct cell_part *cell_part_at (size_t i);

#endif // !FLUX_SIM_CELLS_H
