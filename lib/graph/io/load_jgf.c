/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* JSON Graph Format. Defaults are Fluxion's: id is the vertex number (a node's the digits at the
 * end of its name), basename the type, name basename and id. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/load.h"
#include "lib/util/array_room.h"
#include "lib/util/errprintf.h"

/* One node of the file. */
struct entry {
    const char *id;
    const char *type, *basename, *name, *unit;
    json_int_t number, uniq, rank, size;
    int status, exclusive;
    json_t *paths, *properties;
    char made[GRAPH_MAX_NAME + 1];
};

/* File ids to vertices: ids are mostly small numbers in order, so a sorted array will do. */
struct key {
    const char *id;
    uint32_t vertex;
};

static int bad (flux_error_t *errp, const char *what, const char *which)
{
    errno = EINVAL;
    return errprintf (errp, "JGF: %s %.64s", what, which ? which : "");
}

static json_int_t name_digits (const char *name, json_int_t otherwise)
{
    size_t len = strlen (name), i = len;
    while (i > 0 && isdigit ((unsigned char)name[i - 1]))
        i--;
    return i == len || len - i > 9 ? otherwise : strtoll (name + i, NULL, 10);
}

static int set_defaults (struct entry *e, flux_error_t *errp)
{
    char *end;
    if (e->uniq == -1) {
        errno = 0;
        e->uniq = strtoll (e->id, &end, 10);
        if (end == e->id || errno)
            return bad (errp, "the vertex id is not a number:", e->id);
    }
    if (e->number == -2)
        e->number = e->name && !strcmp (e->type, "node") ? name_digits (e->name, e->uniq) : e->uniq;
    if (!e->basename)
        e->basename = e->type;
    if (!e->name) {
        snprintf (e->made, sizeof (e->made), "%.200s%lld", e->basename, (long long)e->number);
        e->name = e->made;
    }
    return 0;
}

static int read_entry (json_t *o, struct entry *e, flux_error_t *errp)
{
    json_t *metadata = NULL;
    json_error_t error;
    *e = (struct entry){.number = -2, .uniq = -1, .rank = -1, .size = 1, .unit = ""};
    if (json_unpack (o, "{s:s s:o}", "id", &e->id, "metadata", &metadata) < 0)
        return bad (errp, "a node without id or metadata:", e->id);
    if (json_unpack_ex (metadata, &error, 0, "{s:s s?s s?s s?I s?I s?I s?i s?b s?s s?I s?o s?o}",
                        "type", &e->type, "basename", &e->basename, "name", &e->name, "id",
                        &e->number, "uniq_id", &e->uniq, "rank", &e->rank, "status", &e->status,
                        "exclusive", &e->exclusive, "unit", &e->unit, "size", &e->size, "paths",
                        &e->paths, "properties", &e->properties) < 0) {
        errno = EINVAL;
        return errprintf (errp, "JGF: node %.40s: %.90s", e->id, error.text);
    }
    return set_defaults (e, errp);
}

static int get_lists (const json_t *doc, json_t **nodes, json_t **edges, flux_error_t *errp)
{
    json_t *graph = json_object_get (doc, "graph");
    if (!graph)
        graph = json_object_get (json_object_get (doc, "scheduling"), "graph");
    *nodes = json_object_get (graph, "nodes");
    *edges = json_object_get (graph, "edges");
    if (!json_is_array (*nodes) || !json_is_array (*edges))
        return bad (errp, "a required key is missing:", !graph ? "graph" : "nodes or edges");
    return 0;
}

/* A vertex of the graph that has one of the paths, and the rank when several look alike. */
static uint32_t find_known (struct graph *g, const struct entry *e)
{
    const char *path = json_string_value (json_object_get (e->paths, graph_dominant (g)));
    uint32_t list[GRAPH_MAX_TWINS];
    if (path) {
        size_t n =
            graph_root (g) == GRAPH_NONE ? 0 : graph_find_paths (g, path, list, GRAPH_MAX_TWINS);
        for (size_t i = 1; i < n && i < GRAPH_MAX_TWINS; i++)
            if (graph_rank (g, list[i]) == e->rank)
                return list[i];
        return n ? list[0] : GRAPH_NONE;
    }
    /* chosen in another subsystem: the number will do, if it is the same thing */
    uint32_t v = e->paths ? graph_find_uniq (g, e->uniq) : GRAPH_NONE;
    return v != GRAPH_NONE && !strcmp (graph_type (g, v), e->type) && graph_id (g, v) == e->number
               ? v
               : GRAPH_NONE;
}

static int set_properties (struct graph *g, uint32_t v, json_t *properties)
{
    const char *key;
    json_t *value;
    json_object_foreach (properties, key, value)
    {
        const char *text = json_string_value (value);
        if (graph_set_property (g, v, key, text ? text : "") < 0)
            return -1;
    }
    return 0;
}

static int add_entry (struct graph *g, const struct entry *e, uint32_t *v, flux_error_t *errp)
{
    struct graph_vertex spec = {.type = e->type,
                                .basename = e->basename,
                                .name = e->name,
                                .unit = e->unit,
                                .id = e->number < 0 ? -1 : e->number,
                                .uniq_id = e->uniq,
                                .rank = e->rank,
                                .size = e->size,
                                .status = e->status};
    if (e->number < -1)
        return bad (errp, "negative id:", e->name);
    if (graph_add_vertex (g, &spec, v, errp) < 0)
        return -1;
    if (set_properties (g, *v, e->properties) < 0)
        return errprintf (errp, "JGF: properties of %.64s: %s", e->name, strerror (errno));
    return 0;
}

