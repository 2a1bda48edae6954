/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Switches first, outermost first; then each node below its leaf switch. */

#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>

#include "lib/util/errprintf.h"
#include "shell/cmd/graph_slurm.h"

enum { MAX_COUNT = 1 << 20 };

struct place {
    char *name, *nodes, *switches; // as hostlists, of what is below; NULL: none
    int level, vertex, above;      // vertex -1: not written yet; above: in the list, -1: none
};

struct out {
    json_t *nodes, *edges;
    int n;
    struct place *places;
    size_t nplaces;
};

char *slurm_field (const char *line, const char *key)
{
    size_t len = strlen (key);

    for (const char *s = line; s && *s; s = strchr (s, ' ')) {
        s += strspn (s, " ");
        if (strncmp (s, key, len) != 0 || s[len] != '=')
            continue;
        s += len + 1;
        if (strncmp (s, "(null)", 6) == 0 || *s == ' ' || *s == '\n' || !*s)
            return NULL;
        return strndup (s, strcspn (s, " \n"));
    }
    return NULL;
}

static long number_field (const char *line, const char *key, long otherwise)
{
    char *s = slurm_field (line, key);
    long n = s ? strtol (s, NULL, 10) : otherwise;

    free (s);
    return n >= 0 && n <= INT32_MAX ? n : otherwise;
}

/* ---- Writing ---- */

static int add_vertex (struct out *o, int above, const char *type, const char *name, int id,
                       long size, const char *unit, json_t *properties)
{
    json_t *m = json_pack ("{s:s s:s s:i s:i s:I}", "type", type, "name", name, "id", id, "uniq_id",
                           o->n, "size", (json_int_t)size);

    if (*unit)
        json_object_set_new (m, "unit", json_string (unit));
    if (properties)
        json_object_set_new (m, "properties", properties);
    json_array_append_new (o->nodes,
                           json_pack ("{s:o s:o}", "id", json_sprintf ("%d", o->n), "metadata", m));
    if (above >= 0)
        json_array_append_new (o->edges,
                               json_pack ("{s:o s:o s:{s:s}}", "source", json_sprintf ("%d", above),
                                          "target", json_sprintf ("%d", o->n), "metadata",
                                          "subsystem", "containment"));
    return o->n++;
}

static int add_numbered (struct out *o, int above, const char *type, int id, long size,
                         const char *unit)
{
    char name[128];

    snprintf (name, sizeof (name), "%.100s%d", type, id);
    return add_vertex (o, above, type, name, id, size, unit, NULL);
}

/* ---- Switches ---- */

static bool has_host (const char *list, const char *name)
{
    struct hostlist *hl = list ? hostlist_decode (list) : NULL;
    bool found = hl && hostlist_find (hl, name) >= 0;

    hostlist_destroy (hl);
    return found;
}

static int read_places (struct out *o, const char *topology)
{
    for (const char *s = topology; s && *s; s += strcspn (s, "\n"), s += *s == '\n') {
        char *line = strndup (s, strcspn (s, "\n"));
        char *name = line ? slurm_field (line, "SwitchName") : NULL;
        struct place *more;

        if (name && (more = realloc (o->places, (o->nplaces + 1) * sizeof (*more)))) {
            o->places = more;
            more[o->nplaces++] = (struct place){.name = name,
                                                .level = (int)number_field (line, "Level", 0),
                                                .nodes = slurm_field (line, "Nodes"),
                                                .switches = slurm_field (line, "Switches"),
                                                .vertex = -1,
                                                .above = -1};
        } else
            free (name);
        free (line);
    }
    for (size_t i = 0; i < o->nplaces; i++)
        for (size_t k = 0; k < o->nplaces && o->places[i].above < 0; k++)
            if (o->places[k].level == o->places[i].level + 1 &&
                has_host (o->places[k].switches, o->places[i].name))
                o->places[i].above = (int)k;
    return 0;
}

static int place_vertex (struct out *o, int i)
{
    struct place *p = &o->places[i];

    if (p->vertex < 0) {
        int above = p->above < 0 ? 0 : place_vertex (o, p->above);
        p->vertex =
            add_vertex (o, above, p->level ? "upswitch" : "switch", p->name, i, 1, "", NULL);
    }
    return p->vertex;
}

