/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Finding vertices by criteria: "status=down and (sched-now=allocated or property=gpu)". Two
 * criteria side by side mean `and`. Keys: status=up|down, sched-now=allocated|free,
 * sched-future=reserved|free, jobid-alloc, jobid-reserved, jobid-tag, jobid-span=JOBID,
 * names=HOSTLIST, property=NAME, agfilter=true|false. */

#ifndef FLUX_GRAPH_IO_FIND_H
#define FLUX_GRAPH_IO_FIND_H

#include "lib/graph/io/write.h"

struct find;

/* NULL with EINVAL; errp names the criterion. */
struct find *find_create (const char *criteria, flux_error_t *errp);
void find_destroy (struct find *f);
/* Hand what meets the criteria, and all that leads to it, to the writer: children first. O(V), and
 * O(V d) when agfilter is asked for. */
int find_write (const struct find *f, struct matcher *m, struct writer *w, flux_error_t *errp);

#endif /* !FLUX_GRAPH_IO_FIND_H */
