/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Graphs to look at: GraphViz dot, and GraphML for tools. */

#include <string.h>

#include "shell/resource_query/query.h"

static const char *name_of (const struct graph *g, uint32_t v, char *buf, size_t size)
{
    return graph_name (g, v, buf, size) < 0 ? graph_type (g, v) : buf;
}

static void write_dot (const struct graph *g, FILE *f)
{
    char name[GRAPH_MAX_NAME + 16];
    uint32_t a, b;
    fputs ("digraph G {\n", f);
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_alive (g, v))
            fprintf (f, "%u[label=\"%s\"];\n", v, name_of (g, v, name, sizeof (name)));
    for (size_t s = 0; s < graph_subsystem_count (g); s++)
        for (size_t i = 0; i < graph_edge_count (g, s); i++) {
            graph_edge (g, s, i, &a, &b);
            fprintf (f, "%u->%u [label=\"%s\"];\n", a, b, graph_subsystem (g, s));
        }
    fputs ("}\n", f);
}

static void escape (FILE *f, const char *s)
{
    for (; *s; s++)
        if (*s == '&' || *s == '<' || *s == '>')
            fprintf (f, "&%s;", *s == '&' ? "amp" : *s == '<' ? "lt" : "gt");
        else
            fputc (*s, f);
}

static void data (FILE *f, int key, const char *value)
{
    fprintf (f, "      <data key=\"key%d\">", key);
    escape (f, value);
    fputs ("</data>\n", f);
}

static void write_props (const struct graph *g, uint32_t v, FILE *f)
{
    const char *key, *value, *comma = "";
    size_t cursor = 0;
    fputs ("      <data key=\"key7\">{", f);
    while (graph_property_next (g, v, &cursor, &key, &value)) {
        fputs (comma, f);
        escape (f, key);
        fputc ('=', f);
        escape (f, value);
        comma = ",";
    }
    fputs ("}</data>\n", f);
}

static void write_vertex (const struct graph *g, uint32_t v, FILE *f)
{
    char text[GRAPH_MAX_PATH];
    fprintf (f, "    <node id=\"n%u\">\n", v);
    data (f, 0, graph_type (g, v));
    data (f, 1, graph_basename (g, v));
    data (f, 2, name_of (g, v, text, sizeof (text)));
    snprintf (text, sizeof (text), "%lld", (long long)graph_id (g, v));
    data (f, 3, text);
    snprintf (text, sizeof (text), "%u", graph_size (g, v));
    data (f, 4, text);
    data (f, 5, graph_unit (g, v));
    if (graph_path (g, v, NULL, text, sizeof (text)) > 0)
        data (f, 6, text);
    write_props (g, v, f);
    fputs ("    </node>\n", f);
}

static void write_graphml (const struct graph *g, FILE *f)
{
    static const char *const keys[] = {"type", "basename", "name", "id",
                                       "size", "unit",     "path", "props"};
    uint32_t a, b;
    fputs ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
           "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n",
           f);
    for (int i = 0; i < 8; i++)
        fprintf (f, "  <key id=\"key%d\" for=\"node\" attr.name=\"%s\" attr.type=\"string\"/>\n", i,
                 keys[i]);
    fputs ("  <key id=\"key8\" for=\"edge\" attr.name=\"subsystem\" attr.type=\"string\"/>\n"
           "  <graph id=\"G\" edgedefault=\"directed\">\n",
           f);
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_alive (g, v))
            write_vertex (g, v, f);
    for (size_t s = 0; s < graph_subsystem_count (g); s++)
        for (size_t i = 0; i < graph_edge_count (g, s); i++) {
            graph_edge (g, s, i, &a, &b);
            fprintf (f, "    <edge source=\"n%u\" target=\"n%u\">\n", a, b);
            data (f, 8, graph_subsystem (g, s));
            fputs ("    </edge>\n", f);
        }
    fputs ("  </graph>\n</graphml>\n", f);
}

int query_write_graph (const struct graph *g, const char *format, FILE *f)
{
    (strcmp (format, "dot") ? write_graphml : write_dot) (g, f);
    return ferror (f) ? -1 : 0;
}
