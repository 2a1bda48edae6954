/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * The graph from a site's own JGF. Its nodes are Slurm's by name, and get Slurm's numbers as ranks.
 * What Slurm does not know is down in the graph; what the graph does not know is left to the plugin
 * beneath: both are said once. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/graph/io/load.h"
#include "lib/util/errprintf.h"

struct name {
    const char *name;
    uint32_t number;
    bool seen;
    UT_hash_handle hh;
};

static json_t *read_file (const char *path, flux_error_t *errp)
{
    json_error_t why;
    struct stat st;
    json_t *doc = NULL;

    if (stat (path, &st) < 0)
        errprintf (errp, "%s: %s", path, strerror (errno));
    else if (!S_ISREG (st.st_mode) || st.st_size > SITE_MAX_JGF) {
        errno = EINVAL;
        errprintf (errp, "%s: not a file of at most %d bytes", path, SITE_MAX_JGF);
    } else if (!(doc = json_load_file (path, JSON_REJECT_DUPLICATES, &why))) {
        errno = EINVAL;
        errprintf (errp, "%s: line %d: %s", path, why.line, why.text);
    }
    return doc;
}

/* ---- Ranks ---- */

static int hash_names (struct site *site, struct name **names, struct name *list)
{
    for (uint32_t i = 0; i < site->nnodes; i++) {
        if (!site->nodes[i].facts)
            continue;
        list[i] = (struct name){.name = site->nodes[i].facts->name, .number = i};
        HASH_ADD_KEYPTR (hh, *names, list[i].name, strlen (list[i].name), &list[i]);
    }
    return 0;
}

static const char *text_of (const json_t *o, const char *key)
{
    const char *s = json_string_value (json_object_get (o, key));
    return s ? s : "";
}

/* Where a vertex has no name of its own it is its basename, or else its type, with its id. */
static void name_of (const json_t *m, char *name, size_t size)
{
    const char *base = *text_of (m, "basename") ? text_of (m, "basename") : text_of (m, "type");

    if (*text_of (m, "name"))
        snprintf (name, size, "%s", text_of (m, "name"));
    else
        snprintf (name, size, "%s%lld", base,
                  (long long)json_integer_value (json_object_get (m, "id")));
}

/* Slurm's numbers in place of the file's ranks; GRAPH ranks are unknown to Slurm otherwise. */
static int renumber (json_t *nodes, struct name *names, site_complain_f complain)
{
    char text[256], name[GRAPH_MAX_NAME + 1];
    size_t i;
    json_t *o;

    json_array_foreach (nodes, i, o)
    {
        json_t *m = json_object_get (o, "metadata");
        struct name *found = NULL;

        json_object_del (m, "rank");
        if (strcmp (text_of (m, "type"), "node") != 0)
            continue;
        name_of (m, name, sizeof (name));
        HASH_FIND_STR (names, name, found);
        if (found && !found->seen) {
            found->seen = true;
            if (json_object_set_new (m, "rank", json_integer (found->number)) < 0)
                return -1;
            continue;
        }
        snprintf (text, sizeof (text), "node %.60s of the graph %s: it gets no job", name,
                  found ? "is there twice" : "is none of slurm.conf");
        complain (text);
        if (json_object_set_new (m, "status", json_integer (GRAPH_DOWN)) < 0)
            return -1;
    }
    return 0;
}

static void tell_missing (struct name *list, uint32_t n, site_complain_f complain)
{
    char text[256];

    for (uint32_t i = 0; i < n; i++) {
        if (!list[i].name || list[i].seen)
            continue;
        snprintf (
            text, sizeof (text),
            "node %.60s of slurm.conf is not in the graph: it gets what nothing else can have",
            list[i].name);
        complain (text);
    }
}

/* ---- Parts ---- */

static uint32_t unit_mb (const char *unit)
{
    if (strcasecmp (unit, "GB") == 0 || strcasecmp (unit, "GiB") == 0)
        return 1024;
    if (strcasecmp (unit, "TB") == 0 || strcasecmp (unit, "TiB") == 0)
        return 1024 * 1024;
    return 1;
}

