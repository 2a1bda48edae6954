/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The sub-graph that a job holds, for an instance that runs as this job: the tree as the writer of
 * JGF has it, and what was charged or lies on the way in other subsystems (power, network). */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/write.h"
#include "shell/service/sched/grant.h"

/* Which vertices are in the result, by binary search. */
struct members {
    uint32_t *v;
    size_t n;
};

static int compare (const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* aux: also those that are only charged. */
static int members_init (struct members *m, const struct result *res, bool aux)
{
    m->n = 0;
    if (!m->v && !(m->v = calloc (res->count + 1, sizeof (*m->v))))
        return -1;
    for (size_t i = 0; i < res->count; i++) {
        if (aux || !res->items[i].aux)
            m->v[m->n++] = res->items[i].vertex;
    }
    qsort (m->v, m->n, sizeof (*m->v), compare);
    return 0;
}

static bool is_member (const struct members *m, uint32_t v)
{
    return bsearch (&v, m->v, m->n, sizeof (v), compare) != NULL;
}

static int put_charges (struct writer *w, const struct graph *g, const struct result *res,
                        const struct members *tree)
{
    for (size_t i = 0; i < res->count; i++) {
        const struct result_item *item = &res->items[i];
        struct write_vertex v = {.vertex = item->vertex, .needs = item->needs, .exclusive = true};
        if (item->aux && !is_member (tree, item->vertex) && writer_vertex (w, g, &v) < 0)
            return -1;
    }
    return 0;
}

static int put_edge (const struct graph *g, uint32_t src, uint32_t dst, const char *subsystem,
                     json_t *edges)
{
    char a[24], b[24];

    snprintf (a, sizeof (a), "%lld", (long long)graph_uniq_id (g, src));
    snprintf (b, sizeof (b), "%lld", (long long)graph_uniq_id (g, dst));
    return json_array_append_new (edges, json_pack ("{s:s s:s s:{s:s}}", "source", a, "target", b,
                                                    "metadata", "subsystem", subsystem));
}

/* O(edges outside the tree): they are few, and only graphs that have some are looked through. */
static int put_other_edges (const struct graph *g, const struct members *m, json_t *edges)
{
    for (size_t s = 0; s < graph_subsystem_count (g); s++) {
        const char *subsystem = graph_subsystem (g, s);
        size_t n = strcmp (subsystem, graph_dominant (g)) == 0 ? 0 : graph_edge_count (g, s);
        for (size_t i = 0; i < n; i++) {
            uint32_t src, dst;
            graph_edge (g, s, i, &src, &dst);
            if (is_member (m, src) && is_member (m, dst) &&
                put_edge (g, src, dst, subsystem, edges) < 0)
                return -1;
        }
    }
    return 0;
}

static json_t *write_tree (const struct graph *g, const struct result *res, const struct members *m)
{
    struct writer *w = writer_create (WRITE_JGF);
    json_t *o = NULL;

    if (w && write_result (w, g, res, NULL) == 0 && put_charges (w, g, res, m) == 0)
        o = writer_finish_json (w);
    writer_destroy (w);
    return o;
}

json_t *grant_graph (const struct graph *g, const struct result *res)
{
    struct members m = {0};
    json_t *o = members_init (&m, res, false) == 0 ? write_tree (g, res, &m) : NULL;
    json_t *edges = json_object_get (json_object_get (o, "graph"), "edges");

    if (graph_subsystem_count (g) > 1 &&
        (!edges || members_init (&m, res, true) < 0 || put_other_edges (g, &m, edges) < 0)) {
        json_decref (o);
        o = NULL;
    }
    free (m.v);
    if (!o)
        errno = ENOMEM;
    return o;
}
