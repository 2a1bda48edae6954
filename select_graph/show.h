/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What users see: AdminComment, Reason, and GRAPH_ALLOC in the job's environment. */

#ifndef FLUX_SELECT_GRAPH_SHOW_H
#define FLUX_SELECT_GRAPH_SHOW_H

#include SELECT_GRAPH_API
#include "select_graph/site.h"

/* Why it waits; in AdminComment and, until Slurm says something else, in Reason */
void show_waiting (job_record_t *job, const char *text);
/* It starts: what was matched. */
void show_started (struct site *site, const struct graph_conf *conf, job_record_t *job,
                   const struct site_extra *extra, size_t nextra);

#endif // !FLUX_SELECT_GRAPH_SHOW_H
