/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From vertices and edges to what matching walks: the spanning tree of the dominant subsystem in
 * edge order, depth first numbers, one row of aggregates per type below an inner vertex, the
 * tops of ranks. Everything is made aside and put in place at the end. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/tree_priv.h"
#include "lib/util/errprintf.h"

static void tree_clear (struct tree *t)
{
    free (t->off);
    free (t->child);
    free (t->parent);
    free (t->order);
    free (t->last);
    free (t->depth);
    free (t->color);
    free (t->other);
    free (t->bits);
    for (uint32_t i = 0; i < t->nlayouts; i++) {
        free (t->layout[i].type);
        free (t->layout[i].slot);
    }
    free (t->layout);
    free (t->which);
    free (t->agg);
}

static void mark_other_subsystems (struct tree *t)
{
    for (uint32_t i = 0; i < t->g->nsub; i++)
        for (uint32_t k = 0; i != t->g->dominant && k < t->g->sub[i].nedges; k++)
            t->other[t->g->sub[i].src[k]] = t->other[t->g->sub[i].dst[k]] = 1;
}

static int tree_alloc (struct tree *t, uint32_t nedges)
{
    size_t n = t->nv;
    t->nwords = (t->g->ntypes + 63) / 64;
    if (!(t->off = tree_take (n + 2, sizeof (*t->off))) ||
        !(t->child = tree_take (nedges, sizeof (*t->child))) ||
        !(t->parent = tree_take (n, sizeof (*t->parent))) ||
        !(t->order = tree_take (n, sizeof (*t->order))) ||
        !(t->last = tree_take (n, sizeof (*t->last))) || !(t->depth = tree_take (n, 1)) ||
        !(t->color = tree_take (n, 1)) || !(t->other = tree_take (n, 1)) ||
        !(t->bits = tree_take (t->nwords, sizeof (*t->bits))) ||
        !(t->which = tree_take (n, sizeof (*t->which))) ||
        !(t->agg = tree_take (n, sizeof (*t->agg))))
        return -1;
    memset (t->parent, 0xff, n * sizeof (*t->parent));
    mark_other_subsystems (t);
    return 0;
}

/* Children of each vertex by counting, which keeps the order of edges. */
static int sort_children (struct tree *t, const struct subsystem *s, flux_error_t *errp)
{
    for (uint32_t i = 0; i < s->nedges; i++)
        t->off[s->src[i] + 2]++;
    for (uint32_t v = 0; v < t->nv; v++)
        t->off[v + 2] += t->off[v + 1];
    for (uint32_t i = 0; i < s->nedges; i++)
        t->child[t->off[s->src[i] + 1]++] = s->dst[i];
    /* order[] is not in use yet: it tells who last had a vertex as a child */
    memset (t->order, 0xff, t->nv * sizeof (*t->order));
    for (uint32_t v = 0; v < t->nv; v++) {
        if (t->off[v + 1] - t->off[v] > GRAPH_MAX_CHILDREN)
            return tree_fail (t->g, v, ENOSPC, "has too many children", errp);
        for (uint32_t k = t->off[v]; k < t->off[v + 1]; k++) {
            if (t->order[t->child[k]] == v)
                return tree_fail (t->g, t->child[k], EEXIST, "has two edges from one parent", errp);
            t->order[t->child[k]] = v;
        }
    }
    return 0;
}

static int find_root (struct tree *t, const struct subsystem *s, flux_error_t *errp)
{
    t->root = GRAPH_NONE;
    memset (t->color, 0, t->nv);
    for (uint32_t i = 0; i < s->nedges; i++)
        t->color[s->dst[i]] = 1;
    for (uint32_t v = 0; v < t->nv; v++) {
        if (!graph_alive (t->g, v) || t->color[v])
            continue;
        if (t->off[v] == t->off[v + 1] && t->other[v])
            continue;
        if (t->root != GRAPH_NONE)
            return tree_fail (t->g, v, EINVAL, "has no parent, and is not the only one", errp);
        t->root = v;
    }
    memset (t->color, 0, t->nv);
    if (t->root == GRAPH_NONE) {
        errno = s->nedges ? ELOOP : EINVAL;
        return errprintf (errp, s->nedges ? "the graph has no root: its edges form a cycle"
                                          : "the graph has no vertices");
    }
    return 0;
}

