/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The slow way to what graph_state.c keeps up step by step: for tests. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/errprintf.h"

/* Sum one type below v anew. */
static void sum_type (const struct graph *g, uint32_t v, uint32_t type, struct agg *a)
{
    for (uint32_t i = 0; i < g->v[v].nchild; i++) {
        const struct vertex *c = &g->v[g->child[g->v[v].child_off + i]];
        struct agg below = {0, 0, 0};
        if (c->nchild)
            sum_type (g, c - g->v, type, &below);
        if (c->type == type) {
            below.total += c->size;
            below.avail += vertex_blocked (c) ? 0 : c->size - c->used;
            below.idle += !c->njobs;
        }
        a->total += below.total;
        if (!vertex_blocked (c)) {
            a->avail += below.avail;
            a->idle += below.idle;
        }
    }
}

static int check_vertex (const struct graph *g, uint32_t i, flux_error_t *errp)
{
    const struct vertex *v = &g->v[i];
    char name[64];
    uint32_t jobs_below = 0;
    for (uint32_t k = 0; k < v->nchild; k++) {
        const struct vertex *c = &g->v[g->child[v->child_off + k]];
        if (c->parent != i || c->pos <= v->pos || c->last > v->last || c->depth != v->depth + 1) {
            errno = EINVAL;
            return errprintf (errp, "%s: the tree is broken below it",
                              graph_say (g, i, name, sizeof (name)));
        }
        if (c->njobs > jobs_below)
            jobs_below = c->njobs;
    }
    if (v->used > v->size || (v->used > 0 && v->njobs == 0) || jobs_below > v->njobs) {
        errno = EOVERFLOW;
        return errprintf (errp, "%s: %u of %u units used by %u jobs, below it %u jobs",
                          graph_say (g, i, name, sizeof (name)), v->used, v->size, v->njobs,
                          jobs_below);
    }
    for (uint32_t k = 0; v->agg != GRAPH_NONE && k < g->layout[v->layout].ntypes; k++) {
        struct agg a = {0, 0, 0};
        const struct agg *b = &g->agg[v->agg + k];
        sum_type (g, i, g->layout[v->layout].type[k], &a);
        if (a.total != b->total || a.avail != b->avail || a.idle != b->idle) {
            errno = EINVAL;
            return errprintf (errp, "%s: aggregate of %s is %ju/%ju/%ju, not %ju/%ju/%ju",
                              graph_say (g, i, name, sizeof (name)),
                              names_text (g->names, g->type_name[g->layout[v->layout].type[k]]),
                              (uintmax_t)b->total, (uintmax_t)b->avail, (uintmax_t)b->idle,
                              (uintmax_t)a.total, (uintmax_t)a.avail, (uintmax_t)a.idle);
        }
    }
    return 0;
}

static int check_extras (const struct graph *g, flux_error_t *errp)
{
    char name[64];
    for (uint32_t i = 0; i < g->extras.n; i++) {
        const struct extra *e = &g->extras.down[i];
        if (g->v[e->child].njobs <= g->v[e->parent].njobs)
            continue;
        errno = EOVERFLOW;
        return errprintf (errp, "%s: %u jobs, below it %u jobs",
                          graph_say (g, e->parent, name, sizeof (name)), g->v[e->parent].njobs,
                          g->v[e->child].njobs);
    }
    return 0;
}

int graph_check (const struct graph *g, flux_error_t *errp)
{
    graph_settle (g);
    if (check_extras (g, errp) < 0)
        return -1;
    for (uint32_t v = 0; v < g->nv; v++)
        if (graph_alive (g, v) && check_vertex (g, v, errp) < 0)
            return -1;
    return 0;
}
