/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * R with a graph inside. The vertices are those of the site's graph, but pools of cores are written
 * as the cores that the job has. */

#include "select_graph/site_write.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/buf.h"
#include "select_graph/site_priv.h"

enum { BYTES_PER_VERTEX = 150 };

struct out {
    struct site *site;
    json_t *nodes, *edges, *lite;
    uint32_t *id;    // by vertex: its number in the output + 1; 0: not written yet
    uint32_t *share; // by vertex: what the job has of it; 0: nothing of its own
    uint32_t next;
    size_t most; // vertices
    int64_t rank;
};

/* ---- The graph ---- */

static json_t *vertex_json (const struct out *o, const char *type, const char *name, int64_t id,
                            uint32_t size, const char *unit, const char *path, int64_t rank)
{
    return json_pack ("{s:s s:s s:s s:I s:I s:I s:s s:I s:{s:s}}", "type", type, "basename", type,
                      "name", name, "id", (json_int_t)id, "uniq_id", (json_int_t)o->next, "rank",
                      (json_int_t)rank, "unit", unit, "size", (json_int_t)size, "paths",
                      "containment", path);
}

static int push_edge (struct out *o, uint32_t from, uint32_t to, const char *subsystem)
{
    json_t *edge =
        json_pack ("{s:o s:o s:{s:s}}", "source", json_sprintf ("%u", from - 1), "target",
                   json_sprintf ("%u", to - 1), "metadata", "subsystem", subsystem);
    return json_array_append_new (o->edges, edge);
}

/* `parent`: its number + 1; 0: none */
static int push (struct out *o, json_t *metadata, uint32_t parent)
{
    if (o->next >= o->most) {
        json_decref (metadata);
        return -1;
    }
    if (json_array_append_new (o->nodes, json_pack ("{s:o s:o}", "id", json_sprintf ("%u", o->next),
                                                    "metadata", metadata)) < 0)
        return -1;
    o->next++;
    return parent > 0 ? push_edge (o, parent, o->next, "containment") : 0;
}

static void add_properties (const struct graph *g, uint32_t v, json_t *metadata)
{
    const char *key, *value;
    json_t *properties = json_object ();
    size_t cursor = 0;

    while (graph_property_next (g, v, &cursor, &key, &value))
        json_object_set_new (properties, key, json_string (value));
    if (json_object_size (properties) > 0)
        json_object_set (metadata, "properties", properties);
    json_decref (properties);
}

/* The rank of what is written already */
static int64_t rank_of (const struct out *o, uint32_t v)
{
    const json_t *vertex = v == GRAPH_NONE ? NULL : json_array_get (o->nodes, o->id[v] - 1);
    const json_t *metadata = json_object_get (vertex, "metadata");

    return metadata ? json_integer_value (json_object_get (metadata, "rank")) : -1;
}

/* A vertex of the graph and all above it, once each. `units`: what the job has of it; 0: its share,
 * or all of it where that is no matter of shares */
static int push_vertex (struct out *o, uint32_t v, uint32_t units)
{
    const struct graph *g = o->site->graph;
    char name[GRAPH_MAX_NAME + 1], path[GRAPH_MAX_PATH];
    uint32_t parent = graph_parent (g, v);
    bool node = strcmp (graph_type (g, v), "node") == 0;
    json_t *metadata;

    if (o->id[v])
        return 0;
    if (parent != GRAPH_NONE && push_vertex (o, parent, 0) < 0)
        return -1;
    if (graph_name (g, v, name, sizeof (name)) < 0 ||
        graph_path (g, v, NULL, path, sizeof (path)) < 0)
        return -1;
    if (units == 0)
        units = o->share[v] ? o->share[v] : graph_size (g, v);
    if (!(metadata = vertex_json (o, graph_type (g, v), name, graph_id (g, v), units,
                                  graph_unit (g, v), path, node ? o->rank : rank_of (o, parent))))
        return -1;
    add_properties (g, v, metadata);
    if (push (o, metadata, parent == GRAPH_NONE ? 0 : o->id[parent]) < 0)
        return -1;
    o->id[v] = o->next;
    return 0;
}