static int walk (struct tree *t, flux_error_t *errp)
{
    uint32_t path[GRAPH_MAX_DEPTH], next[GRAPH_MAX_DEPTH];
    uint32_t depth = 0;
    path[0] = t->root;
    next[0] = t->off[t->root];
    t->color[t->root] = 1;
    t->order[t->reached++] = t->root;
    for (;;) {
        uint32_t v = path[depth];
        if (next[depth] == t->off[v + 1]) {
            t->color[v] = 2;
            t->last[v] = t->reached - 1;
            if (depth-- == 0)
                return 0;
            continue;
        }
        uint32_t c = t->child[next[depth]++];
        if (t->color[c] == 1)
            return tree_fail (t->g, c, ELOOP, "lies below itself (a cycle)", errp);
        if (t->color[c] == 2)
            continue;
        if (++depth == GRAPH_MAX_DEPTH)
            return tree_fail (t->g, c, EINVAL, "lies too deep", errp);
        path[depth] = c;
        next[depth] = t->off[c];
        t->color[c] = 1;
        t->depth[c] = depth;
        t->parent[c] = v;
        t->order[t->reached++] = c;
    }
}

/* Whoever was reached twice stays the child of the first. */
static void keep_tree_edges (struct tree *t)
{
    uint32_t to = 0;
    for (uint32_t v = 0, from = 0; v < t->nv; v++) {
        uint32_t end = t->off[v + 1];
        t->off[v] = to;
        for (; from < end; from++)
            if (t->parent[t->child[from]] == v)
                t->child[to++] = t->child[from];
    }
    t->off[t->nv] = to;
}

static int check_reached (const struct tree *t, flux_error_t *errp)
{
    for (uint32_t v = 0; v < t->nv; v++)
        if (graph_alive (t->g, v) && t->color[v] != 2 && !t->other[v])
            return tree_fail (t->g, v, ELOOP, "is not reached from the root", errp);
    return 0;
}

/* What was there stays as it was: the root is the same one, and whoever holds a vertex holds all
 * that is above it. */
static int check_growth (const struct tree *t, flux_error_t *errp)
{
    const struct graph *g = t->g;
    if (g->root != GRAPH_NONE && t->root != g->root)
        return tree_fail (g, t->root, EINVAL, "would be another root", errp);
    const struct subsystem *s = &g->sub[g->dominant];
    for (uint32_t i = g->open ? g->saved_edges[g->dominant] : s->nedges; i < s->nedges; i++)
        if (g->v[s->dst[i]].njobs)
            return tree_fail (g, s->dst[i], EBUSY, "is held by jobs: no edge to it can be added",
                              errp);
    return 0;
}

static int compare_rank (const void *a, const void *b)
{
    const struct rank_top *x = a, *y = b;
    return x->rank != y->rank ? (x->rank < y->rank ? -1 : 1)
                              : (x->vertex > y->vertex) - (x->vertex < y->vertex);
}

/* Vertices with a rank that their parent does not share. */
static int make_ranks (struct tree *t, struct rank_top **listp, uint32_t **vertexp, uint32_t *np)
{
    const struct graph *g = t->g;
    uint32_t n = 0, room = 0;
    struct rank_top *list = NULL;
    bool sorted = true;
    for (uint32_t i = 0; i < t->reached; i++) {
        uint32_t v = t->order[i], p = t->parent[v];
        int32_t rank = g->info[v].rank;
        if (rank < 0 || (p != GRAPH_NONE && g->info[p].rank == rank))
            continue;
        if (n == room) {
            room = room ? room * 2 : 64;
            struct rank_top *more = realloc (list, room * sizeof (*more));
            if (!more) {
                free (list);
                return -1;
            }
            list = more;
        }
        sorted = sorted && (n == 0 || list[n - 1].rank <= rank);
        list[n++] = (struct rank_top){.rank = rank, .vertex = i};
    }
    if (!sorted)
        qsort (list, n, sizeof (*list), compare_rank);
    uint32_t *vertex = tree_take (n, sizeof (*vertex));
    if (!vertex) {
        free (list);
        return -1;
    }
    for (uint32_t i = 0; i < n; i++)
        vertex[i] = list[i].vertex = t->order[list[i].vertex];
    *listp = list;
    *vertexp = vertex;
    *np = n;
    return 0;
}

static void trim (struct graph *g)
{
    struct vertex *v = realloc (g->v, g->nv * sizeof (*v));
    struct vertex_info *info = realloc (g->info, g->nv * sizeof (*info));
    g->v = v ? v : g->v;
    g->info = info ? info : g->info;
    g->room = g->nv;
    for (uint32_t i = 0; i < g->nsub; i++) {
        struct subsystem *s = &g->sub[i];
        if (s->nedges == 0)
            continue;
        uint32_t *src = realloc (s->src, s->nedges * sizeof (*src));
        uint32_t *dst = realloc (s->dst, s->nedges * sizeof (*dst));
        s->src = src ? src : s->src;
        s->dst = dst ? dst : s->dst;
        s->room = s->nedges;
    }
}

/* The ids of v's children of one type ascend, and no two are equal; what lies below them is of
 * other types. Both are no more than not known when there are many types. */
