/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Reading a result: in writer's order, and rank by rank. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "lib/graph/result.h"

void result_clear (struct result *res)
{
    int saved = errno;
    free (res->items);
    *res = (struct result){.items = NULL};
    errno = saved;
}

/* Close the vertices that are open deeper than `depth`: each is shown, then the edge to it. */
static int close_to (const struct graph *g, const struct result_visitor *visitor, void *arg,
                     const struct result_item **open, int *top, int depth)
{
    while (*top >= 0 && open[*top]->depth >= depth) {
        const struct result_item *item = open[(*top)--];
        int rc = visitor->vertex ? visitor->vertex (arg, g, item) : 0;
        if (rc == 0 && *top >= 0 && visitor->edge)
            rc = visitor->edge (arg, g, open[*top], item);
        if (rc != 0)
            return rc;
    }
    return 0;
}

int result_walk (const struct result *res, const struct graph *g,
                 const struct result_visitor *visitor, void *arg)
{
    const struct result_item *open[GRAPH_MAX_DEPTH];
    int top = -1;
    for (size_t i = 0; i < res->count; i++) {
        if (res->items[i].aux)
            continue;
        int rc = close_to (g, visitor, arg, open, &top, res->items[i].depth);
        if (rc != 0)
            return rc;
        open[++top] = &res->items[i];
    }
    return close_to (g, visitor, arg, open, &top, 0);
}

bool result_next_rank (const struct result *res, const struct graph *g, size_t *cursor,
                       struct result_rank *out)
{
    size_t i = *cursor;
    while (i < res->count && (graph_rank (g, res->items[i].vertex) < 0 || res->items[i].aux))
        i++;
    if (i >= res->count)
        return false;
    *out = (struct result_rank){
        .rank = graph_rank (g, res->items[i].vertex), .top = res->items[i].vertex, .first = i};
    while (i < res->count && !res->items[i].aux &&
           graph_rank (g, res->items[i].vertex) == out->rank)
        i++;
    out->count = i - out->first;
    *cursor = i;
    return true;
}

static bool counts (const struct result_item *item, const struct graph *g, uint32_t type)
{
    return item->exclusive && g->v[item->vertex].type == type;
}

uint32_t result_units (const struct result *res, const struct graph *g, size_t first, size_t count,
                       const char *type)
{
    uint32_t t = graph_type_find (g, type), n = 0;
    for (size_t i = first; i < first + count && i < res->count; i++)
        if (counts (&res->items[i], g, t))
            n += res->items[i].needs;
    return n;
}

bool result_next_id (const struct result *res, const struct graph *g, size_t first, size_t count,
                     const char *type, size_t *cursor, int64_t *id)
{
    uint32_t t = graph_type_find (g, type);
    for (size_t i = first + *cursor; i < first + count && i < res->count; i++)
        if (counts (&res->items[i], g, t)) {
            *cursor = i - first + 1;
            *id = g->v[res->items[i].vertex].id;
            return true;
        }
    *cursor = count;
    return false;
}
