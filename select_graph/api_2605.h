/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What the select plugin needs of Slurm 26.05: the calls of its select interface. */

#ifndef FLUX_SELECT_GRAPH_API_2605_H
#define FLUX_SELECT_GRAPH_API_2605_H

#include "select_graph/api_ctld.h"

#define API_CR_MEMORY SELECT_MEMORY
#define API_CR_SOCKET SELECT_SOCKET

/* Those after which what the job has must be read again: X (name) of void (job). */
#define SELECT_API_CHANGING(X) X (job_mem_reduce)

#endif // !FLUX_SELECT_GRAPH_API_2605_H
