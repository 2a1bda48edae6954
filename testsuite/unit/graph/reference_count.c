/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How much of a request there is, by looking at everything. */

#include <stdlib.h>

#include "testsuite/unit/graph/reference_priv.h"

uint32_t view_avail (const struct view *w, uint32_t v)
{
    uint32_t size = graph_size (w->g, v);
    if (w->ref->allowed && is_node (w->g, v) && !w->ref->allowed[v])
        return 0;
    if (w->empty)
        return size;
    if (graph_status (w->g, v) != GRAPH_UP || w->used[v] >= size)
        return 0;
    if (w->whole && is_node (w->g, v) && w->jobs[v])
        return 0;
    return size - w->used[v];
}

bool view_reached (const struct view *w, uint32_t v)
{
    for (v = graph_parent (w->g, v); v != GRAPH_NONE; v = graph_parent (w->g, v))
        if (!view_avail (w, v))
            return false;
    return true;
}

const struct request_resource *view_first (const struct view *w, const struct request_resource *r)
{
    const struct request_resource *head = !r          ? NULL
                                          : r->parent ? r->parent->with
                                                      : w->req->resources;
    for (; r; r = r->next) {
        uint32_t n = 0;
        if (r->kind != REQUEST_XOR_SLOT)
            return r;
        for (const struct request_resource *s = head; s != r; s = s->next)
            n += s->kind == REQUEST_XOR_SLOT;
        if (n == w->variant)
            return r;
    }
    return NULL;
}

bool view_either (const struct view *w, const struct request_resource *r)
{
    const struct request_resource *next = r ? view_next (w, r) : NULL;
    return w->ref->flexible && next && r->kind != REQUEST_RESOURCE &&
           next->kind != REQUEST_RESOURCE;
}

static uint32_t as_count (uint64_t n)
{
    return n < UINT32_MAX ? n : UINT32_MAX;
}

/* The i-th child of u, those that the tree lacks at the end; GRAPH_NONE past the last. */
static uint32_t child_of (const struct view *w, uint32_t u, uint32_t i)
{
    uint32_t n = graph_child_count (w->g, u);
    return i < n ? graph_child (w->g, u, i) : graph_extra_child (w->g, u, i - n);
}

static bool has_type_below (const struct graph *g, uint32_t v, const char *type)
{
    for (uint32_t i = 0; i < graph_child_count (g, v); i++) {
        uint32_t c = graph_child (g, v, i);
        if (same_type (graph_type (g, c), type) || has_type_below (g, c, type))
            return true;
    }
    return false;
}

/* Levels may be passed through here to what a slot holds. */
static bool may_reach (const struct view *w, uint32_t u)
{
    const uint32_t *v;
    return w->ref->through && (is_node (w->g, u) || graph_find_type (w->g, "node", &v) == 0 ||
                               !has_type_below (w->g, u, "node"));
}

static bool slot_fits (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    for (const struct request_resource *c = slot->with; c; c = c->next) {
        uint32_t i = 0, v;
        while ((v = child_of (w, u, i)) != GRAPH_NONE && !same_type (graph_type (w->g, v), c->type))
            i++;
        if (v == GRAPH_NONE && !(may_reach (w, u) && has_type_below (w->g, u, c->type)))
            return false;
    }
    return true;
}

/* Any of the alternatives. */
static bool any_fits (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    if (!view_either (w, slot))
        return slot_fits (w, u, slot);
    for (; slot; slot = view_next (w, slot))
        if (slot_fits (w, u, slot))
            return true;
    return false;
}

uint32_t view_fits (const struct view *w, uint32_t v, const struct request_resource *r, bool alone)
{
    if (!same_type (graph_type (w->g, v), r->type) || !view_avail (w, v))
        return 0;
    if (alone && r->exclusive == REQUEST_FALSE)
        return 0;
    alone = alone || r->exclusive == REQUEST_TRUE;
    if (alone && !w->empty && w->jobs[v] && graph_size (w->g, v) == 1)
        return 0; // pools are shared, nothing else is
    for (const struct request_resource *c = view_first (w, r->with); c; c = view_next (w, c)) {
        if (request_count_fit (&c->count, as_count (view_below (w, v, c, alone))) == 0)
            return 0;
    }
    return view_avail (w, v);
}

/* What goes into slots at u, and how much of it. */
static uint64_t content_at (const struct view *w, uint32_t u, const struct request_resource *c)
{
    uint64_t units = 0;
    uint32_t v;
    for (uint32_t i = 0; (v = child_of (w, u, i)) != GRAPH_NONE; i++) {
        units += view_fits (w, v, c, true);
        if (w->ref->through && !same_type (graph_type (w->g, v), c->type) && view_avail (w, v))
            units += content_at (w, v, c);
    }
    return units;
}

/* Each slot takes what one could take of all there is. */
static uint64_t count_plain (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    uint64_t least = UINT64_MAX;
    for (const struct request_resource *c = slot->with; c; c = c->next) {
        uint64_t units = content_at (w, u, c);
        uint32_t each = request_count_fit (&c->count, as_count (units));
        uint64_t n = each ? units / each : 0;
        least = n < least ? n : least;
    }
    return least;
}

