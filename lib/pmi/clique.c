/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/pmi/clique.h"

#define BLOCK_MAX (1 << 24)

struct walk {
    int size;
    int rank; // whose node is looked for, when node < 0
    int node; // whose ranks are counted
    int next; // the next rank
    int count;
    int *ranks;
    int max;
};

static void visit (struct walk *w, int node)
{
    if (w->node < 0 && w->next == w->rank)
        w->rank = -1 - node; // found
    else if (w->node == node) {
        if (w->ranks && w->count < w->max)
            w->ranks[w->count] = w->next;
        w->count++;
    }
    w->next++;
}

/* The blocks are gone through again and again until all ranks are placed. */
static int walk (const char *mapping, struct walk *w)
{
    if (strncmp (mapping, "(vector", 7) != 0)
        return -1;
    while (w->next < w->size) {
        const char *p = mapping + 7;
        int node, nnodes, ppn, used = 0, before = w->next;
        while (sscanf (p, ",(%d,%d,%d)%n", &node, &nnodes, &ppn, &used) == 3 && used > 0) {
            if (node < 0 || nnodes < 1 || ppn < 1 || node > BLOCK_MAX || nnodes > BLOCK_MAX ||
                ppn > BLOCK_MAX)
                return -1;
            for (int i = 0; i < nnodes; i++)
                for (int k = 0; k < ppn && w->next < w->size; k++)
                    visit (w, node + i);
            p += used;
            used = 0; // is not set when the last ")" is missing
        }
        if (strcmp (p, ")") != 0 || w->next == before)
            return -1;
    }
    return 0;
}

int pmi_clique (const char *mapping, int size, int rank, int *ranks, int max)
{
    struct walk find = {.size = size, .rank = rank, .node = -1};

    if (rank < 0 || walk (mapping, &find) < 0 || find.rank >= 0)
        return -1;
    struct walk count = {.size = size, .node = -1 - find.rank, .ranks = ranks, .max = max};
    return walk (mapping, &count) < 0 ? -1 : count.count;
}
