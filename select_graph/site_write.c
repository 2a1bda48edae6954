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

enum { BYTES_PER_VERTEX = 150, MAX_WORDS = 6 };

struct out {
    struct site *site;
    json_t *nodes, *edges, *lite;
    uint32_t *id; // by vertex: its number in the output + 1; 0: not written yet
    uint32_t next;
    size_t most; // vertices
    int64_t rank;
};

/* ---- The graph ---- */

static int push (struct out *o, const char *type, const char *name, int64_t id, uint32_t size,
                 const char *unit, const char *path, uint32_t parent, int64_t rank)
{
    json_t *m;

    if (o->next >= o->most)
        return -1;
    m = json_pack ("{s:s s:s s:s s:I s:I s:I s:s s:I s:{s:s}}", "type", type, "basename", type,
                   "name", name, "id", (json_int_t)id, "uniq_id", (json_int_t)o->next, "rank",
                   (json_int_t)rank, "unit", unit, "size", (json_int_t)size, "paths", "containment",
                   path);
    if (json_array_append_new (o->nodes, json_pack ("{s:o s:o}", "id", json_sprintf ("%u", o->next),
                                                    "metadata", m)) < 0)
        return -1;
    if (parent > 0 &&
        json_array_append_new (o->edges, json_pack ("{s:o s:o s:{s:s}}", "source",
                                                    json_sprintf ("%u", parent - 1), "target",
                                                    json_sprintf ("%u", o->next), "metadata",
                                                    "subsystem", "containment")) < 0)
        return -1;
    o->next++;
    return 0;
}

/* A vertex of the graph and all above it, once each. `units`: what the job has of it */
static int push_vertex (struct out *o, uint32_t v, uint32_t units, int64_t rank)
{
    const struct graph *g = o->site->graph;
    char name[GRAPH_MAX_NAME + 1], path[GRAPH_MAX_PATH];
    uint32_t parent = graph_parent (g, v);

    if (o->id[v])
        return 0;
    if (parent != GRAPH_NONE && push_vertex (o, parent, graph_size (g, parent),
                                             strcmp (graph_type (g, v), "node") == 0 ? -1 : rank))
        return -1;
    if (graph_name (g, v, name, sizeof (name)) < 0 ||
        graph_path (g, v, NULL, path, sizeof (path)) < 0 ||
        push (o, graph_type (g, v), name, graph_id (g, v), units, graph_unit (g, v), path,
              parent == GRAPH_NONE ? 0 : o->id[parent], rank) < 0)
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

    if (push_vertex (o, above, graph_size (g, above), o->rank) < 0)
        return -1;
    for (uint32_t c = first; c < until; c++) {
        int n = graph_path (g, above, NULL, path, GRAPH_MAX_PATH);

        snprintf (name, sizeof (name), "core%u", c);
        if (n < 0)
            return -1;
        snprintf (path + n, sizeof (path) - n, "/%s", name);
        if (push (o, "core", name, c, 1, "", path, o->id[above], o->rank) < 0)
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
            rc = units ? push_vertex (o, p->vertex, units, o->rank) : 0;
            left -= units * scale < left ? units * scale : left;
        } else if (first < until && p->kind == SITE_CORE && p->count > 1)
            rc = push_pool (o, p, first, until);
        else if (first < until)
            rc = push_vertex (o, p->vertex, until - first, o->rank);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static json_t *make_graph (struct out *o, const struct site_alloc *a)
{
    uint32_t current = GRAPH_NONE;
    int rc = 0;

    o->nodes = json_array ();
    o->edges = json_array ();
    o->rank = -1;
    for (size_t i = 0; rc == 0 && i < a->nholds; i++) {
        if (site_vertex (o->site, a->holds[i].node) == GRAPH_NONE)
            continue;
        if (a->holds[i].node != current) {
            current = a->holds[i].node;
            o->rank++;
            rc = push_vertex (o, o->site->nodes[current].vertex, 1, o->rank);
        }
        if (rc == 0)
            rc = push_hold (o, &a->holds[i]);
    }
    for (size_t i = 0; rc == 0 && i < a->nextra; i++)
        rc = push_vertex (o, a->extra[i].vertex, a->extra[i].amount, -1);
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

    if (R && (o.id = calloc (graph_limit (site->graph) + 1, sizeof (*o.id))))
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
    json_decref (R);
    return text;
}

/* ---- Words ---- */

void site_write_words (struct site *site, const struct site_alloc *alloc, char *text, size_t size)
{
    uint32_t seen[MAX_WORDS];
    size_t n = 0;
    struct buf b = {.data = NULL};
    char name[GRAPH_MAX_NAME + 1];

    for (size_t i = 0; n < MAX_WORDS && i < alloc->nholds; i++) {
        uint32_t v = site_vertex (site, alloc->holds[i].node), k = 0;

        if (v == GRAPH_NONE || (v = graph_parent (site->graph, v)) == graph_root (site->graph))
            continue;
        while (k < n && seen[k] != v)
            k++;
        if (k < n || graph_name (site->graph, v, name, sizeof (name)) < 0)
            continue;
        buf_printf (&b, "%s%s", n ? ", " : " in ", name);
        seen[n++] = v;
    }
    if (n == MAX_WORDS)
        buf_puts (&b, " ...");
    for (size_t i = 0; i < alloc->nextra && i < MAX_WORDS; i++) {
        uint32_t v = alloc->extra[i].vertex;

        if (graph_name (site->graph, v, name, sizeof (name)) >= 0)
            buf_printf (&b, "; %s: %u%s%s", name, alloc->extra[i].amount,
                        *graph_unit (site->graph, v) ? " " : "", graph_unit (site->graph, v));
    }
    snprintf (text, size, "%s", b.data ? b.data : "");
    buf_clear (&b);
}
