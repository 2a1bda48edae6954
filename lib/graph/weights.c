/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The order in which `first` looks at children: those never used, then those with most free of the
 * last pruning type, then by greatest uniq_id. One list per parent, kept in order when a job
 * takes from a child. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"

static bool ahead (const struct matcher *m, uint32_t a, uint32_t b)
{
    if (m->weight[a] != m->weight[b])
        return m->weight[a] > m->weight[b];
    return m->g->info[a].uniq_id > m->g->info[b].uniq_id;
}

static void sift (const struct matcher *m, uint32_t *list, uint32_t i, uint32_t n)
{
    uint32_t v = list[i];
    for (uint32_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && ahead (m, list[c], list[c + 1]))
            c++;
        if (!ahead (m, v, list[c]))
            break;
        list[i] = list[c];
    }
    list[i] = v;
}

static void sort_children (const struct matcher *m, uint32_t *list, uint32_t n)
{
    bool reversed = true;
    for (uint32_t i = 1; i < n && reversed; i++)
        reversed = ahead (m, list[i], list[i - 1]);
    for (uint32_t i = 0; reversed && i < n / 2; i++) {
        uint32_t v = list[i];
        list[i] = list[n - 1 - i];
        list[n - 1 - i] = v;
    }
    if (reversed)
        return;
    for (uint32_t i = n / 2; i-- > 0;)
        sift (m, list, i, n);
    for (uint32_t end = n; end-- > 1;) {
        uint32_t v = list[0];
        list[0] = list[end];
        list[end] = v;
        sift (m, list, 0, end);
    }
}

static uint32_t *find_types (const struct matcher *m)
{
    const struct graph *g = m->g;
    uint32_t *list = malloc ((g->ntypes + 1) * sizeof (*list));
    for (uint32_t i = 0; list && i < g->ntypes; i++) {
        const char *types[PRUNE_MAX];
        size_t n =
            matcher_prune_types (m, names_text (g->names, g->type_name[i]), types, PRUNE_MAX);
        n = n < PRUNE_MAX ? n : PRUNE_MAX;
        /* a type that no vertex has is still one: nothing of it is ever free */
        uint32_t type = n ? graph_type_find (g, types[n - 1]) : GRAPH_NONE;
        list[i] = n && type == GRAPH_NONE ? GRAPH_MAX_TYPES : type;
    }
    return list;
}

int weights_ready (struct matcher *m)
{
    const struct graph *g = m->g;
    if (m->weight && m->weight_generation == g->generation)
        return 0;
    uint32_t *weight = malloc ((g->nv + 1) * sizeof (*weight));
    uint32_t *order = malloc ((g->nchild + 1) * sizeof (*order));
    uint32_t *types = find_types (m);
    if (!weight || !order || !types) {
        free (weight);
        free (order);
        free (types);
        return -1;
    }
    free (m->weight_type);
    m->weight_type = types;
    memset (weight, 0xff, g->nv * sizeof (*weight));
    if (m->weight)
        memcpy (weight, m->weight, m->weight_count * sizeof (*weight));
    memcpy (order, g->child, g->nchild * sizeof (*order));
    free (m->weight);
    free (m->by_weight);
    m->weight = weight;
    m->weight_count = g->nv;
    m->by_weight = order;
    m->weight_generation = g->generation;
    for (uint32_t v = 0; v < g->nv; v++)
        if (g->v[v].nchild > 1)
            sort_children (m, order + g->v[v].child_off, g->v[v].nchild);
    return 0;
}

const uint32_t *weights_children (const struct matcher *m, uint32_t v)
{
    return m->by_weight + m->g->v[v].child_off;
}

void weights_sort_extra (const struct matcher *m, struct children *c, struct extra *space)
{
    uint32_t n = c->n - c->ntree;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t k = i;
        for (; k > 0 && ahead (m, c->extra[i].child, space[k - 1].child); k--)
            space[k] = space[k - 1];
        space[k] = c->extra[i];
    }
    c->extra = space;
}

/* Units of the type that nobody has been given, also where nobody else could get at them. */
static uint64_t count_free (const struct matcher *m, uint32_t v, uint32_t type)
{
    const struct vertex *x = &m->g->v[v];
    uint64_t n = 0;
    for (uint32_t i = 0; i < x->nchild; i++) {
        const struct vertex *c = &m->g->v[m->g->child[x->child_off + i]];
        if (c->type == type)
            n += c->size - (c->used < c->size ? c->used : c->size);
        if (c->nchild)
            n += count_free (m, c - m->g->v, type);
    }
    return n;
}

static uint64_t free_units (const struct matcher *m, uint32_t v, uint32_t type)
{
    const struct vertex *x = &m->g->v[v];
    if (m->flags & MATCHER_EXACT_TIES)
        return count_free (m, v, type);
    const struct agg *a = vertex_agg (m->g, x, type);
    return a && !vertex_blocked (x) ? a->avail : 0;
}

static uint32_t find_child (const struct matcher *m, const uint32_t *list, uint32_t n, uint32_t v)
{
    uint32_t lo = 0, hi = n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (ahead (m, list[mid], v))
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void set_weight (struct matcher *m, uint32_t v, uint32_t weight)
{
    const struct vertex *up = &m->g->v[m->g->v[v].parent];
    uint32_t *list = m->by_weight + up->child_off;
    uint32_t from = find_child (m, list, up->nchild, v);
    memmove (list + from, list + from + 1, (up->nchild - from - 1) * sizeof (*list));
    m->weight[v] = weight;
    uint32_t to = find_child (m, list, up->nchild - 1, v);
    memmove (list + to + 1, list + to, (up->nchild - 1 - to) * sizeof (*list));
    list[to] = v;
}

/* Not what it would have for itself: that comes first for the next one, too. */
void weights_look (struct matcher *m, const struct result_item *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!items[i].exclusive)
            weights_update (m, &items[i], 1, false);
}

/* Fluxion does not look again when a job is cancelled; exactly like it we don't either. */
void weights_update (struct matcher *m, const struct result_item *items, size_t n, bool freed)
{
    bool exact = m->flags & MATCHER_EXACT_TIES;
    if (!m->weight || m->weight_generation != m->g->generation || (freed && exact))
        return;
    for (size_t i = 0; i < n; i++) {
        uint32_t v = items[i].vertex;
        const struct vertex *x = &m->g->v[v];
        if (x->agg == GRAPH_NONE || x->parent == GRAPH_NONE || items[i].aux ||
            m->weight_type[x->type] == GRAPH_NONE)
            continue;
        uint64_t avail = free_units (m, v, m->weight_type[x->type]);
        uint32_t weight = avail < UINT32_MAX ? avail : UINT32_MAX - 1;
        if (weight != m->weight[v])
            set_weight (m, v, weight);
    }
}
