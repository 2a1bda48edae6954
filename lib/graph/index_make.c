/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Making indexes, and finding the one that is there already. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/index.h"

enum {
    MIN_VERTICES = 8,                       // fewer are looked at one by one
    MAX_SCORED_ID = (1 << FLOOR_SHIFT) - 1, // the rest of a score does not depend on the id
};

void index_destroy (struct index *ix)
{
    if (!ix)
        return;
    free (ix->order);
    free (ix->place);
    free (ix->dfs);
    free (ix->max);
    free (ix->min);
    free (ix->key);
    free (ix->run);
    free (ix->mask);
    free (ix->base);
    free (ix->id_count);
    free (ix);
}

void fast_clear (struct matcher *m)
{
    while (m->index) {
        struct index *next = m->index->next;
        index_destroy (m->index);
        m->index = next;
    }
}

/* Indexes do not outlive the shape of the graph. */
static void drop_old (struct matcher *m)
{
    if (m->index && m->index_generation != m->g->generation)
        fast_clear (m);
    m->index_generation = m->g->generation;
}

static int make_tree (struct index *ix, uint32_t nrows, bool with_min)
{
    ix->nrows = nrows;
    ix->size = 1;
    while (ix->size < ix->n)
        ix->size *= 2;
    ix->max = calloc ((size_t)2 * ix->size * nrows, sizeof (*ix->max));
    if (with_min)
        ix->min = calloc ((size_t)2 * ix->size * nrows, sizeof (*ix->min));
    return ix->max && (ix->min || !with_min) ? 0 : -1;
}

static void finish (struct matcher *m, struct index *ix)
{
    for (uint32_t i = 0; i < ix->n; i++) {
        graph_watch (m->g, ix->order[i]);
        uint32_t node = ix->floor ? policy_ancestor (m->g, ix->order[i], m->node) : GRAPH_NONE;
        if (node != GRAPH_NONE)
            graph_watch (m->g, node);
    }
    index_fill (m, ix);
    ix->next = m->index;
    m->index = ix;
}

/* ---- By type ---- */
static int add_types (const struct graph *g, struct index *ix, uint32_t v)
{
    const struct vertex *x = &g->v[v];
    for (uint32_t k = 0; x->agg != GRAPH_NONE && k < g->layout[x->layout].ntypes; k++) {
        uint32_t type = g->layout[x->layout].type[k], i = 0;
        while (i < ix->ntypes && ix->type[i] != type)
            i++;
        if (i == INDEX_MAX_TYPES)
            return -1;
        if (i == ix->ntypes)
            ix->type[ix->ntypes++] = type;
    }
    return 0;
}

static uint64_t shape (const struct graph *g, uint32_t v, uint64_t h)
{
    const struct vertex *x = &g->v[v];
    h = (h ^ x->type) * UINT64_C (0x100000001b3);
    h = (h ^ x->size) * UINT64_C (0x100000001b3);
    h = (h ^ x->nchild) * UINT64_C (0x100000001b3);
    for (uint32_t i = 0; i < x->nchild; i++)
        h = shape (g, g->child[x->child_off + i], h);
    return h;
}

static uint32_t depth_below (const struct graph *g, uint32_t v)
{
    uint32_t deepest = 0;
    for (uint32_t i = 0; i < g->v[v].nchild; i++) {
        uint32_t d = 1 + depth_below (g, g->child[g->v[v].child_off + i]);
        deepest = d > deepest ? d : deepest;
    }
    return deepest;
}

struct keyed {
    int64_t key;
    uint32_t vertex;
    uint32_t dfs;
};

static int by_key (const void *a, const void *b)
{
    const struct keyed *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->dfs > y->dfs) - (x->dfs < y->dfs);
}

