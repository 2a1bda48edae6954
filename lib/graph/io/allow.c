/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/allow.h"
#include "lib/util/errprintf.h"

struct copy {
    const struct graph *from;
    struct graph *to;
    const char *allow;
    uint32_t *vertex; // of `to`, by those of `from`
    flux_error_t *errp;
};

static int copy_properties (struct copy *c, uint32_t v, uint32_t u)
{
    const char *key, *value;
    size_t cursor = 0;

    while (graph_property_next (c->from, v, &cursor, &key, &value))
        if (graph_set_property (c->to, u, key, value) < 0)
            return errprintf (c->errp, "property %.100s cannot be set", key);
    return 0;
}

static int copy_vertex (struct copy *c, uint32_t v)
{
    const struct graph *g = c->from;
    char name[GRAPH_MAX_NAME + 16];
    struct graph_vertex spec = {
        .type = graph_type (g, v),
        .basename = graph_basename (g, v),
        .name = name,
        .unit = graph_unit (g, v),
        .id = graph_id (g, v),
        .uniq_id = graph_uniq_id (g, v),
        .rank = graph_rank (g, v),
        .size = graph_size (g, v),
        .status = graph_status (g, v),
        .divisible = graph_divisible (g, v),
    };

    if (v != graph_root (g) && !allow_has (c->allow, spec.type))
        return 0;
    if (graph_name (g, v, name, sizeof (name)) < 0)
        return errprintf (c->errp, "the name of a %.100s is too long", spec.type);
    if (graph_add_vertex (c->to, &spec, &c->vertex[v], c->errp) < 0)
        return -1;
    return copy_properties (c, v, c->vertex[v]);
}

/* What was left out is passed through, upwards. */
static uint32_t kept_above (const struct copy *c, uint32_t v)
{
    while (v != GRAPH_NONE && c->vertex[v] == GRAPH_NONE)
        v = graph_parent (c->from, v);
    return v == GRAPH_NONE ? GRAPH_NONE : c->vertex[v];
}

static int copy_edges (struct copy *c, size_t subsystem)
{
    const char *name = graph_subsystem (c->from, subsystem);
    bool dominant = !strcmp (name, graph_dominant (c->from));

    for (size_t i = 0; i < graph_edge_count (c->from, subsystem); i++) {
        uint32_t src, dst;
        graph_edge (c->from, subsystem, i, &src, &dst);
        uint32_t up = dominant ? kept_above (c, src) : c->vertex[src];
        // several ways that were different may be one now
        if (up != GRAPH_NONE && c->vertex[dst] != GRAPH_NONE &&
            graph_add_edge (c->to, up, c->vertex[dst], name, c->errp) < 0 && errno != EEXIST)
            return -1;
    }
    return 0;
}

static int copy_all (struct copy *c)
{
    for (uint32_t v = 0; v < graph_limit (c->from); v++)
        if (graph_alive (c->from, v) && copy_vertex (c, v) < 0)
            return -1;
    for (size_t i = 0; i < graph_subsystem_count (c->from); i++)
        if (copy_edges (c, i) < 0)
            return -1;
    return 0;
}

int graph_copy_allowed (struct graph *to, const struct graph *from, const char *allow,
                        flux_error_t *errp)
{
    struct copy c = {.from = from, .to = to, .allow = allow, .errp = errp};
    int rc = -1;

    if (graph_set_dominant (to, graph_dominant (from), errp) < 0)
        return -1;
    if (!(c.vertex = malloc ((graph_limit (from) + 1) * sizeof (*c.vertex))))
        return errprintf (errp, "out of memory");
    memset (c.vertex, 0xff, (graph_limit (from) + 1) * sizeof (*c.vertex));
    if (graph_begin (to, errp) == 0) {
        if ((rc = copy_all (&c)) == 0)
            rc = graph_commit (to, errp);
        else
            graph_abort (to);
    }
    free (c.vertex);
    return rc;
}
