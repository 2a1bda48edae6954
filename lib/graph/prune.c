/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Pruning filter specs. Which types a vertex counts depends on its type (the anchor): those given
 * for it, then those given for ALL. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"
#include "lib/util/errprintf.h"

/* Fluxion orders types by when it first heard of them; of these it knows from the start. */
static const char *const known[] = {"cluster", "core", "socket", "gpu",         "node",
                                    "rack",    "slot", "ssd",    "storage_node"};

struct pair {
    const char *anchor;
    size_t alen;
    const char *type;
    size_t tlen;
};

static bool next_pair (const char **p, struct pair *pair)
{
    *p += strspn (*p, ", ");
    size_t len = strcspn (*p, ",");
    const char *colon = memchr (*p, ':', len);
    if (len == 0 || !colon)
        return false;
    pair->anchor = *p;
    pair->alen = colon - *p;
    pair->type = colon + 1 + strspn (colon + 1, " ");
    pair->tlen = *p + len - pair->type;
    while (pair->alen && pair->anchor[pair->alen - 1] == ' ')
        pair->alen--;
    while (pair->tlen && pair->type[pair->tlen - 1] == ' ')
        pair->tlen--;
    *p += len;
    return true;
}

static bool is (const char *s, size_t len, const char *name)
{
    return strlen (name) == len && !strncmp (s, name, len);
}

int matcher_set_prune (struct matcher *m, const char *spec, flux_error_t *errp)
{
    struct pair pair;
    const char *p = spec;
    while (next_pair (&p, &pair))
        if (pair.alen == 0 || pair.tlen == 0 || pair.tlen > GRAPH_MAX_NAME)
            break;
    if (*p) {
        errno = EINVAL;
        return errprintf (errp, "pruning filter: '%.64s' is not ANCHOR:TYPE", p);
    }
    char *copy = strdup (spec);
    if (!copy)
        return errprintf (errp, "out of memory");
    free (m->prune_text);
    m->prune_text = copy;
    free (m->prune_bits);
    m->prune_bits = NULL;
    free (m->weight); // the order is made anew
    m->weight = NULL;
    return 0;
}

static size_t order_of (const struct matcher *m, const char *type)
{
    enum { NKNOWN = sizeof (known) / sizeof (known[0]) };
    for (size_t i = 0; i < NKNOWN; i++)
        if (!strcmp (known[i], type))
            return i;
    const char *at = strstr (m->prune_text, type);
    if (at)
        return NKNOWN + (at - m->prune_text);
    return NKNOWN + strlen (m->prune_text) + graph_type_find (m->g, type);
}

struct list {
    const struct matcher *m;
    const char **types;
    size_t n, room, from; // from: where the part begins that is being sorted
};

static void add (struct list *l, const char *type)
{
    for (size_t i = 0; i < l->n && i < l->room; i++)
        if (!strcmp (l->types[i], type))
            return;
    if (l->n >= l->room) {
        l->n++;
        return;
    }
    size_t i = l->n++;
    for (; i > l->from && order_of (l->m, l->types[i - 1]) > order_of (l->m, type); i--)
        l->types[i] = l->types[i - 1];
    l->types[i] = type;
}

/* Names must outlive the call: they are the graph's, or those known. */
static const char *lasting (const struct matcher *m, const char *s, size_t len)
{
    for (size_t i = 0; i < sizeof (known) / sizeof (known[0]); i++)
        if (is (s, len, known[i]))
            return known[i];
    return names_text (m->g->names, names_intern_len (m->g->names, s, len));
}

static bool given_for_all (const struct matcher *m, const struct pair *pair)
{
    struct pair all;
    const char *p = m->prune_text;
    while (next_pair (&p, &all))
        if (is (all.anchor, all.alen, "ALL") && all.tlen == pair->tlen &&
            !strncmp (all.type, pair->type, all.tlen))
            return true;
    return false;
}

bool prune_has (const struct matcher *m, const char *type)
{
    struct pair pair;
    const char *p = m->prune_text;
    while (next_pair (&p, &pair))
        if (is (pair.type, pair.tlen, type))
            return true;
    return false;
}

/* Leaves of other types are counted at the cluster. */
static void add_leaves (struct list *l)
{
    const struct graph *g = l->m->g;
    for (uint32_t i = 0; i < g->ntypes; i++) {
        const char *type = names_text (g->names, g->type_name[i]);
        const uint32_t *v;
        if (!prune_has (l->m, type) && graph_type_list (g, i, &v) > 0 &&
            g->v[v[0]].agg == GRAPH_NONE)
            add (l, type);
    }
}

size_t matcher_prune_types (const struct matcher *m, const char *anchor, const char **types,
                            size_t n)
{
    struct list l = {.m = m, .types = types, .room = n};
    struct pair pair;
    const char *p = m->prune_text, *name;
    while (next_pair (&p, &pair))
        if (is (pair.anchor, pair.alen, anchor) && !given_for_all (m, &pair) &&
            (name = lasting (m, pair.type, pair.tlen)))
            add (&l, name);
    if (!strcmp (anchor, "cluster"))
        add_leaves (&l);
    l.from = l.n < l.room ? l.n : l.room;
    p = m->prune_text;
    while (next_pair (&p, &pair))
        if (is (pair.anchor, pair.alen, "ALL") && !is (pair.type, pair.tlen, anchor) &&
            (name = lasting (m, pair.type, pair.tlen)))
            add (&l, name);
    return l.n;
}

int prune_ready (struct matcher *m)
{
    const struct graph *g = m->g;
    if (m->prune_bits && m->prune_generation == g->generation)
        return 0;
    uint32_t words = g->ntypes / 64 + 1;
    uint64_t *bits = calloc ((size_t)g->ntypes * words + 1, sizeof (*bits));
    if (!bits)
        return -1;
    for (uint32_t i = 0; i < g->ntypes; i++) {
        const char *types[PRUNE_MAX];
        size_t n =
            matcher_prune_types (m, names_text (g->names, g->type_name[i]), types, PRUNE_MAX);
        for (size_t k = 0; k < n && k < PRUNE_MAX; k++) {
            uint32_t t = graph_type_find (g, types[k]);
            if (t != GRAPH_NONE)
                bits[i * words + t / 64] |= UINT64_C (1) << (t % 64);
        }
    }
    free (m->prune_bits);
    m->prune_bits = bits;
    m->prune_words = words;
    m->prune_generation = g->generation;
    return 0;
}
