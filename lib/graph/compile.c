/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A request as the walk reads it: types as numbers of this graph, what each resource needs below
 * it added up, exclusive-or slots resolved one way. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"
#include "lib/util/errprintf.h"

struct compiler {
    struct matcher *m;
    uint64_t variant; // what is left of the number that says which xor slots to take
};

/* How many ways there are to resolve a list: siblings multiply, xor slots among them add up. */
static uint64_t ways (const struct request_resource *r)
{
    uint64_t n = 1, x = 0;
    for (; r; r = r->next) {
        uint64_t below = ways (r->with);
        if (r->kind == REQUEST_XOR_SLOT)
            x += below;
        else
            n *= below;
        if (n > REQUEST_MAX_XOR_VARIANTS || x > REQUEST_MAX_XOR_VARIANTS)
            return REQUEST_MAX_XOR_VARIANTS + 1;
    }
    n *= x ? x : 1;
    return n > REQUEST_MAX_XOR_VARIANTS ? REQUEST_MAX_XOR_VARIANTS + 1 : n;
}

static struct want *add_want (struct matcher *m, const struct request_resource *r)
{
    struct want *w = &m->want[m->nwant++]; // there is room for all of the request
    bool slot = r->kind != REQUEST_RESOURCE;
    *w = (struct want){.r = r,
                       .kind = slot ? REQUEST_SLOT : REQUEST_RESOURCE,
                       .type = slot ? WANT_SLOT : graph_type_find (m->g, r->type)};
    return w;
}

static const struct want *compile_list (struct compiler *c, const struct request_resource *r);

/* Variants count as Fluxion expands them: the last xor sibling's choice changes fastest. */
static const struct want *compile_xor (struct compiler *c, const struct request_resource *r,
                                       uint64_t choice)
{
    for (; r; r = r->next) {
        if (r->kind != REQUEST_XOR_SLOT)
            continue;
        uint64_t n = ways (r->with);
        if (choice < n) {
            struct want *w = add_want (c->m, r);
            c->variant = choice;
            w->with = compile_list (c, r->with);
            return w;
        }
        choice -= n;
    }
    return NULL;
}

static uint64_t xor_ways (const struct request_resource *r)
{
    uint64_t n = 0;
    for (; r; r = r->next)
        if (r->kind == REQUEST_XOR_SLOT)
            n += ways (r->with);
    return n;
}

static const struct want *compile_list (struct compiler *c, const struct request_resource *list)
{
    const struct want *first = NULL;
    const struct want **link = &first;
    uint64_t x = xor_ways (list);
    uint64_t choice = x ? c->variant % x : 0;
    uint64_t rest = x ? c->variant / x : c->variant;
    uint64_t size = 1;
    for (const struct request_resource *r = list; r; r = r->next)
        if (r->kind != REQUEST_XOR_SLOT)
            size *= ways (r->with);
    for (const struct request_resource *r = list; r; r = r->next) {
        if (r->kind == REQUEST_XOR_SLOT)
            continue;
        struct want *w = add_want (c->m, r);
        uint64_t n = ways (r->with);
        size /= n;
        c->variant = rest / size;
        rest %= size;
        w->with = compile_list (c, r->with);
        *link = w;
        link = &w->next;
    }
    if (x)
        *link = compile_xor (c, list, choice);
    return first;
}

static int add_need (struct matcher *m, uint32_t from, uint32_t type, uint64_t count, bool least)
{
    for (uint32_t i = from; i < m->nneed; i++)
        if (m->need[i].type == type) {
            if (!least)
                m->need[i].count += count;
            else if (count < m->need[i].count)
                m->need[i].count = count;
            return 0;
        }
    struct need *list = match_room (m->need, &m->need_room, m->nneed + 1, sizeof (*list));
    if (!list)
        return -1;
    m->need = list;
    m->need[m->nneed++] = (struct need){.type = type, .count = count};
    return 0;
}

/* Alternatives: of each type only what all of them need. */
static bool needed_by_all (const struct matcher *m, const struct want *list, uint32_t type)
{
    for (const struct want *w = list; w; w = w->next) {
        bool found = w->kind != REQUEST_SLOT;
        for (uint32_t i = w->need; i < w->need + w->nneed && !found; i++)
            found = m->need[i].type == type;
        if (!found)
            return false;
    }
    return true;
}

