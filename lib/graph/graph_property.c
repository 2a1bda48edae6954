/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Properties of vertices: a chain per vertex, ordered by key. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/util/array_room.h"

static uint32_t *find_link (struct graph *g, uint32_t v, const char *key, bool *found)
{
    uint32_t *link = &g->info[v].prop;
    *found = false;
    while (*link != GRAPH_NONE) {
        int c = strcmp (names_text (g->names, g->prop[*link].key), key);
        if (c >= 0) {
            *found = c == 0;
            break;
        }
        link = &g->prop[*link].next;
    }
    return link;
}

int graph_append_property (struct graph *g, uint32_t v, uint32_t key, uint32_t value)
{
    if (ARRAY_ROOM (g->prop, g->nprop, g->prop_room, 16) < 0)
        return -1;
    bool found;
    uint32_t *link = find_link (g, v, names_text (g->names, key), &found);
    if (found) {
        g->prop[*link].value = value;
        return 0;
    }
    g->prop[g->nprop] = (struct property){.key = key, .value = value, .next = *link};
    *link = g->nprop++;
    return 0;
}

int graph_set_property (struct graph *g, uint32_t v, const char *key, const char *value)
{
    if (!graph_alive (g, v) || !key || !*key) {
        errno = EINVAL;
        return -1;
    }
    uint32_t k = names_intern (g->names, key);
    uint32_t val = names_intern (g->names, value ? value : "");
    if (k == GRAPH_NONE || val == GRAPH_NONE)
        return -1;
    return graph_append_property (g, v, k, val);
}

int graph_unset_property (struct graph *g, uint32_t v, const char *key)
{
    bool found = false;
    uint32_t *link = graph_alive (g, v) ? find_link (g, v, key, &found) : NULL;
    if (!found) {
        errno = ENOENT;
        return -1;
    }
    *link = g->prop[*link].next;
    return 0;
}

const char *graph_property (const struct graph *g, uint32_t v, const char *key)
{
    uint32_t k = names_find (g->names, key);
    if (k != GRAPH_NONE)
        for (uint32_t p = g->info[v].prop; p != GRAPH_NONE; p = g->prop[p].next)
            if (g->prop[p].key == k)
                return names_text (g->names, g->prop[p].value);
    return NULL;
}

bool graph_property_next (const struct graph *g, uint32_t v, size_t *cursor, const char **key,
                          const char **value)
{
    uint32_t p = g->info[v].prop;
    for (size_t i = 0; i < *cursor && p != GRAPH_NONE; i++)
        p = g->prop[p].next;
    if (p == GRAPH_NONE)
        return false;
    (*cursor)++;
    *key = names_text (g->names, g->prop[p].key);
    *value = names_text (g->names, g->prop[p].value);
    return true;
}

void graph_set_divisible (struct graph *g, uint32_t v, bool divisible)
{
    g->v[v].flags = divisible ? g->v[v].flags | V_DIVISIBLE : g->v[v].flags & ~V_DIVISIBLE;
    g->generation++;
}

bool graph_divisible (const struct graph *g, uint32_t v)
{
    return g->v[v].flags & V_DIVISIBLE;
}
