/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The tree over an index: what its rows are, keeping them up, and searching. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/index.h"

static bool path_is_open (const struct graph *g, uint32_t v)
{
    for (; v != GRAPH_NONE; v = g->v[v].parent)
        if (vertex_blocked (&g->v[v]))
            return false;
    return true;
}

static uint32_t cut (uint64_t n)
{
    return n < UINT32_MAX ? n : UINT32_MAX;
}

static void type_row (const struct graph *g, const struct index *ix, uint32_t i, uint32_t *row)
{
    uint32_t u = ix->order[i];
    const struct vertex *v = &g->v[u];
    if (!path_is_open (g, u))
        return;
    bool full = v->njobs == 0;
    row[ROW_OWN] = v->size - v->used;
    row[ROW_IDLE] = v->njobs == 0;
    for (uint32_t k = 0; k < ix->ntypes; k++) {
        const struct agg *a = vertex_agg (g, v, ix->type[k]);
        if (a) {
            row[ROW_BELOW + k] = cut (a->avail);
            full = full && a->avail == a->total;
        }
    }
    row[ROW_FULL] = full;
}

static void slot_child (const struct index *ix, const struct vertex *c, uint32_t *row)
{
    for (uint32_t k = 0; k < ix->ntypes; k++) {
        if (c->type != ix->type[k])
            continue;
        uint32_t *r = row + ROW_SLOT + 3 * k;
        r[0] = cut ((uint64_t)r[0] + (c->size - c->used));
        uint32_t id = (uint32_t)(c->id < 0 ? 0 : c->id);
        if (id + 1 > r[ROW_MAX_ID])
            r[ROW_MAX_ID] = id + 1;
        if (UINT32_MAX - id > r[ROW_MIN_INV])
            r[ROW_MIN_INV] = UINT32_MAX - id;
    }
}

static int64_t above_of (const struct matcher *m, uint32_t v)
{
    int64_t above = 0;
    for (; v != GRAPH_NONE; v = m->g->v[v].parent)
        if (m->g->v[v].type == m->node)
            above += policy_node_factor (m->g, v);
    return above;
}

static void slot_row (const struct matcher *m, struct index *ix, uint32_t i, uint32_t *row,
                      uint64_t *mask)
{
    const struct graph *g = m->g;
    uint32_t u = ix->order[i];
    const struct vertex *v = &g->v[u];
    *mask = 0;
    if (!path_is_open (g, u))
        return;
    for (uint32_t k = 0; k < v->nchild; k++) {
        const struct vertex *c = &g->v[g->child[v->child_off + k]];
        if (vertex_blocked (c) || c->njobs)
            continue;
        slot_child (ix, c, row);
        if (ix->has_ids && c->type == ix->type[0])
            *mask |= UINT64_C (1) << (c->id - ix->base[i]);
    }
    int64_t above = ix->floor ? ix->floor (g, u) : above_of (m, u);
    row[ROW_OPEN] = 1;
    row[ROW_ABOVE] = above;
    row[ROW_ABOVE_INV] = UINT32_MAX - above;
}

static void count_ids (struct index *ix, uint32_t i, uint64_t mask)
{
    for (uint64_t gone = ix->mask[i] & ~mask; gone; gone &= gone - 1)
        ix->id_count[ix->base[i] + __builtin_ctzll (gone)]--;
    for (uint64_t come = mask & ~ix->mask[i]; come; come &= come - 1)
        ix->id_count[ix->base[i] + __builtin_ctzll (come)]++;
    ix->mask[i] = mask;
}

static void make_row (const struct matcher *m, struct index *ix, uint32_t i, uint32_t *row)
{
    uint64_t mask;
    memset (row, 0, ix->nrows * sizeof (*row));
    if (ix->kind == INDEX_TYPE) {
        type_row (m->g, ix, i, row);
        return;
    }
    slot_row (m, ix, i, row, &mask);
    if (ix->has_ids && mask != ix->mask[i])
        count_ids (ix, i, mask);
}

/* From its two parts; false when nothing changed. */
static bool join (const struct index *ix, uint32_t *tree, uint32_t node, bool least)
{
    bool changed = false;
    uint32_t *to = tree + (size_t)node * ix->nrows;
    const uint32_t *a = tree + (size_t)(2 * node) * ix->nrows, *b = a + ix->nrows;
    for (uint32_t r = 0; r < ix->nrows; r++) {
        uint32_t x = (a[r] < b[r]) == least ? a[r] : b[r];
        changed = changed || x != to[r];
        to[r] = x;
    }
    return changed;
}

static void count_rows (struct index *ix, const uint32_t *before, const uint32_t *row)
{
    if (ix->kind != INDEX_TYPE)
        return;
    ix->nidle += row[ROW_IDLE] - before[ROW_IDLE];
    ix->nfull += row[ROW_FULL] - before[ROW_FULL];
}