/* Cores first .. until - 1 of a pool of them */
static int push_pool (struct out *o, const struct site_part *p, uint32_t first, uint32_t until)
{
    const struct graph *g = o->site->graph;
    uint32_t above = graph_parent (g, p->vertex);
    char name[32], path[GRAPH_MAX_PATH + 32];

    if (push_vertex (o, above, 0) < 0)
        return -1;
    for (uint32_t c = first; c < until; c++) {
        int n = graph_path (g, above, NULL, path, GRAPH_MAX_PATH);

        snprintf (name, sizeof (name), "core%u", c);
        if (n < 0)
            return -1;
        snprintf (path + n, sizeof (path) - n, "/%s", name);
        if (push (o, vertex_json (o, "core", name, c, 1, "", path, o->rank), o->id[above]) < 0)
            return -1;
    }
    return 0;
}

static int push_hold (struct out *o, const struct site_hold *h)
{
    const struct site_node *node = &o->site->nodes[h->node];
    uint32_t left = h->count, end = h->first + h->count;

    for (uint32_t i = 0; i < node->nparts; i++) {
        const struct site_part *p = &node->parts[i];
        uint32_t first = h->first > p->base ? h->first : p->base;
        uint32_t until = end < p->base + p->count ? end : p->base + p->count;
        int rc = 0;

        if (p->kind != h->kind || p->gres != h->gres)
            continue;
        if (h->kind == SITE_MEMORY || h->counted) {
            uint32_t scale = p->scale ? p->scale : 1, units = left / scale + (left % scale != 0);

            units = units < p->count ? units : p->count;
            rc = units ? push_vertex (o, p->vertex, units) : 0;
            left -= units * scale < left ? units * scale : left;
        } else if (first < until && p->kind == SITE_CORE && p->count > 1)
            rc = push_pool (o, p, first, until);
        else if (first < until)
            rc = push_vertex (o, p->vertex, until - first);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int push_holds (struct out *o, const struct site_alloc *a)
{
    uint32_t current = GRAPH_NONE;

    o->rank = -1;
    for (size_t i = 0; i < a->nholds; i++) {
        if (site_vertex (o->site, a->holds[i].node) == GRAPH_NONE)
            continue;
        if (a->holds[i].node != current) {
            current = a->holds[i].node;
            o->rank++;
            if (push_vertex (o, o->site->nodes[current].vertex, 1) < 0)
                return -1;
        }
        if (push_hold (o, &a->holds[i]) < 0)
            return -1;
    }
    return 0;
}

/* ---- Beside the tree: what feeds it ---- */

/* What the job has asked for, and what its nodes draw from what constrains them */
static void read_shares (struct out *o, const struct site_alloc *a)
{
    uint32_t current = GRAPH_NONE;

    for (size_t i = 0; i < a->nholds; i++) {
        if (a->holds[i].node != current && site_vertex (o->site, a->holds[i].node) != GRAPH_NONE)
            site_add_draws (o->site, a->holds[i].node, o->share);
        current = a->holds[i].node;
    }
    for (size_t i = 0; i < a->nextra; i++)
        if (o->share[a->extra[i].vertex] < a->extra[i].amount)
            o->share[a->extra[i].vertex] = a->extra[i].amount;
}

/* The edges of a subsystem, those next to what is written already: above that is what the job draws
 * from, or what is only on the way. True when there was one more. */
static bool push_feeders (struct out *o, size_t subsystem, int *rc)
{
    const struct graph *g = o->site->graph;
    bool more = false;

    for (size_t i = 0; *rc == 0 && i < graph_edge_count (g, subsystem); i++) {
        uint32_t up, down;

        graph_edge (g, subsystem, i, &up, &down);
        if (!o->id[down] || o->id[up] || !(o->share[up] || !site_is_limit (o->site, up)))
            continue;
        *rc = push_vertex (o, up, 0);
        more = true;
    }
    return more;
}

static int push_subsystem (struct out *o, size_t subsystem)
{
    const struct graph *g = o->site->graph;
    int rc = 0;

    for (int depth = 0; depth < GRAPH_MAX_DEPTH && push_feeders (o, subsystem, &rc); depth++)
        ;
    for (size_t i = 0; rc == 0 && i < graph_edge_count (g, subsystem); i++) {
        uint32_t up, down;

        graph_edge (g, subsystem, i, &up, &down);
        if (o->id[up] && o->id[down])
            rc = push_edge (o, o->id[up], o->id[down], graph_subsystem (g, subsystem));
    }
    return rc;
}

static json_t *make_graph (struct out *o, const struct site_alloc *a)
{
    const struct graph *g = o->site->graph;
    int rc;

    o->nodes = json_array ();
    o->edges = json_array ();
    read_shares (o, a);
    rc = push_holds (o, a);
    for (size_t i = 0; rc == 0 && i < a->nextra; i++)
        rc = push_vertex (o, a->extra[i].vertex, a->extra[i].amount);
    for (size_t i = 0; rc == 0 && i < graph_subsystem_count (g); i++)
        if (strcmp (graph_subsystem (g, i), graph_dominant (g)) != 0)
            rc = push_subsystem (o, i);
    if (rc == 0)
        return json_pack ("{s:{s:o s:o}}", "graph", "nodes", o->nodes, "edges", o->edges);
    json_decref (o->nodes);
    json_decref (o->edges);
    return NULL;
}

/* ---- R_lite ---- */

static int add_ids (struct buf *b, uint32_t first, uint32_t count)
{
    const char *comma = b->len ? "," : "";
    return count > 1 ? buf_printf (b, "%s%u-%u", comma, first, first + count - 1)
                     : buf_printf (b, "%s%u", comma, first);
}

/* One node's cores and GPUs; *i is set to the first hold of the next. */
static json_t *lite_children (const struct site *site, const struct site_alloc *a, size_t *i)
{
    struct buf cores = {.data = NULL}, gpus = {.data = NULL};
    uint32_t node = a->holds[*i].node;
    json_t *o = json_object ();

    for (; *i < a->nholds && a->holds[*i].node == node; ++*i) {
        const struct site_hold *h = &a->holds[*i];

        if (h->kind == SITE_CORE)
            add_ids (&cores, h->first, h->count);
        else if (h->kind == SITE_GRES && !h->counted && strcmp (site->gres[h->gres], "gpu") == 0)
            add_ids (&gpus, h->first, h->count);
    }
    if (cores.len)
        json_object_set_new (o, "core", json_string (cores.data));
    if (gpus.len)
        json_object_set_new (o, "gpu", json_string (gpus.data));
    buf_clear (&cores);
    buf_clear (&gpus);
    return o;
}

/* Neighbours that have the same are one entry. */
static json_t *make_lite (const struct site *site, const struct site_alloc *a)
{
    json_t *lite = json_array (), *last = NULL;
    uint32_t rank = 0, first = 0;

    for (size_t i = 0; i < a->nholds; rank++) {
        json_t *children = lite_children (site, a, &i);

        if (last && json_equal (json_object_get (last, "children"), children)) {
            json_object_set_new (last, "rank", json_sprintf ("%u-%u", first, rank));
            json_decref (children);
            continue;
        }
        first = rank;
        last = json_pack ("{s:o s:o}", "rank", json_sprintf ("%u", rank), "children", children);
        json_array_append_new (lite, last);
    }
    return lite;
}

char *site_write_R (struct site *site, const struct site_alloc *alloc, size_t size)
{
    struct out o = {.site = site, .most = size / BYTES_PER_VERTEX};
    json_t *R = json_pack ("{s:i s:{s:o s:[s] s:I s:I}}", "version", 1, "execution", "R_lite",
                           make_lite (site, alloc), "nodelist", alloc->nodelist, "starttime",
                           (json_int_t)alloc->start, "expiration", (json_int_t)alloc->end);
    json_t *graph = NULL;
    char *text;

    o.id = calloc (graph_limit (site->graph) + 1, sizeof (*o.id));
    o.share = calloc (graph_limit (site->graph) + 1, sizeof (*o.share));
    if (R && o.id && o.share)
        graph = make_graph (&o, alloc);
    if (graph)
        json_object_set_new (R, "scheduling", graph);
    text = json_dumps (R, JSON_COMPACT);
    if (text && strlen (text) > size && graph) {
        free (text);
        json_object_del (R, "scheduling");
        text = json_dumps (R, JSON_COMPACT);
    }
    if (text && strlen (text) > size) {
        free (text);
        text = NULL;
    }
    free (o.id);
    free (o.share);
    json_decref (R);
    return text;
}
