/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* JSON Graph Format as RFC 40 and Fluxion have it: what is the default is left out. */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/graph/io/write_priv.h"

#define SHORTHAND_URI "fluxion:jgf_shorthand"

static json_t *properties_of (const struct graph *g, uint32_t v)
{
    json_t *o = NULL;
    const char *key, *value;
    size_t cursor = 0;
    while (graph_property_next (g, v, &cursor, &key, &value)) {
        if (!o && !(o = json_object ()))
            return NULL;
        json_object_set_new (o, key, json_string (value));
    }
    return o;
}

static json_t *paths_of (const struct graph *g, uint32_t v)
{
    char path[GRAPH_MAX_PATH];
    json_t *o = json_object ();
    for (size_t i = 0; o && i < graph_subsystem_count (g); i++)
        if (graph_path (g, v, graph_subsystem (g, i), path, sizeof (path)) > 0)
            json_object_set_new (o, graph_subsystem (g, i), json_string (path));
    return o;
}

static void set_names (json_t *o, const struct graph *g, uint32_t v)
{
    char name[GRAPH_MAX_NAME + 16], made[GRAPH_MAX_NAME + 32];
    const char *basename = graph_basename (g, v);
    if (strcmp (basename, graph_type (g, v)))
        json_object_set_new (o, "basename", json_string (basename));
    snprintf (made, sizeof (made), "%s%lld", basename, (long long)graph_id (g, v));
    if (graph_name (g, v, name, sizeof (name)) >= 0 && strcmp (name, made))
        json_object_set_new (o, "name", json_string (name));
}

static void set_if (json_t *o, const char *key, json_t *value)
{
    if (value)
        json_object_set_new (o, key, value);
}

static json_t *metadata_of (const struct graph *g, const struct write_vertex *v, bool units)
{
    json_t *o = json_object ();
    const char *unit = units ? graph_unit (g, v->vertex) : NULL;
    if (!o)
        return NULL;
    json_object_set_new (o, "type", json_string (graph_type (g, v->vertex)));
    set_names (o, g, v->vertex);
    json_object_set_new (o, "id", json_integer (graph_id (g, v->vertex)));
    json_object_set_new (o, "rank", json_integer (graph_rank (g, v->vertex)));
    set_if (o, "properties", properties_of (g, v->vertex));
    set_if (o, "unit", unit && *unit ? json_string (unit) : NULL);
    set_if (o, "exclusive", v->exclusive ? json_true () : NULL);
    set_if (o, "size", v->needs != 1 ? json_integer (v->needs) : NULL);
    set_if (o, "paths", paths_of (g, v->vertex));
    set_if (o, "ephemeral", v->label && *v->label ? json_pack ("{s:s}", "label", v->label) : NULL);
    set_if (o, "agfilter", v->agfilter ? json_incref (v->agfilter) : NULL);
    return o;
}

static const char *uniq (const struct graph *g, uint32_t v, char *buf, size_t size)
{
    snprintf (buf, size, "%lld", (long long)graph_uniq_id (g, v));
    return buf;
}

static int append (json_t **list, json_t *o)
{
    if ((*list || (*list = json_array ())) && o && json_array_append_new (*list, o) == 0)
        return 0;
    errno = ENOMEM;
    return -1;
}

int jgf_vertex (struct writer *w, const struct graph *g, const struct write_vertex *v)
{
    char id[24];
    json_t *metadata = metadata_of (g, v, !w->no_units);
    if (!metadata)
        return -1;
    return append (&w->nodes, json_pack ("{s:s s:o}", "id", uniq (g, v->vertex, id, sizeof (id)),
                                         "metadata", metadata));
}

int jgf_edge (struct writer *w, const struct graph *g, uint32_t from, uint32_t to)
{
    char a[24], b[24];
    json_t *o = json_pack ("{s:s s:s}", "source", uniq (g, from, a, sizeof (a)), "target",
                           uniq (g, to, b, sizeof (b)));
    if (o && strcmp (graph_dominant (g), "containment"))
        set_if (o, "metadata", json_pack ("{s:s}", "subsystem", graph_dominant (g)));
    return append (&w->edges, o);
}

json_t *jgf_finish (struct writer *w)
{
    if (!w->nodes || !w->edges)
        return NULL;
    json_t *o = json_pack ("{s:{s:O s:O}}", "graph", "nodes", w->nodes, "edges", w->edges);
    if (o && w->cut)
        set_if (o, "writer", json_string (SHORTHAND_URI));
    return o;
}
