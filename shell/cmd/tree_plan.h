/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How a tree of instances is laid out: pure arithmetic for `flux tree`. */

#ifndef FLUX_CMD_TREE_PLAN_H
#define FLUX_CMD_TREE_PLAN_H

#define TREE_DEPTH_MAX 8
#define TREE_WIDTH_MAX 4096

struct tree_plan {
    int depth;                 // 0: the jobs run in this very instance
    int width[TREE_DEPTH_MAX]; // children of each instance by level
};

/* What one instance of the tree has. */
struct tree_part {
    int nnodes;
    int cores; // per node
    int gpus;  // per node
    int njobs;
};

/* "2x4": two children with four each. -1 when it is not of that form or beyond the limits. */
int tree_plan_parse (struct tree_plan *plan, const char *s);

/* As few leaves as keep the cores busy with jobs of so many seconds (0: not known, short), no more
 * than pay for their own start, and at most one a node, or a core where there is one node. */
void tree_plan_auto (struct tree_plan *plan, const struct tree_part *all, double seconds);

/* What child i of `width` gets. A node is shared only when there are fewer nodes than children;
 * each then has the same number of cores. -1 when there would be a child with nothing. */
int tree_part_child (const struct tree_part *parent, int width, int i, struct tree_part *child);

#endif /* !FLUX_CMD_TREE_PLAN_H */
