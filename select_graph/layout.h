/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Are Slurm's records laid out as the headers we were built with say? Slurm changes them within
 * micro releases; a plugin that misreads them would misplace jobs in silence. */

#ifndef FLUX_SELECT_GRAPH_LAYOUT_H
#define FLUX_SELECT_GRAPH_LAYOUT_H

#include SELECT_GRAPH_API

/* Each returns NULL, or what is not where it should be. In slurmctld only. */
const char *layout_check_conf (void);
const char *layout_check_nodes (void);
const char *layout_check_job (const job_record_t *job, const bitstr_t *nodes);

#endif // !FLUX_SELECT_GRAPH_LAYOUT_H
