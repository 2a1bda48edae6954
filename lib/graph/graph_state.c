/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The scheduling state of vertices, and the aggregates above them that follow each change. A
 * vertex gives its parent what it has free and what is free below it, or nothing while it is
 * blocked (down, drained, or held whole); so a change climbs until it meets a blocked vertex. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/array_room.h"

static void list_change (struct graph *g, uint32_t i, uint8_t flag)
{
    if (ARRAY_ROOM (g->changed, g->nchanged, g->changed_room, 256) < 0) {
        g->changed_lost = true;
        return;
    }
    g->v[i].flags |= flag;
    g->changed[g->nchanged++] = i;
}

static inline void notice (struct graph *g, uint32_t i)
{
    if ((g->v[i].flags & (V_WATCHED | V_QUEUED)) == V_WATCHED)
        list_change (g, i, V_QUEUED);
}

static void climb_one (struct graph *g, uint32_t i, int64_t avail, int64_t idle)
{
    uint32_t type = g->v[i].type;
    for (uint32_t p = g->v[i].parent; p != GRAPH_NONE; p = g->v[p].parent) {
        struct vertex *v = &g->v[p];
        struct agg *a = vertex_agg (g, v, type);
        g->steps++;
        a->avail += avail;
        a->idle += idle;
        notice (g, p);
        if (vertex_blocked (v))
            break;
    }
}

/* v has just become blocked (sign -1) or free (1): all it has moves out or in. */
static void climb_all (struct graph *g, uint32_t i, int64_t own_avail, int64_t own_idle, int sign)
{
    const struct vertex *v = &g->v[i];
    const struct layout *l = v->agg == GRAPH_NONE ? NULL : &g->layout[v->layout];
    for (uint32_t p = v->parent; p != GRAPH_NONE; p = g->v[p].parent) {
        struct vertex *up = &g->v[p];
        struct agg *a = vertex_agg (g, up, v->type);
        g->steps += 1 + (l ? l->ntypes : 0);
        a->avail += sign * own_avail;
        a->idle += sign * own_idle;
        for (uint32_t k = 0; l && k < l->ntypes; k++) {
            const struct agg *from = &g->agg[v->agg + k];
            struct agg *to = vertex_agg (g, up, l->type[k]);
            to->avail += sign * (int64_t)from->avail;
            to->idle += sign * (int64_t)from->idle;
        }
        notice (g, p);
        if (vertex_blocked (up))
            break;
    }
}

static void change (struct graph *g, uint32_t i, uint32_t used, uint32_t njobs, uint8_t status)
{
    struct vertex *v = &g->v[i];
    bool blocked = vertex_blocked (v);
    g->steps++;
    int64_t avail = blocked ? 0 : v->size - v->used;
    int64_t idle = !blocked && !v->njobs;
    v->used = used;
    v->njobs = njobs;
    v->status = status;
    bool blocks = vertex_blocked (v);
    int64_t now_avail = blocks ? 0 : v->size - v->used;
    int64_t now_idle = !blocks && !v->njobs;
    notice (g, i);
    if (blocked != blocks && g->nwatched && v->agg != GRAPH_NONE && !(v->flags & V_TOGGLED))
        list_change (g, i, V_TOGGLED);
    if (blocked && !blocks)
        climb_all (g, i, now_avail, now_idle, 1);
    else if (!blocked && blocks)
        climb_all (g, i, avail, idle, -1);
    else if (now_avail != avail || now_idle != idle)
        climb_one (g, i, now_avail - avail, now_idle - idle);
}

void graph_take (struct graph *g, uint32_t v, uint32_t units, bool exclusive)
{
    const struct vertex *x = &g->v[v];
    change (g, v, x->used + (exclusive ? units : 0), x->njobs + 1, x->status);
}

void graph_give (struct graph *g, uint32_t v, uint32_t units, bool exclusive)
{
    const struct vertex *x = &g->v[v];
    change (g, v, x->used - (exclusive ? units : 0), x->njobs - 1, x->status);
}

void graph_adjust (struct graph *g, uint32_t v, int64_t units)
{
    const struct vertex *x = &g->v[v];
    change (g, v, x->used + units, x->njobs, x->status);
}

int graph_set_status (struct graph *g, uint32_t v, graph_status_t status)
{
    if (!graph_alive (g, v) || status > GRAPH_DRAINED) {
        errno = EINVAL;
        return -1;
    }
    graph_settle (g);
    if (g->v[v].status != status)
        change (g, v, g->v[v].used, g->v[v].njobs, status);
    return 0;
}

static void add_child (struct graph *g, const struct vertex *v, const struct vertex *c)
{
    bool blocked = vertex_blocked (c);
    struct agg *a = vertex_agg (g, v, c->type);
    a->total += c->size;
    if (!blocked) {
        a->avail += c->size - c->used;
        a->idle += !c->njobs;
    }
    for (uint32_t k = 0; c->agg != GRAPH_NONE && k < g->layout[c->layout].ntypes; k++) {
        const struct agg *from = &g->agg[c->agg + k];
        a = vertex_agg (g, v, g->layout[c->layout].type[k]);
        a->total += from->total;
        if (!blocked) {
            a->avail += from->avail;
            a->idle += from->idle;
        }
    }
}

static void sum_below (struct graph *g, uint32_t i)
{
    struct vertex *v = &g->v[i];
    for (uint32_t k = 0; k < v->nchild; k++) {
        uint32_t c = g->child[v->child_off + k];
        if (g->v[c].agg != GRAPH_NONE)
            sum_below (g, c); // depth is bounded by GRAPH_MAX_DEPTH
        add_child (g, v, &g->v[c]);
    }
}

void graph_sum_aggregates (struct graph *g)
{
    for (uint32_t i = 0; i < g->nagg; i++)
        g->agg[i] = (struct agg){0, 0, 0};
    if (g->root != GRAPH_NONE)
        sum_below (g, g->root);
}

void graph_watch (struct graph *g, uint32_t v)
{
    g->nwatched += !(g->v[v].flags & V_WATCHED);
    g->v[v].flags |= V_WATCHED;
}

void graph_forget_changes (struct graph *g)
{
    for (uint32_t i = 0; i < g->nchanged; i++)
        g->v[g->changed[i]].flags &= ~(V_QUEUED | V_TOGGLED);
    g->nchanged = 0;
    g->changed_lost = false;
}