static uint8_t order_of (const struct tree *t, uint32_t v)
{
    enum { MAX_TYPES = 8 };
    struct {
        uint32_t type;
        int32_t last;
    } seen[MAX_TYPES];
    uint32_t n = 0;
    uint8_t order = CHILDREN_ASCEND | CHILDREN_LAYERED;
    for (uint32_t k = t->off[v]; k < t->off[v + 1]; k++) {
        const struct vertex *c = &t->g->v[t->child[k]];
        uint32_t i = 0;
        while (i < n && seen[i].type != c->type)
            i++;
        if (i == MAX_TYPES)
            return 0;
        if (i < n && seen[i].last >= c->id)
            order &= ~CHILDREN_ASCEND;
        seen[i].type = c->type;
        seen[i].last = c->id;
        n += i == n;
    }
    for (uint32_t k = t->off[v]; k < t->off[v + 1]; k++) {
        uint16_t l = t->which[t->child[k]];
        if (l == 0xffff || (k > t->off[v] && l == t->which[t->child[k - 1]]))
            continue;
        for (uint32_t i = 0; i < n; i++)
            if (t->layout[l].slot[seen[i].type] != 0xff)
                order &= ~CHILDREN_LAYERED;
    }
    return order;
}

/* Nothing fails from here on. */
static void put_in_place (struct graph *g, struct tree *t, struct agg *agg)
{
    for (uint32_t v = 0; v < t->nv; v++)
        g->v[v].flags &= V_ALIVE | V_DIVISIBLE;
    g->nchanged = g->nwatched = 0;
    g->changed_lost = false;
    g->steps += t->nv + t->off[t->nv];
    for (uint32_t v = 0; v < t->nv; v++) {
        struct vertex *x = &g->v[v];
        x->parent = t->parent[v];
        x->child_off = t->off[v];
        x->nchild = t->off[v + 1] - t->off[v];
        x->depth = t->depth[v];
        x->layout = t->which[v];
        x->agg = t->color[v] == 2 ? t->agg[v] : GRAPH_NONE;
        x->last = t->last[v];
        x->pos = GRAPH_NONE;
        x->order = order_of (t, v);
    }
    for (uint32_t i = 0; i < t->reached; i++)
        g->v[t->order[i]].pos = i;
    for (uint32_t i = 0; i < g->nlayouts; i++) {
        free (g->layout[i].type);
        free (g->layout[i].slot);
    }
    free (g->layout);
    g->layout = t->layout;
    g->nlayouts = t->nlayouts;
    t->layout = NULL;
    t->nlayouts = 0;
    free (g->child);
    g->child = t->child;
    g->nchild = t->off[t->nv];
    t->child = NULL;
    free (g->agg);
    g->agg = agg;
    g->nagg = t->nagg;
    g->root = t->root;
    g->alive = 0;
    for (uint32_t v = 0; v < t->nv; v++)
        g->alive += graph_alive (g, v);
}

int graph_rebuild (struct graph *g, flux_error_t *errp)
{
    const struct subsystem *s = &g->sub[g->dominant];
    struct tree t = {.g = g, .nv = g->nv};
    struct agg *agg = NULL;
    struct rank_top *rank = NULL;
    struct extras extras = {.n = 0};
    bool twins;
    uint32_t *rank_vertex = NULL, nrank = 0;
    if (tree_alloc (&t, s->nedges) < 0) {
        errprintf (errp, "out of memory");
        goto fail;
    }
    if (sort_children (&t, s, errp) < 0 || find_root (&t, s, errp) < 0 || walk (&t, errp) < 0 ||
        check_reached (&t, errp) < 0 || check_growth (&t, errp) < 0 ||
        extras_make (g, t.parent, t.depth, t.root, &extras, errp) < 0)
        goto fail;
    keep_tree_edges (&t);
    if (tree_make_layouts (&t, errp) < 0)
        goto fail;
    if (!(agg = tree_take (t.nagg, sizeof (*agg))) ||
        make_ranks (&t, &rank, &rank_vertex, &nrank) < 0) {
        errprintf (errp, "out of memory");
        goto fail;
    }
    if (graph_check_names (g, t.parent, &twins, errp) < 0)
        goto fail;
    graph_drop_caches (g);
    put_in_place (g, &t, agg);
    extras_clear (&g->extras);
    g->extras = extras;
    g->twins = twins;
    extras_set_flags (g);
    free (g->rank);
    free (g->rank_vertex);
    g->rank = rank;
    g->rank_vertex = rank_vertex;
    g->nrank = nrank;
    graph_sum_aggregates (g);
    trim (g);
    tree_clear (&t);
    return 0;
fail:
    extras_clear (&extras);
    free (agg);
    free (rank);
    free (rank_vertex);
    int saved = errno;
    tree_clear (&t);
    errno = saved;
    return -1;
}