static void update (struct matcher *m, struct index *ix, uint32_t i)
{
    uint32_t row[INDEX_MAX_ROWS];
    size_t bytes = ix->nrows * sizeof (*row);
    size_t at = (size_t)(ix->size + i) * ix->nrows;
    make_row (m, ix, i, row);
    m->count.visits++;
    if (!memcmp (ix->max + at, row, bytes))
        return;
    count_rows (ix, ix->max + at, row);
    memcpy (ix->max + at, row, bytes);
    for (uint32_t node = (ix->size + i) / 2; node && join (ix, ix->max, node, false); node /= 2)
        ;
    if (!ix->min)
        return;
    memcpy (ix->min + at, row, bytes);
    for (uint32_t node = (ix->size + i) / 2; node && join (ix, ix->min, node, true); node /= 2)
        ;
}

void index_fill (struct matcher *m, struct index *ix)
{
    for (uint32_t i = 0; i < ix->n; i++) {
        uint32_t *row = ix->max + (size_t)(ix->size + i) * ix->nrows;
        uint32_t before[INDEX_MAX_ROWS];
        memcpy (before, row, ix->nrows * sizeof (*row));
        make_row (m, ix, i, row);
        count_rows (ix, before, row);
        if (ix->min)
            memcpy (ix->min + (row - ix->max), row, ix->nrows * sizeof (*row));
    }
    for (uint32_t node = ix->size; node-- > 1;) {
        join (ix, ix->max, node, false);
        if (ix->min)
            join (ix, ix->min, node, true);
    }
}

/* The i-th vertex depth first that is at or behind a position. */
static uint32_t find_position (const struct graph *g, const struct index *ix, uint32_t pos)
{
    const uint32_t *dfs = ix->dfs ? ix->dfs : ix->order;
    uint32_t lo = 0, hi = ix->n;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        if (g->v[dfs[mid]].pos < pos)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void update_below (struct matcher *m, struct index *ix, uint32_t v)
{
    const struct graph *g = m->g;
    const uint32_t *dfs = ix->dfs ? ix->dfs : ix->order;
    bool all = (g->v[v].flags & V_TOGGLED) || (ix->floor && g->v[v].type == m->node);
    uint32_t last = all ? g->v[v].last : g->v[v].pos;
    for (uint32_t i = find_position (g, ix, g->v[v].pos); i < ix->n && g->v[dfs[i]].pos <= last;
         i++)
        update (m, ix, ix->place ? ix->place[i] : i);
}

void index_refresh (struct matcher *m)
{
    struct graph *g = m->g;
    for (struct index *ix = m->index; ix; ix = ix->next) {
        if (ix->kind == INDEX_PLACES)
            continue;
        if (g->changed_lost)
            index_fill (m, ix);
        else
            for (uint32_t i = 0; i < g->nchanged; i++)
                update_below (m, ix, g->changed[i]);
    }
    graph_forget_changes (g);
}

/* ---- Searching ---- */
struct search {
    struct matcher *m;
    const struct index *ix;
    const struct index_need *need;
    const uint32_t *tree;
    bool lack; // look for the one that has not enough
};

static bool promising (const struct search *s, uint32_t node)
{
    s->m->count.visits++;
    return index_can (s->ix, s->tree, node, s->need) != s->lack;
}

/* Below node, which covers `width` places from `left`: the first one from `from` on. */
static uint32_t seek_up (const struct search *s, uint32_t node, uint32_t left, uint32_t width,
                         uint32_t from)
{
    if (left + width <= from || left >= s->ix->n || !promising (s, node))
        return GRAPH_NONE;
    if (width == 1)
        return left;
    uint32_t found = seek_up (s, 2 * node, left, width / 2, from);
    return found != GRAPH_NONE ? found
                               : seek_up (s, 2 * node + 1, left + width / 2, width / 2, from);
}

static uint32_t seek_down (const struct search *s, uint32_t node, uint32_t left, uint32_t width,
                           uint32_t from)
{
    if (left > from || left >= s->ix->n || !promising (s, node))
        return GRAPH_NONE;
    if (width == 1)
        return left;
    uint32_t found = seek_down (s, 2 * node + 1, left + width / 2, width / 2, from);
    return found != GRAPH_NONE ? found : seek_down (s, 2 * node, left, width / 2, from);
}

uint32_t index_next (struct matcher *m, const struct index *ix, const struct index_need *need,
                     uint32_t from)
{
    struct search s = {.m = m, .ix = ix, .need = need, .tree = ix->max};
    return seek_up (&s, 1, 0, ix->size, from);
}

uint32_t index_prev (struct matcher *m, const struct index *ix, const struct index_need *need,
                     uint32_t from)
{
    struct search s = {.m = m, .ix = ix, .need = need, .tree = ix->max};
    return seek_down (&s, 1, 0, ix->size, from);
}

uint32_t index_prev_lack (struct matcher *m, const struct index *ix, const struct index_need *need,
                          uint32_t from)
{
    struct search s = {.m = m, .ix = ix, .need = need, .tree = ix->min, .lack = true};
    return seek_down (&s, 1, 0, ix->size, from);
}
