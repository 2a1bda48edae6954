/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Reading the graph: vertices, names, paths, properties, aggregates. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"

static const char *status_names[] = {"up", "down", "drained"};

const char *graph_status_name (graph_status_t status)
{
    return status <= GRAPH_DRAINED ? status_names[status] : NULL;
}

int graph_status_parse (const char *name)
{
    for (int i = GRAPH_UP; i <= GRAPH_DRAINED; i++)
        if (!strcmp (name, status_names[i]))
            return i;
    return -1;
}

size_t graph_count (const struct graph *g)
{
    return g->alive;
}

uint32_t graph_limit (const struct graph *g)
{
    return g->nv;
}

bool graph_alive (const struct graph *g, uint32_t v)
{
    return v < g->nv && (g->v[v].flags & V_ALIVE);
}

uint32_t graph_root (const struct graph *g)
{
    return g->root;
}

uint32_t graph_parent (const struct graph *g, uint32_t v)
{
    return g->v[v].parent;
}

uint32_t graph_child_count (const struct graph *g, uint32_t v)
{
    return g->v[v].nchild;
}

uint32_t graph_child (const struct graph *g, uint32_t v, uint32_t i)
{
    return i < g->v[v].nchild ? g->child[g->v[v].child_off + i] : GRAPH_NONE;
}

uint32_t graph_extra_child (const struct graph *g, uint32_t v, uint32_t i)
{
    const struct extra *list;
    return i < extra_children (g, v, &list) ? list[i].child : GRAPH_NONE;
}

uint32_t graph_depth (const struct graph *g, uint32_t v)
{
    return g->v[v].depth;
}

uint32_t graph_position (const struct graph *g, uint32_t v)
{
    return g->v[v].pos;
}

const char *graph_type (const struct graph *g, uint32_t v)
{
    return names_text (g->names, g->type_name[g->v[v].type]);
}

const char *graph_basename (const struct graph *g, uint32_t v)
{
    return names_text (g->names, g->info[v].basename);
}

const char *graph_unit (const struct graph *g, uint32_t v)
{
    return names_text (g->names, g->info[v].unit);
}

int64_t graph_id (const struct graph *g, uint32_t v)
{
    return g->v[v].id;
}

int64_t graph_uniq_id (const struct graph *g, uint32_t v)
{
    return g->info[v].uniq_id;
}

int64_t graph_rank (const struct graph *g, uint32_t v)
{
    return g->info[v].rank;
}

uint32_t graph_size (const struct graph *g, uint32_t v)
{
    return g->v[v].size;
}

graph_status_t graph_status (const struct graph *g, uint32_t v)
{
    return g->v[v].status;
}

uint32_t graph_used (const struct graph *g, uint32_t v)
{
    graph_settle (g);
    return g->v[v].used;
}

uint32_t graph_njobs (const struct graph *g, uint32_t v)
{
    graph_settle (g);
    return g->v[v].njobs;
}