static int by_id (const void *a, const void *b)
{
    const struct key *x = a, *y = b;
    return strcmp (x->id, y->id);
}

static int add_nodes (struct graph *g, json_t *nodes, struct key *key, flux_error_t *errp)
{
    bool grows = graph_root (g) != GRAPH_NONE;
    size_t i;
    json_t *o;
    json_array_foreach (nodes, i, o)
    {
        struct entry e;
        if (read_entry (o, &e, errp) < 0)
            return -1;
        key[i] = (struct key){.id = e.id, .vertex = GRAPH_NONE};
        if (grows)
            key[i].vertex = find_known (g, &e);
        if (key[i].vertex == GRAPH_NONE && add_entry (g, &e, &key[i].vertex, errp) < 0)
            return -1;
    }
    qsort (key, json_array_size (nodes), sizeof (*key), by_id);
    for (i = 1; i < json_array_size (nodes); i++)
        if (!strcmp (key[i - 1].id, key[i].id))
            return bad (errp, "two nodes have the id", key[i].id);
    return 0;
}

static uint32_t find_key (const struct key *key, size_t n, const char *id)
{
    struct key want = {.id = id};
    const struct key *found = bsearch (&want, key, n, sizeof (*key), by_id);
    return found ? found->vertex : GRAPH_NONE;
}

static const char *edge_subsystem (json_t *o)
{
    json_t *metadata = json_object_get (o, "metadata");
    const char *name = json_string_value (json_object_get (metadata, "subsystem"));
    if (!name) // the older form: {"name":{"containment":"contains"}}
        name = json_object_iter_key (json_object_iter (json_object_get (metadata, "name")));
    return name ? name : "containment";
}

static bool has_child (const struct graph *g, uint32_t a, uint32_t b, uint32_t before)
{
    return a < before && b < before && graph_parent (g, b) == a;
}

static int add_edges (struct graph *g, json_t *edges, const struct key *key, size_t n,
                      uint32_t before, flux_error_t *errp)
{
    size_t i;
    json_t *o;
    json_array_foreach (edges, i, o)
    {
        const char *src, *dst;
        if (json_unpack (o, "{s:s s:s}", "source", &src, "target", &dst) < 0)
            return bad (errp, "an edge without source or target", "");
        uint32_t a = find_key (key, n, src), b = find_key (key, n, dst);
        if (a == GRAPH_NONE || b == GRAPH_NONE)
            return bad (errp,
                        "an edge leads to or from an unknown node:", a == GRAPH_NONE ? src : dst);
        if (!has_child (g, a, b, before) && graph_add_edge (g, a, b, edge_subsystem (o), errp) < 0)
            return -1;
    }
    return 0;
}

int load_jgf (struct graph *g, const json_t *doc, flux_error_t *errp)
{
    json_t *nodes, *edges;
    uint32_t before = graph_limit (g);
    if (get_lists (doc, &nodes, &edges, errp) < 0 || graph_begin (g, errp) < 0)
        return -1;
    size_t n = json_array_size (nodes);
    struct key *key = calloc (n + 1, sizeof (*key));
    int rc = key ? 0 : errprintf (errp, "out of memory");
    if (rc == 0 && (rc = add_nodes (g, nodes, key, errp)) == 0)
        rc = add_edges (g, edges, key, n, before, errp);
    free (key);
    if (rc == 0)
        return graph_commit (g, errp);
    graph_abort (g);
    return -1;
}

/* ---- What a result holds ---- */
struct items {
    struct result_item *list;
    size_t n, room;
};

static int add_item (struct items *items, uint32_t v, uint32_t needs, bool exclusive)
{
    if (ARRAY_ROOM (items->list, items->n, items->room, 64) < 0)
        return -1;
    items->list[items->n++] =
        (struct result_item){.vertex = v, .needs = needs, .exclusive = exclusive};
    return 0;
}

static int add_below (const struct graph *g, struct items *items, uint32_t v)
{
    uint32_t c;
    for (uint32_t i = 0; (c = graph_extra_child (g, v, i)) != GRAPH_NONE; i++)
        if (add_item (items, c, graph_size (g, c), true) < 0 || add_below (g, items, c) < 0)
            return -1;
    for (uint32_t i = 0; i < graph_child_count (g, v); i++) {
        c = graph_child (g, v, i);
        if (add_item (items, c, graph_size (g, c), true) < 0 || add_below (g, items, c) < 0)
            return -1;
    }
    return 0;
}

int load_jgf_items (struct graph *g, const json_t *doc, bool whole, struct result_item **list,
                    size_t *count, flux_error_t *errp)
{
    struct items items = {.list = NULL};
    json_t *nodes, *edges, *o;
    size_t i;
    if (get_lists (doc, &nodes, &edges, errp) < 0)
        return -1;
    json_array_foreach (nodes, i, o)
    {
        struct entry e;
        if (read_entry (o, &e, errp) < 0)
            goto fail;
        uint32_t v = find_known (g, &e);
        if (v == GRAPH_NONE || graph_rank (g, v) != e.rank) {
            bad (errp,
                 v == GRAPH_NONE ? "not in the graph:" : "of another rank in the graph:", e.name);
            goto fail;
        }
        /* What is only in another subsystem cannot be booked by a matcher that walks this one. */
        char path[GRAPH_MAX_PATH];
        if (graph_path (g, v, NULL, path, sizeof (path)) < 0)
            continue;
        if (add_item (&items, v, e.size, e.exclusive) < 0 ||
            (whole && e.exclusive && add_below (g, &items, v) < 0)) {
            errprintf (errp, "out of memory");
            goto fail;
        }
    }
    *list = items.list;
    *count = items.n;
    return 0;
fail:
    free (items.list);
    return -1;
}
