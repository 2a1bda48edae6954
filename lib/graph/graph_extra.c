/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Vertices with several parents in the dominant subsystem: a rack and a storage unit that both
 * contain one appliance. The tree has each vertex once; the other edges lie here, sorted both ways.
 * What the tree counts is not counted again above an extra edge, so vertices above one are marked
 * V_LOOSE: their aggregates must not rule anything out. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/errprintf.h"

void extras_clear (struct extras *x)
{
    int saved = errno;
    free (x->down);
    free (x->up);
    *x = (struct extras){.n = 0};
    errno = saved;
}

static uint32_t key_of (const struct extra *e, bool down)
{
    return down ? e->parent : e->child;
}

/* Stable, by merging; spare has room for n. */
static void sort_edges (struct extra *list, struct extra *spare, uint32_t n, bool down)
{
    for (uint64_t w = 1; w < n; w *= 2) {
        for (uint64_t i = 0; i < n; i += 2 * w) {
            uint64_t a = i, mid = i + w < n ? i + w : n, end = i + 2 * w < n ? i + 2 * w : n;
            uint64_t b = mid, to = i;
            while (a < mid || b < end) {
                bool left =
                    b == end || (a < mid && key_of (&list[a], down) <= key_of (&list[b], down));
                spare[to++] = list[left ? a++ : b++];
            }
        }
        memcpy (list, spare, n * sizeof (*list));
    }
}

/* The stretch of a sorted list with one key. */
static uint32_t stretch (const struct extra *list, uint32_t n, uint32_t v, bool down,
                         const struct extra **out)
{
    uint32_t lo = 0, end;
    for (uint32_t hi = n; lo < hi;) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (key_of (&list[mid], down) < v)
            lo = mid + 1;
        else
            hi = mid;
    }
    for (end = lo; end < n && key_of (&list[end], down) == v; end++)
        ;
    *out = list + lo;
    return end - lo;
}

uint32_t extra_children (const struct graph *g, uint32_t v, const struct extra **list)
{
    return g->v[v].flags & V_MORE ? stretch (g->extras.down, g->extras.n, v, true, list) : 0;
}

uint32_t extra_parents (const struct graph *g, uint32_t v, const struct extra **list)
{
    return g->v[v].flags & V_MULTI ? stretch (g->extras.up, g->extras.n, v, false, list) : 0;
}

/* ---- Depth along all edges: walks go down them, so it is bounded like that of the tree ---- */
struct levels {
    const struct graph *g;
    const struct extras *x;
    const uint32_t *first, *next; // children in the tree, linked
    uint8_t *level;
};

/* The greatest level of v and of all below; each is raised at most GRAPH_MAX_DEPTH times. */
static uint32_t raise (struct levels *l, uint32_t v, uint32_t level)
{
    const struct extra *list;
    if (level <= l->level[v])
        return GRAPH_NONE;
    if (level >= GRAPH_MAX_DEPTH)
        return v;
    l->level[v] = level;
    uint32_t deep = GRAPH_NONE;
    for (uint32_t c = l->first[v]; c != GRAPH_NONE && deep == GRAPH_NONE; c = l->next[c])
        deep = raise (l, c, level + 1);
    uint32_t n = stretch (l->x->down, l->x->n, v, true, &list);
    for (uint32_t i = 0; i < n && deep == GRAPH_NONE; i++)
        deep = raise (l, list[i].child, level + 1);
    return deep;
}

static int check_levels (const struct graph *g, const uint32_t *parent, const uint8_t *depth,
                         const struct extras *x, flux_error_t *errp)
{
    char name[64];
    uint32_t *first = malloc (2 * ((size_t)g->nv + 1) * sizeof (*first));
    uint8_t *level = malloc (g->nv + 1);
    uint32_t deep = GRAPH_NONE;
    if (!first || !level) {
        free (first);
        free (level);
        return errprintf (errp, "out of memory");
    }
    uint32_t *next = first + g->nv;
    memset (first, 0xff, g->nv * sizeof (*first));
    memcpy (level, depth, g->nv);
    for (uint32_t v = 0; v < g->nv; v++)
        if (parent[v] != GRAPH_NONE) {
            next[v] = first[parent[v]];
            first[parent[v]] = v;
        }
    struct levels l = {.g = g, .x = x, .first = first, .next = next, .level = level};
    for (uint32_t i = 0; i < x->n && deep == GRAPH_NONE; i++)
        deep = raise (&l, x->down[i].child, level[x->down[i].parent] + 1);
    free (first);
    free (level);
    if (deep == GRAPH_NONE)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "%s (vertex %u) lies too deep",
                      graph_say (g, deep, name, sizeof (name)), deep);
}

int extras_make (const struct graph *g, const uint32_t *parent, const uint8_t *depth, uint32_t root,
                 struct extras *x, flux_error_t *errp)
{
    const struct subsystem *s = &g->sub[g->dominant];
    uint32_t n = 0;
    *x = (struct extras){.n = 0};
    for (uint32_t i = 0; i < s->nedges; i++)
        n += parent[s->dst[i]] != s->src[i];
    if (n == 0)
        return 0;
    struct extra *spare = malloc (n * sizeof (*spare));
    x->down = malloc (n * sizeof (*x->down));
    x->up = malloc (n * sizeof (*x->up));
    if (!spare || !x->down || !x->up) {
        free (spare);
        extras_clear (x);
        return errprintf (errp, "out of memory");
    }
    for (uint32_t i = 0; i < s->nedges; i++)
        if (parent[s->dst[i]] != s->src[i] &&
            (parent[s->src[i]] != GRAPH_NONE || s->src[i] == root))
            x->down[x->n++] = (struct extra){s->src[i], s->dst[i]};
    memcpy (x->up, x->down, x->n * sizeof (*x->up));
    sort_edges (x->down, spare, x->n, true);
    sort_edges (x->up, spare, x->n, false);
    free (spare);
    if (check_levels (g, parent, depth, x, errp) == 0)
        return 0;
    extras_clear (x);
    return -1;
}

static void mark_loose (struct graph *g, uint32_t v)
{
    const struct extra *list;
    for (; v != GRAPH_NONE && !(g->v[v].flags & V_LOOSE); v = g->v[v].parent) {
        g->v[v].flags |= V_LOOSE;
        uint32_t n = extra_parents (g, v, &list);
        for (uint32_t i = 0; i < n; i++)
            mark_loose (g, list[i].parent);
    }
}

void extras_set_flags (struct graph *g)
{
    for (uint32_t i = 0; i < g->extras.n; i++) {
        g->v[g->extras.down[i].parent].flags |= V_MORE;
        g->v[g->extras.down[i].child].flags |= V_MULTI;
    }
    for (uint32_t i = 0; i < g->extras.n; i++)
        mark_loose (g, g->extras.down[i].parent);
}