static int set_order (struct matcher *m, struct index *ix, const uint32_t *list)
{
    const struct graph *g = m->g;
    struct keyed *keyed = malloc (ix->n * sizeof (*keyed));
    if (!keyed)
        return -1;
    ix->monotone = true;
    for (uint32_t i = 0; i < ix->n; i++) {
        int64_t above = 0;
        for (uint32_t p = g->v[list[i]].parent; ix->node_centric && p != GRAPH_NONE;
             p = g->v[p].parent)
            if (g->v[p].type == m->node)
                above += policy_node_factor (g, p);
        keyed[i] = (struct keyed){policy_score (m->policy, g, list[i], above), list[i], i};
        ix->monotone = ix->monotone && (i == 0 || keyed[i - 1].key <= keyed[i].key);
    }
    if (!ix->monotone)
        qsort (keyed, ix->n, sizeof (*keyed), by_key);
    ix->unique = true;
    for (uint32_t i = 0; i < ix->n; i++) {
        ix->order[i] = keyed[i].vertex;
        ix->key[i] = keyed[i].key;
        ix->dfs[i] = list[i];
        ix->place[keyed[i].dfs] = i;
        ix->run[i] = i > 0 && ix->key[i] - ix->key[i - 1] <= 1 ? ix->run[i - 1] : i;
        ix->unique = ix->unique && (i == 0 || ix->key[i] != ix->key[i - 1]);
    }
    free (keyed);
    return 0;
}

static bool type_nests (const struct graph *g, uint32_t type, const uint32_t *list, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (vertex_agg (g, &g->v[list[i]], type))
            return true;
    return false;
}

static bool are_leaves (const struct graph *g, uint32_t type)
{
    const uint32_t *list;
    uint32_t n = graph_type_list (g, type, &list);
    for (uint32_t i = 0; i < n; i++)
        if (g->v[list[i]].agg != GRAPH_NONE || g->v[list[i]].size != 1)
            return false;
    return n > 0;
}

static struct index *make_type (struct matcher *m, uint32_t type, bool node_centric)
{
    const struct graph *g = m->g;
    const uint32_t *list;
    uint32_t n = graph_type_list (g, type, &list);
    if (n < MIN_VERTICES || type_nests (g, type, list, n))
        return NULL;
    struct index *ix = calloc (1, sizeof (*ix));
    if (!ix)
        return NULL;
    *ix = (struct index){.kind = INDEX_TYPE,
                         .of = type,
                         .node_centric = node_centric,
                         .score = m->policy->ops->score,
                         .n = n,
                         .uniform = true};
    ix->order = malloc (n * sizeof (*ix->order));
    ix->dfs = malloc (n * sizeof (*ix->dfs));
    ix->place = malloc (n * sizeof (*ix->place));
    ix->run = malloc (n * sizeof (*ix->run));
    ix->key = malloc (n * sizeof (*ix->key));
    uint64_t first = shape (g, list[0], 0);
    for (uint32_t i = 0; i < n; i++) {
        if (add_types (g, ix, list[i]) < 0)
            goto fail;
        uint32_t d = depth_below (g, list[i]);
        ix->divisible = ix->divisible || (g->v[list[i]].flags & V_DIVISIBLE);
        ix->max_depth = d > ix->max_depth ? d : ix->max_depth;
        ix->uniform = ix->uniform && shape (g, list[i], 0) == first;
    }
    for (uint32_t k = 0; k < ix->ntypes; k++)
        ix->leaf[k] = are_leaves (g, ix->type[k]);
    if (!ix->order || !ix->dfs || !ix->place || !ix->run || !ix->key ||
        set_order (m, ix, list) < 0 || make_tree (ix, ROW_BELOW + ix->ntypes, true) < 0)
        goto fail;
    finish (m, ix);
    return ix;
fail:
    index_destroy (ix);
    return NULL;
}

/* node_centric changes the order only of what lies below nodes. */
static bool below_nodes (const struct matcher *m, uint32_t type)
{
    const uint32_t *list;
    uint32_t n = graph_type_list (m->g, m->node, &list);
    for (uint32_t i = 0; i < n; i++)
        if (vertex_agg (m->g, &m->g->v[list[i]], type))
            return true;
    return false;
}