int graph_name (const struct graph *g, uint32_t v, char *buf, size_t size)
{
    const struct vertex_info *info = &g->info[v];
    int n;
    if (info->name != GRAPH_NONE)
        n = snprintf (buf, size, "%s", names_text (g->names, info->name));
    else if (g->v[v].id < 0)
        n = snprintf (buf, size, "%s", names_text (g->names, info->basename));
    else
        n = snprintf (buf, size, "%s%d", names_text (g->names, info->basename), g->v[v].id);
    if (n < 0 || (size_t)n >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return n;
}

const char *graph_say (const struct graph *g, uint32_t v, char *buf, size_t size)
{
    if (v >= g->nv)
        snprintf (buf, size, "vertex %u", v);
    else if (graph_name (g, v, buf, size) < 0)
        snprintf (buf, size, "%.40s...", graph_basename (g, v));
    return buf;
}

/* Who is above v in a subsystem, from its edges. */
static int make_up (struct graph *g, struct subsystem *s)
{
    uint32_t *up = malloc (g->nv * sizeof (*up));
    if (!up)
        return -1;
    memset (up, 0xff, g->nv * sizeof (*up));
    for (uint32_t i = 0; i < s->nedges; i++)
        if (up[s->dst[i]] == GRAPH_NONE)
            up[s->dst[i]] = s->src[i];
    s->up = up;
    return 0;
}

int graph_up (const struct graph *g, uint32_t sub, uint32_t v, uint32_t *up)
{
    struct subsystem *s = (struct subsystem *)&g->sub[sub];
    if (!s->up && make_up ((struct graph *)g, s) < 0) // a cache: the graph stays the same
        return -1;
    *up = s->up[v];
    return 0;
}

static bool member (const struct graph *g, uint32_t sub, uint32_t v)
{
    const struct subsystem *s = &g->sub[sub];
    if (s->up && s->up[v] != GRAPH_NONE)
        return true;
    for (uint32_t i = 0; i < s->nedges; i++)
        if (s->src[i] == v)
            return true;
    return false;
}

int graph_subsystem_find (const struct graph *g, const char *subsystem)
{
    if (!subsystem)
        return g->dominant;
    uint32_t name = names_find (g->names, subsystem);
    for (uint32_t i = 0; i < g->nsub; i++)
        if (g->sub[i].name == name)
            return i;
    errno = ENOENT;
    return -1;
}

int graph_path (const struct graph *g, uint32_t v, const char *subsystem, char *buf, size_t size)
{
    uint32_t line[GRAPH_MAX_DEPTH];
    uint32_t n = 0;
    int sub = graph_subsystem_find (g, subsystem);
    if (sub < 0)
        return -1;
    bool dominant = (uint32_t)sub == g->dominant;
    for (uint32_t x = v; x != GRAPH_NONE && n < GRAPH_MAX_DEPTH; n++) {
        line[n] = x;
        if (dominant)
            x = g->v[x].parent;
        else if (graph_up (g, sub, x, &x) < 0)
            return -1;
    }
    if (dominant ? g->v[v].pos == GRAPH_NONE : n == 1 && !member (g, sub, v)) {
        errno = ENOENT;
        return -1;
    }
    size_t len = 0;
    while (n-- > 0) {
        if (len + 2 > size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        buf[len++] = '/';
        int k = graph_name (g, line[n], buf + len, size - len);
        if (k < 0)
            return -1;
        len += k;
    }
    return len;
}

size_t graph_subsystem_count (const struct graph *g)
{
    return g->nsub;
}

const char *graph_subsystem (const struct graph *g, size_t i)
{
    return i < g->nsub ? names_text (g->names, g->sub[i].name) : NULL;
}

const char *graph_dominant (const struct graph *g)
{
    return graph_subsystem (g, g->dominant);
}

size_t graph_edge_count (const struct graph *g, size_t i)
{
    return i < g->nsub ? g->sub[i].nedges : 0;
}

void graph_edge (const struct graph *g, size_t i, size_t n, uint32_t *src, uint32_t *dst)
{
    *src = g->sub[i].src[n];
    *dst = g->sub[i].dst[n];
}

int graph_aggregate (const struct graph *g, uint32_t v, const char *type, uint64_t *total,
                     uint64_t *avail)
{
    graph_settle (g);
    const struct agg *a = vertex_agg (g, &g->v[v], graph_type_find (g, type));
    if (!a) {
        errno = ENOENT;
        return -1;
    }
    *total = a->total;
    *avail = a->avail;
    return 0;
}

void graph_stats (const struct graph *g, struct graph_stats *st)
{
    *st = (struct graph_stats){
        .vertices = g->alive, .types = g->ntypes, .names = names_count (g->names)};
    uint32_t node = graph_type_find (g, "node");
    for (uint32_t v = 0; v < g->nv; v++) {
        if (!graph_alive (g, v))
            continue;
        if (g->v[v].depth > st->depth)
            st->depth = g->v[v].depth;
        if (g->v[v].type == node) {
            st->nodes++;
            st->nodes_up += g->v[v].status == GRAPH_UP;
        }
    }
    for (uint32_t i = 0; i < g->nsub; i++) {
        st->edges += g->sub[i].nedges;
        st->bytes += (size_t)g->sub[i].room * 8 + (g->sub[i].up ? (size_t)g->nv * 4 : 0);
    }
    st->bytes += sizeof (*g) + names_bytes (g->names) +
                 (size_t)g->room * (sizeof (*g->v) + sizeof (*g->info)) + (size_t)g->nchild * 4 +
                 (size_t)g->nagg * sizeof (*g->agg) + (size_t)g->prop_room * sizeof (*g->prop) +
                 (size_t)g->nrank * 12 + (size_t)g->extras.n * 2 * sizeof (struct extra) +
                 (g->path_slot ? (size_t)g->path_mask * 4 : 0) +
                 (g->uniq_slot ? (size_t)g->uniq_mask * 4 : 0);
    for (uint32_t i = 0; g->by_type && i < g->ntypes; i++)
        st->bytes += g->by_type[i] ? (size_t)g->by_type_count[i] * 4 : 0;
}

uint64_t graph_steps (const struct graph *g)
{
    return g->steps;
}

void graph_add_steps (struct graph *g, uint64_t n)
{
    g->steps += n;
}
