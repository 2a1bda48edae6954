/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Taking a subgraph out: its vertices are marked, edges copied without theirs, and the tree is made
 * anew. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/errprintf.h"

static int copy_edges (const struct graph *g, const struct subsystem *from, struct subsystem *to)
{
    *to = (struct subsystem){.name = from->name};
    to->src = malloc ((from->nedges + 1) * sizeof (*to->src));
    to->dst = malloc ((from->nedges + 1) * sizeof (*to->dst));
    if (!to->src || !to->dst)
        return -1;
    to->room = from->nedges + 1;
    for (uint32_t i = 0; i < from->nedges; i++)
        if (graph_alive (g, from->src[i]) && graph_alive (g, from->dst[i])) {
            to->src[to->nedges] = from->src[i];
            to->dst[to->nedges++] = from->dst[i];
        }
    return 0;
}

/* It has a parent that does not lie below top. */
static bool stays (const struct graph *g, uint32_t v, uint32_t top)
{
    const struct extra *list;
    uint32_t n = extra_parents (g, v, &list);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t pos = g->v[list[i].parent].pos;
        if (pos < g->v[top].pos || pos > g->v[top].last)
            return true;
    }
    return false;
}

static void mark_subtree (struct graph *g, uint32_t v, uint32_t top, bool alive)
{
    if (v != top && stays (g, v, top))
        return;
    if (alive)
        g->v[v].flags |= V_ALIVE;
    else
        g->v[v].flags &= ~V_ALIVE;
    for (uint32_t i = 0; i < g->v[v].nchild; i++)
        mark_subtree (g, g->child[g->v[v].child_off + i], top, alive);
}

static void swap_edges (struct graph *g, struct subsystem *other)
{
    for (uint32_t i = 0; i < g->nsub; i++) {
        struct subsystem s = g->sub[i];
        g->sub[i] = other[i];
        other[i] = s;
    }
}

int graph_remove (struct graph *g, uint32_t v, flux_error_t *errp)
{
    char name[64];
    graph_settle (g);
    if (!graph_alive (g, v) || v == g->root || g->open || g->v[v].pos == GRAPH_NONE) {
        errno = EINVAL;
        return errprintf (errp, "%s cannot be removed", graph_say (g, v, name, sizeof (name)));
    }
    if (g->v[v].njobs) {
        errno = EBUSY;
        return errprintf (errp, "%s is held by jobs", graph_say (g, v, name, sizeof (name)));
    }
    struct subsystem less[GRAPH_MAX_SUBSYSTEMS] = {{0}};
    int rc = 0;
    mark_subtree (g, v, v, false);
    for (uint32_t i = 0; i < g->nsub && rc == 0; i++)
        rc = copy_edges (g, &g->sub[i], &less[i]);
    if (rc < 0)
        errprintf (errp, "out of memory");
    else {
        swap_edges (g, less);
        if ((rc = graph_rebuild (g, errp)) < 0)
            swap_edges (g, less);
    }
    if (rc < 0)
        mark_subtree (g, v, v, true);
    else
        g->generation++;
    for (uint32_t i = 0; i < g->nsub; i++) {
        free (less[i].src);
        free (less[i].dst);
        free (less[i].up);
    }
    return rc;
}
