/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which of all that fit a policy wants: each gets two numbers, and the least are the ones. */

#include <stdlib.h>

#include "testsuite/unit/graph/reference_priv.h"

struct candidate {
    uint32_t vertex;
    uint32_t pos;
    int64_t key;  // the least first
    int64_t key2; // of equal ones, the least first; then the first in the tree
};

struct list {
    struct candidate *c;
    size_t n;
};

static void add_all (const struct view *w, uint32_t v, const struct request_resource *r,
                     struct list *l)
{
    if (!view_avail (w, v))
        return;
    if (same_type (graph_type (w->g, v), r->type)) {
        if (view_fits (w, v, r, false))
            l->c[l->n++] = (struct candidate){.vertex = v, .pos = graph_position (w->g, v)};
        return;
    }
    for (uint32_t i = 0; i < graph_child_count (w->g, v); i++)
        add_all (w, graph_child (w->g, v, i), r, l);
}

/* Free units below v that can be got at. */
static int64_t left_below (const struct view *w, uint32_t v)
{
    int64_t n = 0;
    for (uint32_t i = 0; i < graph_child_count (w->g, v); i++) {
        uint32_t c = graph_child (w->g, v, i);
        bool open = graph_status (w->g, c) == GRAPH_UP && w->used[c] < graph_size (w->g, c);
        n += open ? graph_size (w->g, c) - w->used[c] + left_below (w, c) : 0;
    }
    return n;
}

static int64_t distance (const struct graph *g, uint32_t a, uint32_t b)
{
    int64_t n = 0;
    for (; a != b; n++)
        if (graph_depth (g, a) > graph_depth (g, b))
            a = graph_parent (g, a);
        else
            b = graph_parent (g, b);
    return n;
}

/* Where the run of consecutive ids begins that v's is in. */
static int64_t run_of (const struct view *w, const struct list *l, int64_t id)
{
    for (bool more = true; more;) {
        more = false;
        for (size_t i = 0; i < l->n; i++)
            if (graph_id (w->g, l->c[i].vertex) == id - 1) {
                id--;
                more = true;
                break;
            }
    }
    return id;
}

static bool starts (const char *policy, const char *name)
{
    return !strncmp (policy, name, strlen (name));
}

/* False: what this policy chooses is not judged here. */
static bool set_keys (struct view *w, const struct request_resource *r, struct list *l)
{
    const char *p = w->policy;
    bool below_node = strcmp (r->type, "node") && strcmp (r->type, "rack");
    bool high = !strcmp (p, "high") || (!below_node && starts (p, "hinode"));
    bool low = !strcmp (p, "low") || (!below_node && starts (p, "lonode"));
    uint32_t target = starts (p, "nearest target=/")
                          ? graph_find_path ((struct graph *)w->g, p + strlen ("nearest target="))
                          : GRAPH_NONE;
    for (size_t i = 0; i < l->n; i++) {
        struct candidate *c = &l->c[i];
        int64_t id = graph_id (w->g, c->vertex);
        const char *class = graph_property (w->g, c->vertex, "perf_class");
        if (high || low)
            c->key = high ? -id : id;
        else if (!strcmp (p, "locality"))
            c->key = -run_of (w, l, id);
        else if (!strcmp (p, "variation"))
            c->key = class ? strtol (class, NULL, 10) : 9999;
        else if (!strcmp (p, "bestfit") && !strcmp (r->type, "node")) {
            c->key = left_below (w, c->vertex);
            c->key2 = id;
        } else if (target != GRAPH_NONE) {
            c->key = distance (w->g, c->vertex, target);
            c->key2 = id;
        } else
            return false;
    }
    return true;
}

static int by_key (const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    if (x->key2 != y->key2)
        return x->key2 < y->key2 ? -1 : 1;
    return (x->pos > y->pos) - (x->pos < y->pos);
}

static bool is_chosen (const struct result *res, const struct request_resource *r, uint32_t v)
{
    for (size_t i = 0; i < res->count; i++)
        if (res->items[i].vertex == v && res->items[i].request == r->index)
            return true;
    return false;
}

const char *judge_choice (struct view *w, const struct request_resource *r,
                          const struct result *res)
{
    struct list l = {.c = calloc (graph_limit (w->g), sizeof (*l.c))};
    const char *wrong = NULL;
    add_all (w, graph_root (w->g), r, &l);
    if (set_keys (w, r, &l)) {
        qsort (l.c, l.n, sizeof (*l.c), by_key);
        uint32_t k = view_count (w, r);
        for (size_t i = 0; i < l.n && !wrong; i++)
            if (is_chosen (res, r, l.c[i].vertex) != (i < k))
                wrong = "not those that the policy wants";
    }
    free (l.c);
    return wrong;
}
