/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Reads PMI_process_mapping (RFC 13, Local Process Group Information). */

#ifndef FLUX_PMI_CLIQUE_H
#define FLUX_PMI_CLIQUE_H

/* The ranks that share a node with `rank`, ascending; at most max are put into ranks, which may be
 * NULL. Returns how many there are, or -1 when the mapping is unknown, malformed or has no rank. */
int pmi_clique (const char *mapping, int size, int rank, int *ranks, int max);

#endif /* !FLUX_PMI_CLIQUE_H */