struct index *index_for_type (struct matcher *m, uint32_t type)
{
    drop_old (m);
    if (type >= m->g->ntypes || !m->policy->ops->fixed_score)
        return NULL;
    bool node_centric = m->policy->node_centric && m->node != GRAPH_NONE && type != m->node &&
                        below_nodes (m, type);
    for (struct index *ix = m->index; ix; ix = ix->next)
        if (ix->kind == INDEX_TYPE && ix->of == type && ix->node_centric == node_centric &&
            ix->score == m->policy->ops->score)
            return ix;
    return make_type (m, type, node_centric);
}

/* ---- By slot ---- */
static bool has_children (const struct graph *g, uint32_t v, const uint32_t *types, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++) {
        uint32_t i = 0;
        if (!vertex_agg (g, &g->v[v], types[k]))
            return false;
        while (i < g->v[v].nchild && g->v[g->child[g->v[v].child_off + i]].type != types[k])
            i++;
        if (i == g->v[v].nchild)
            return false;
    }
    return true;
}

/* The top-most vertices right below which all the types are, depth first. */
static int find_places (const struct graph *g, struct index *ix, uint32_t v, uint32_t *room)
{
    if (g->v[v].agg == GRAPH_NONE)
        return 0;
    if (!has_children (g, v, ix->type, ix->ntypes)) {
        for (uint32_t i = 0; i < g->v[v].nchild; i++)
            if (find_places (g, ix, g->child[g->v[v].child_off + i], room) < 0)
                return -1;
        return 0;
    }
    uint32_t *list = match_room (ix->order, room, ix->n + 1, sizeof (*list));
    if (!list)
        return -1;
    ix->order = list;
    list[ix->n++] = v;
    return 0;
}

static bool ids_repeat (const struct graph *g, const struct vertex *v)
{
    for (uint32_t i = 0; i < v->nchild; i++) {
        const struct vertex *a = &g->v[g->child[v->child_off + i]];
        const struct vertex *b = i ? &g->v[g->child[v->child_off + i - 1]] : NULL;
        if (b && a->type == b->type && a->id <= b->id)
            return true; // or they are not in order, which nobody needs to tell apart
    }
    return false;
}

/* Ids of the slot's children: close enough for a mask? */
static int set_ids (const struct graph *g, struct index *ix)
{
    ix->has_ids = ix->ntypes == 1;
    ix->distinct = true;
    for (uint32_t i = 0; i < ix->n && ix->distinct; i++)
        ix->distinct = !ids_repeat (g, &g->v[ix->order[i]]);
    ix->mask = calloc (ix->n, sizeof (*ix->mask));
    ix->base = calloc (ix->n, sizeof (*ix->base));
    if (!ix->mask || !ix->base)
        return -1;
    for (uint32_t i = 0; i < ix->n; i++) {
        const struct vertex *v = &g->v[ix->order[i]];
        int32_t lo = INT32_MAX, hi = -1;
        for (uint32_t k = 0; k < v->nchild; k++) {
            const struct vertex *c = &g->v[g->child[v->child_off + k]];
            if (c->type != ix->type[0])
                continue;
            lo = c->id < lo ? c->id : lo;
            hi = c->id > hi ? c->id : hi;
        }
        ix->base[i] = lo;
        if (lo < 0 || hi - lo > 63 || hi > (1 << 24))
            ix->has_ids = false;
        else if ((uint32_t)hi + 1 > ix->nids)
            ix->nids = hi + 1;
    }
    if (ix->has_ids && !(ix->id_count = calloc (ix->nids + 1, sizeof (*ix->id_count))))
        return -1;
    return 0;
}

