/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * graph.conf, beside slurm.conf: lines `Key=Value`, with `#` up to the end of a line for comments.
 */

#ifndef FLUX_SELECT_GRAPH_CONF_H
#define FLUX_SELECT_GRAPH_CONF_H

#include <flux/types.h>

struct graph_conf {
    char policy[256]; // Policy: of the matcher
};

/* -1 with ENOENT (no such file) or EINVAL: errp names file, line and key. */
int graph_conf_read (struct graph_conf *conf, const char *path, flux_error_t *errp);

#endif // !FLUX_SELECT_GRAPH_CONF_H
