/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>

#include "shell/cmd/tree_plan.h"

int tree_plan_parse (struct tree_plan *plan, const char *s)
{
    char *end;

    plan->depth = 0;
    do {
        long n = strtol (s, &end, 10);
        if (!isdigit ((unsigned char)*s) || n < 1 || n > TREE_WIDTH_MAX ||
            plan->depth == TREE_DEPTH_MAX)
            return -1;
        plan->width[plan->depth++] = n;
        s = end + 1;
    } while (*end == 'x');
    return *end ? -1 : 0;
}

/* What one instance starts in a second, the jobs that pay for the start of one more, and how many
 * children an instance should have at most. */
#define JOBS_PER_SECOND 500.
#define JOBS_PER_START 100.
#define CHILDREN_MAX 32

void tree_plan_auto (struct tree_plan *plan, const struct tree_part *all, double seconds)
{
    double cores = (double)all->nnodes * all->cores;
    double ends = seconds > 0 ? cores / seconds : INFINITY; // jobs per second, were starts free
    double leaves = ceil (fmin (ends / JOBS_PER_SECOND, all->njobs / JOBS_PER_START));
    int most = all->nnodes > 1 ? all->nnodes : all->cores;

    plan->depth = 0;
    leaves = fmin (leaves, most);
    if (leaves < 2)
        return;
    int levels = leaves <= CHILDREN_MAX ? 1 : leaves <= CHILDREN_MAX * CHILDREN_MAX ? 2 : 3;
    for (; levels > 0; levels--) {
        int width = floor (pow (leaves, 1. / levels) + 1e-9);
        plan->width[plan->depth++] = width;
        leaves /= width;
    }
}

/* The share of part i when n things are dealt out. */
static int share (int n, int parts, int i)
{
    return n / parts + (i < n % parts);
}

int tree_part_child (const struct tree_part *parent, int width, int i, struct tree_part *child)
{
    child->njobs = share (parent->njobs, width, i);
    if (parent->nnodes >= width) {
        child->nnodes = share (parent->nnodes, width, i);
        child->cores = parent->cores;
        child->gpus = parent->gpus;
        return 0;
    }
    int per_node = (width + parent->nnodes - 1) / parent->nnodes; // children on one node
    child->nnodes = 1;
    child->cores = parent->cores / per_node;
    child->gpus = parent->gpus / per_node;
    return child->cores > 0 ? 0 : -1;
}
