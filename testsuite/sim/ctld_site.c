/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * A graph of a site's own, as a file: racks of nodes with storage, and a PDU for each rack that can
 * feed all of its nodes but a few. */

#include "testsuite/sim/ctld_priv.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum { WATTS = 300 };

struct site_text {
    json_t *nodes, *edges;
    int n;
};

static int add_vertex (struct site_text *t, const char *type, const char *name, int number,
                       int size, const char *unit)
{
    char id[16];
    json_t *m = json_pack ("{s:s s:s s:i s:i s:i s:s}", "type", type, "name", name, "id", number,
                           "uniq_id", t->n, "size", size, "unit", unit);

    if (strcmp (type, "node") == 0)
        json_object_set_new (m, "properties", json_pack ("{s:s}", "watts", "300"));
    snprintf (id, sizeof (id), "%d", t->n);
    json_array_append_new (t->nodes, json_pack ("{s:s s:o}", "id", id, "metadata", m));
    return t->n++;
}

static void add_edge (struct site_text *t, int from, int to, const char *subsystem)
{
    char source[16], target[16];

    snprintf (source, sizeof (source), "%d", from);
    snprintf (target, sizeof (target), "%d", to);
    json_array_append_new (t->edges, json_pack ("{s:s s:s s:{s:s}}", "source", source, "target",
                                                target, "metadata", "subsystem", subsystem));
}

static int add_below (struct site_text *t, int above, const char *type, int number, int size,
                      const char *unit)
{
    char name[32];
    int v;

    snprintf (name, sizeof (name), "%s%d", strcmp (type, "node") == 0 ? "n" : type, number);
    v = add_vertex (t, type, name, number, size, unit);
    add_edge (t, above, v, "containment");
    return v;
}

char *ctld_make_site (uint32_t nodes, uint32_t cores, uint32_t size)
{
    struct site_text t = {.nodes = json_array (), .edges = json_array ()};
    int cluster = add_vertex (&t, "cluster", "cluster0", 0, 1, ""), rack = 0, pdu = 0;
    json_t *doc;
    char *text;

    for (uint32_t i = 0; i < nodes; i++) {
        int node;

        if (i % size == 0) {
            rack = add_below (&t, cluster, "rack", (int)(i / size), 1, "");
            add_below (&t, rack, "storage", (int)(i / size), 100, "TB");
            pdu = add_below (&t, rack, "pdu", (int)(i / size), (int)(size - 2) * WATTS, "W");
        }
        node = add_below (&t, rack, "node", (int)i + 1, 1, "");
        add_below (&t, node, "core", 0, (int)cores, "");
        add_edge (&t, pdu, node, "power");
    }
    doc = json_pack ("{s:{s:o s:o}}", "graph", "nodes", t.nodes, "edges", t.edges);
    text = json_dumps (doc, JSON_COMPACT);
    json_decref (doc);
    return text;
}