struct counts {
    uint32_t cores;
    uint32_t gres[SITE_MAX_GRES];
};

static int bind_vertex (struct site *site, struct site_node *node, uint32_t v, struct counts *c)
{
    const char *type = graph_type (site->graph, v);
    struct site_part part = {.vertex = v, .count = graph_size (site->graph, v)};
    int gres;

    if (strcmp (type, "core") == 0) {
        part.kind = SITE_CORE;
        part.base = c->cores;
        c->cores += part.count;
    } else if (strcmp (type, "memory") == 0) {
        part.kind = SITE_MEMORY;
        part.scale = unit_mb (graph_unit (site->graph, v));
        if (site->memory_unit && site->memory_unit != part.scale) {
            errno = EINVAL;
            return -1;
        }
        site->memory_unit = part.scale;
    } else if ((gres = site_gres_number (site, type)) >= 0) {
        part.kind = SITE_GRES;
        part.gres = (uint8_t)gres;
        part.base = c->gres[gres];
        c->gres[gres] += part.count;
    } else
        return 0;
    return site_add_part (site, node, &part);
}

static int bind_below (struct site *site, struct site_node *node, uint32_t v, struct counts *c)
{
    for (uint32_t i = 0; i < graph_child_count (site->graph, v); i++) {
        uint32_t child = graph_child (site->graph, v, i);

        if (bind_vertex (site, node, child, c) < 0 || bind_below (site, node, child, c) < 0)
            return -1;
    }
    return 0;
}

static int bind_nodes (struct site *site, site_complain_f complain, flux_error_t *errp)
{
    const uint32_t *list;
    size_t n = graph_find_type (site->graph, "node", &list);
    char text[256];

    for (size_t i = 0; i < n; i++) {
        struct counts counts = {.cores = 0};
        int64_t rank = graph_rank (site->graph, list[i]);
        struct site_node *node;

        if (rank < 0 || rank >= site->nnodes)
            continue;
        node = &site->nodes[rank];
        node->vertex = list[i];
        if (bind_below (site, node, list[i], &counts) < 0)
            return errprintf (errp, errno == EINVAL
                                        ? "the memory of the nodes is in more than one unit"
                                        : "out of memory");
        if (counts.cores == node->facts->sockets * node->facts->cores)
            continue;
        snprintf (text, sizeof (text), "node %.60s: %u cores in the graph, %u in slurm.conf",
                  node->facts->name, counts.cores, node->facts->sockets * node->facts->cores);
        complain (text);
    }
    return 0;
}

/* What has a size is given in parts: memory, storage, power. What is on a node's own path is not.
 */
static void make_pools (struct graph *g)
{
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_alive (g, v) && graph_size (g, v) > 1 && graph_child_count (g, v) == 0)
            graph_set_divisible (g, v, true);
}

int site_load (struct site *site, const char *path, site_complain_f complain, flux_error_t *errp)
{
    struct name *names = NULL, *list = calloc (site->nnodes + 1, sizeof (*list));
    json_t *doc = list ? read_file (path, errp) : NULL;
    json_t *graph = json_object_get (doc, "graph");
    flux_error_t why;
    int rc = -1;

    if (!graph)
        graph = json_object_get (json_object_get (doc, "scheduling"), "graph");
    if (!list)
        errprintf (errp, "out of memory");
    else if (doc && hash_names (site, &names, list) == 0) {
        if (renumber (json_object_get (graph, "nodes"), names, complain) < 0)
            errprintf (errp, "out of memory");
        else if ((rc = load_jgf (site->graph, doc, &why)) < 0)
            errprintf (errp, "%s: %s", path, why.text);
    }
    if (rc == 0) {
        tell_missing (list, site->nnodes, complain);
        make_pools (site->graph);
        rc = bind_nodes (site, complain, errp);
    }
    HASH_CLEAR (hh, names);
    free (list);
    json_decref (doc);
    site->has_switches = graph_find_type (site->graph, "switch", &(const uint32_t *){NULL}) > 0;
    site->each_core = true;
    return rc;
}