/* Ids are known and nothing is cut: then a slot's score follows from the ids. */
static bool children_are_plain (const struct graph *g, const struct index *ix)
{
    for (uint32_t i = 0; i < ix->n; i++) {
        const struct vertex *v = &g->v[ix->order[i]];
        for (uint32_t k = 0; k < v->nchild; k++) {
            const struct vertex *c = &g->v[g->child[v->child_off + k]];
            for (uint32_t t = 0; t < ix->ntypes; t++)
                if (c->type == ix->type[t] &&
                    (c->id < 0 || c->id >= MAX_SCORED_ID || (c->flags & V_DIVISIBLE)))
                    return false;
        }
    }
    return true;
}

static bool sizes_are_one (const struct graph *g, const struct index *ix)
{
    for (uint32_t i = 0; i < ix->n; i++) {
        const struct vertex *v = &g->v[ix->order[i]];
        for (uint32_t k = 0; k < v->nchild; k++) {
            const struct vertex *c = &g->v[g->child[v->child_off + k]];
            for (uint32_t t = 0; t < ix->ntypes; t++)
                if (c->type == ix->type[t] && c->size != 1)
                    return false;
        }
    }
    return true;
}

static bool lie_below (const struct graph *g, const struct index *ix, uint32_t type)
{
    for (uint32_t i = 0; i < ix->n; i++)
        if (policy_ancestor (g, g->v[ix->order[i]].parent, type) != GRAPH_NONE)
            return true;
    return false;
}

static bool factors_fit (const struct matcher *m)
{
    const uint32_t *list;
    uint32_t n = graph_type_list (m->g, m->node, &list);
    for (uint32_t i = 0; i < n; i++)
        if (policy_node_factor (m->g, list[i]) > INT32_MAX)
            return false;
    return true;
}

static struct index *find_slot_index (struct matcher *m, index_kind_t kind, const uint32_t *types,
                                      uint32_t n)
{
    for (struct index *ix = m->index; ix; ix = ix->next)
        if (ix->kind == kind && ix->ntypes == n && !memcmp (ix->type, types, n * sizeof (*types)) &&
            (kind == INDEX_PLACES || ix->floor == m->policy->ops->floor))
            return ix;
    return NULL;
}

static struct index *list_places (struct matcher *m, index_kind_t kind, const uint32_t *types,
                                  uint32_t n)
{
    uint32_t room = 0;
    struct index *ix = calloc (1, sizeof (*ix));
    if (!ix)
        return NULL;
    *ix = (struct index){.kind = kind, .ntypes = n, .floor = m->policy->ops->floor};
    memcpy (ix->type, types, n * sizeof (*types));
    if (find_places (m->g, ix, m->g->root, &room) == 0)
        return ix;
    index_destroy (ix);
    return NULL;
}

uint32_t index_count_places (struct matcher *m, const uint32_t *types, uint32_t n)
{
    drop_old (m);
    struct index *ix = find_slot_index (m, INDEX_PLACES, types, n);
    if (!ix) {
        if (!(ix = list_places (m, INDEX_PLACES, types, n)))
            return GRAPH_NONE;
        free (ix->order);
        ix->order = NULL;
        ix->next = m->index;
        m->index = ix;
    }
    return ix->n;
}

struct index *index_for_slot (struct matcher *m, const uint32_t *types, uint32_t n)
{
    drop_old (m);
    struct index *ix = find_slot_index (m, INDEX_SLOT, types, n);
    if (ix || index_count_places (m, types, n) < MIN_VERTICES ||
        !(ix = list_places (m, INDEX_SLOT, types, n)))
        return ix;
    if (!children_are_plain (m->g, ix) || !factors_fit (m) || set_ids (m->g, ix) < 0 ||
        make_tree (ix, ROW_SLOT + 3 * n, false) < 0) {
        index_destroy (ix);
        return NULL;
    }
    ix->plain = sizes_are_one (m->g, ix);
    ix->inner = m->node == GRAPH_NONE || lie_below (m->g, ix, m->node);
    finish (m, ix);
    return ix;
}