/* The most slots of two kinds: as many as there may be of the one, and of the other what is left.
 */
static uint64_t count_either (const struct view *w, uint32_t u, const struct request_resource *a)
{
    const struct request_resource *b = view_next (w, a);
    uint64_t na = slot_fits (w, u, a) ? count_plain (w, u, a) : 0, most = 0;
    for (uint64_t i = 0; i <= na; i++) {
        uint64_t nb = UINT64_MAX;
        for (const struct request_resource *c = b->with; c; c = c->next) {
            uint64_t units = content_at (w, u, c);
            for (const struct request_resource *d = a->with; d; d = d->next)
                units -= same_type (d->type, c->type) ? i * d->count.min : 0;
            nb = units / c->count.min < nb ? units / c->count.min : nb;
        }
        most = i + nb > most ? i + nb : most;
    }
    return most;
}

static uint64_t count_slots (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    const struct request_resource *first =
        view_first (w, slot->parent ? slot->parent->with : w->req->resources);
    return view_either (w, first) ? count_either (w, u, first) : count_plain (w, u, slot);
}

/* Of a slot's alternatives any one makes a place of u. */
static bool is_place (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    const struct request_resource *first =
        view_first (w, slot->parent ? slot->parent->with : w->req->resources);
    return any_fits (w, u, view_either (w, first) ? first : slot);
}

/* Right below v; slots may lie one level further down, or where levels are passed through, anywhere
 * below. */
uint64_t view_below (const struct view *w, uint32_t v, const struct request_resource *c, bool alone)
{
    uint64_t n = 0;
    uint32_t u;
    if (c->kind != REQUEST_RESOURCE && is_place (w, v, c))
        return count_slots (w, v, c);
    for (uint32_t i = 0; (u = child_of (w, v, i)) != GRAPH_NONE; i++) {
        if (c->kind == REQUEST_RESOURCE && same_type (graph_type (w->g, u), c->type))
            n += view_fits (w, u, c, alone);
        else if (!view_avail (w, u))
            ;
        else if (c->kind != REQUEST_RESOURCE && is_place (w, u, c))
            n += count_slots (w, u, c);
        else if (w->ref->through)
            n += view_below (w, u, c, alone);
    }
    return n;
}

/* How much of r is anywhere at or below v. */
static uint64_t count_all (const struct view *w, uint32_t v, const struct request_resource *r)
{
    uint64_t n = 0;
    uint32_t u;
    if (w->seen[v] || !view_avail (w, v))
        return 0;
    w->seen[v] = true;
    if (same_type (graph_type (w->g, v), r->type))
        return view_fits (w, v, r, false);
    if (r->kind != REQUEST_RESOURCE && is_place (w, v, r))
        return count_slots (w, v, r);
    for (uint32_t i = 0; (u = child_of (w, v, i)) != GRAPH_NONE; i++)
        n += count_all (w, u, r);
    return n;
}

/* How many of the nodes below p in the power subsystem can be fed, each with so much. */
static uint64_t count_fed (const struct view *w, uint32_t p, const struct request_resource *r,
                           bool alone, int sub, bool *fed)
{
    uint32_t used = w->empty ? 0 : w->used[p], size = graph_size (w->g, p);
    uint64_t n = 0, units = size > used ? size - used : 0; // who runs on may run into others
    bool up = w->empty || graph_status (w->g, p) == GRAPH_UP;
    for (size_t i = 0; i < graph_edge_count (w->g, sub); i++) {
        uint32_t from, to;
        graph_edge (w->g, sub, i, &from, &to);
        if (from != p)
            continue;
        fed[to] = true;
        if (!is_node (w->g, to))
            n += count_fed (w, to, r, alone, sub, fed);
        else
            n += view_reached (w, to) && view_fits (w, to, r, alone);
    }
    return !up ? 0 : n < units / w->draw ? n : units / w->draw;
}

/* `node` at the top with the policy "power draw=N": a panel that feeds PDUs that feed nodes. */
static uint64_t count_powered (const struct view *w, const struct request_resource *r, bool alone)
{
    uint64_t n = 0;
    bool *fed = calloc (graph_limit (w->g), sizeof (*fed));
    int sub = graph_subsystem_count (w->g) > 1 ? 1 : -1;
    const uint32_t *node;
    for (uint32_t v = 0; sub >= 0 && v < graph_limit (w->g); v++)
        if (graph_alive (w->g, v) && same_type (graph_type (w->g, v), "panel"))
            n += count_fed (w, v, r, alone, sub, fed);
    for (size_t i = 0, k = graph_find_type (w->g, "node", &node); i < k; i++)
        n += !fed[node[i]] && view_reached (w, node[i]) && view_fits (w, node[i], r, alone);
    free (fed);
    return n;
}

uint32_t view_count (struct view *w, const struct request_resource *r)
{
    memset (w->seen, 0, graph_limit (w->g) * sizeof (*w->seen));
    uint64_t n = count_all (w, graph_root (w->g), r);
    bool slot = r->kind != REQUEST_RESOURCE && r->with->count.min == 1;
    if (w->draw && same_type (slot ? r->with->type : r->type, "node"))
        n = count_powered (w, slot ? r->with : r, slot);
    return request_count_fit (&r->count, as_count (n));
}