static int find_place (struct out *o, const char *node)
{
    for (size_t i = 0; i < o->nplaces; i++)
        if (o->places[i].level == 0 && has_host (o->places[i].nodes, node))
            return place_vertex (o, (int)i);
    return 0;
}

/* ---- Nodes ---- */

static json_t *features_of (const char *line)
{
    char *list = slurm_field (line, "AvailableFeatures"), *save = NULL;
    json_t *o = list ? json_object () : NULL;

    for (char *s = list ? strtok_r (list, ",", &save) : NULL; s; s = strtok_r (NULL, ",", &save))
        json_object_set_new (o, s, json_string (""));
    free (list);
    return o;
}

/* gpu:a100:4(S:0-1),fast:10G: a vertex for each of the GPUs, a pool of anything else */
static void add_gres (struct out *o, int node, char *item, int *ngpus)
{
    char *colon, *end;
    long count = 1;

    item[strcspn (item, "(")] = '\0';
    if ((colon = strrchr (item, ':'))) {
        count = strtol (colon + 1, &end, 10);
        count *= *end == 'K' ? 1024L : *end == 'M' ? 1048576L : *end == 'G' ? 1073741824L : 1;
    }
    item[strcspn (item, ":")] = '\0';
    if (count < 1 || count > INT32_MAX || !*item)
        return;
    for (long i = 0; strcmp (item, "gpu") == 0 && i < count && i < MAX_COUNT; i++)
        add_numbered (o, node, "gpu", (*ngpus)++, 1, "");
    if (strcmp (item, "gpu") != 0)
        add_numbered (o, node, item, 0, count, "");
}

static int add_node (struct out *o, const char *line, int id, flux_error_t *errp)
{
    char *name = slurm_field (line, "NodeName"), *gres = slurm_field (line, "Gres"), *save = NULL;
    long sockets = number_field (line, "Sockets", 1), memory = number_field (line, "RealMemory", 0);
    long cores = number_field (line, "CoresPerSocket", 1);
    int node, ngpus = 0;

    if (!name || sockets * cores > MAX_COUNT) {
        errno = EINVAL;
        free (name);
        free (gres);
        return errprintf (errp, "not a line about a node: %.60s", line);
    }
    node = add_vertex (o, find_place (o, name), "node", name, id, 1, "", features_of (line));
    for (long s = 0; s < sockets; s++) {
        int socket = add_numbered (o, node, "socket", (int)s, 1, "");
        for (long c = 0; c < cores; c++)
            add_numbered (o, socket, "core", (int)(s * cores + c), 1, "");
    }
    if (memory > 0)
        add_numbered (o, node, "memory", 0, memory, "MB");
    for (char *s = gres ? strtok_r (gres, ",", &save) : NULL; s; s = strtok_r (NULL, ",", &save))
        add_gres (o, node, s, &ngpus);
    free (name);
    free (gres);
    return 0;
}

static void clear_places (struct out *o)
{
    for (size_t i = 0; i < o->nplaces; i++) {
        free (o->places[i].name);
        free (o->places[i].nodes);
        free (o->places[i].switches);
    }
    free (o->places);
}

json_t *graph_from_slurm (const char *cluster, const char *nodes, const char *topology,
                          flux_error_t *errp)
{
    struct out o = {.nodes = json_array (), .edges = json_array ()};
    int id = 0, rc = 0;

    read_places (&o, topology);
    add_vertex (&o, -1, "cluster", cluster, 0, 1, "", NULL);
    for (const char *s = nodes; rc == 0 && *s; s += strcspn (s, "\n"), s += *s == '\n') {
        char *line = strndup (s, strcspn (s, "\n"));

        if (line && strspn (line, " ") < strlen (line))
            rc = add_node (&o, line, id++, errp);
        free (line);
    }
    clear_places (&o);
    if (rc == 0 && id > 0)
        return json_pack ("{s:{s:o s:o}}", "graph", "nodes", o.nodes, "edges", o.edges);
    if (rc == 0)
        errprintf (errp, "there are no nodes");
    errno = EINVAL;
    json_decref (o.nodes);
    json_decref (o.edges);
    return NULL;
}
