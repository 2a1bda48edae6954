/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * What a job has, for people and for programs. */

#ifndef FLUX_SELECT_GRAPH_SITE_WRITE_H
#define FLUX_SELECT_GRAPH_SITE_WRITE_H

#include "select_graph/site.h"

struct site_alloc {
    const struct site_hold *holds; // in the order of nodes
    size_t nholds;
    const struct site_extra *extra;
    size_t nextra;
    int64_t start, end;
    const char *nodelist; // as a hostlist
};

/* R (RFC 20) of it with its part of the graph inside (RFC 40): ranks count the job's nodes from 0.
 * At most `size` bytes of text: when it is more, without the graph; NULL when that is too much
 * as well, or with ENOMEM. The caller frees it. */
char *site_write_R (struct site *site, const struct site_alloc *alloc, size_t size);
/* "in s0, s1; storage0: 2 TB": what its nodes lie below, and what it has beyond them; cut off. */
void site_write_words (struct site *site, const struct site_alloc *alloc, char *text, size_t size);

#endif // !FLUX_SELECT_GRAPH_SITE_WRITE_H
