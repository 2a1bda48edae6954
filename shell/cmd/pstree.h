/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Drawing the tree of `flux pstree`. */

#ifndef FLUX_CMD_PSTREE_H
#define FLUX_CMD_PSTREE_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/core.h>

#include "shell/cmd/fmt.h"
#include "shell/cmd/joblist.h"

#define PSTREE_LEVEL_MAX 64

struct pstree {
    struct fmt *label, *parent;
    struct fmt *detail; // in front of the tree, or NULL
    struct joblist_query query;
    int level_max, width; // width -1: do not cut
    bool combine, skip_root, numbers;
    const char *bar, *tee, *elbow, *blank;
};

/* A line, cut to the width. */
void pstree_line (const struct pstree *t, const char *text);

/* The instance of h itself, unless skip_root. */
void pstree_root (struct pstree *t, flux_t *h);

/* The jobs of an instance at a level, and all below them; those of the first level are in `jobs`
 * or, with NULL, asked for. */
void pstree_jobs (struct pstree *t, flux_t *h, json_t *jobs);

#endif /* !FLUX_CMD_PSTREE_H */