static int sum_list (struct matcher *m, const struct want *list, uint32_t from)
{
    uint32_t slots = 0;
    for (const struct want *w = list; w; w = w->next)
        slots += w->kind == REQUEST_SLOT;
    for (const struct want *w = list; w; w = w->next) {
        uint64_t min = w->r->count.min;
        bool either = slots > 1 && w->kind == REQUEST_SLOT && (m->flags & MATCHER_FLEXIBLE);
        if (w->kind == REQUEST_RESOURCE && add_need (m, from, w->type, min, false) < 0)
            return -1;
        for (uint32_t i = w->need; i < w->need + w->nneed; i++) {
            struct need n = m->need[i];
            if ((!either || needed_by_all (m, list, n.type)) &&
                add_need (m, from, n.type, min * n.count, either) < 0)
                return -1;
        }
    }
    return 0;
}

/* Needs of the children before those of the parents. */
static int set_needs (struct matcher *m, const struct want *list)
{
    for (const struct want *w = list; w; w = w->next) {
        struct want *mine = (struct want *)w;
        if (set_needs (m, w->with) < 0)
            return -1;
        mine->need = m->nneed;
        if (sum_list (m, w->with, mine->need) < 0)
            return -1;
        mine->nneed = m->nneed - mine->need;
    }
    return 0;
}

static void set_exclusive (struct matcher *m, uint32_t type)
{
    if (type < m->exclusive_words * 64)
        m->exclusive_type[type / 64] |= UINT64_C (1) << (type % 64);
}

static int set_exclusive_types (struct matcher *m)
{
    uint32_t words = (m->g->ntypes + 63) / 64 + 1;
    uint64_t *list = match_room (m->exclusive_type, &m->exclusive_room, words, sizeof (*list));
    if (!list)
        return -1;
    m->exclusive_type = list;
    m->exclusive_words = words;
    memset (list, 0, words * sizeof (*list));
    for (uint32_t i = 0; i < m->nwant; i++)
        if (m->want[i].r->exclusive == REQUEST_TRUE && m->want[i].type < m->g->ntypes)
            set_exclusive (m, m->want[i].type);
    if (m->policy->node_exclusive && m->node != GRAPH_NONE)
        set_exclusive (m, m->node);
    return 0;
}

/* Units are not converted; Fluxion does not look at them. A type has one unit on a graph. */
static int check_units (struct matcher *m, flux_error_t *errp)
{
    for (uint32_t i = 0; i < m->nwant && !(m->flags & MATCHER_EXACT_TIES); i++) {
        const struct request_resource *r = m->want[i].r;
        const uint32_t *list;
        if (!r->unit || !*r->unit || graph_type_list (m->g, m->want[i].type, &list) == 0)
            continue;
        const char *unit = names_text (m->g->names, m->g->info[list[0]].unit);
        if (*unit && strcmp (unit, r->unit) != 0) {
            errno = EINVAL;
            return errprintf (errp, "%.48s is asked for in %.32s, the graph has it in %.32s",
                              r->type, r->unit, unit);
        }
    }
    return 0;
}

int match_compile (struct matcher *m, const struct request *req, uint32_t variant,
                   const struct want **listp, flux_error_t *errp)
{
    if (!request_full_const (req)->list) {
        errno = EINVAL;
        return errprintf (errp, "the request has not been sealed");
    }
    uint64_t n = ways (req->resources);
    if (n > REQUEST_MAX_XOR_VARIANTS) {
        errno = EOVERFLOW;
        return errprintf (errp, "xor slots: more than %d ways", REQUEST_MAX_XOR_VARIANTS);
    }
    if (variant >= n)
        return 1;
    struct want *want = match_room (m->want, &m->want_room, request_count (req), sizeof (*want));
    if (!want)
        return errprintf (errp, "out of memory");
    m->want = want;
    m->nwant = m->nneed = 0;
    m->node = graph_type_find (m->g, "node");
    m->storage_node = graph_type_find (m->g, "storage_node");
    struct compiler c = {.m = m, .variant = variant};
    *listp = compile_list (&c, req->resources);
    if (check_units (m, errp) < 0)
        return -1;
    if (set_needs (m, *listp) < 0 || set_exclusive_types (m) < 0)
        return errprintf (errp, "out of memory");
    m->all = m->nneed;
    if (sum_list (m, *listp, m->all) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}
