/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The commands that change the graph, or look something up in it. */

#include <errno.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/resource_query/command.h"

int cmd_attach (struct query *q, int argc, char **argv)
{
    flux_error_t error = {""};
    if (argc != 2)
        return query_malformed ();
    json_t *doc = query_read_json (argv[1]);
    if (doc && load_jgf (q->g, doc, &error) < 0)
        fprintf (stderr, "ERROR: can't attach JGF subgraph \nERROR: %s\n", error.text);
    json_decref (doc);
    return 0;
}

static int remove_ranks (struct query *q, const char *text, flux_error_t *errp)
{
    struct idset *ids = idset_decode (text);
    int rc = 0;
    if (!ids) {
        fputs ("ERROR: failed to decode ranks.\n", stderr);
        return 0;
    }
    for (unsigned int id = idset_first (ids); rc == 0 && id != IDSET_INVALID_ID;
         id = idset_next (ids, id)) {
        const uint32_t *v;
        size_t n = graph_find_rank (q->g, id, &v);
        rc = n ? matcher_remove_subgraph (q->m, v[0], errp) : 0;
    }
    idset_destroy (ids);
    return rc;
}

int cmd_remove (struct query *q, int argc, char **argv)
{
    flux_error_t error = {""};
    int rc = 0;
    if (argc != 3)
        return query_malformed ();
    if (!strcmp (argv[2], "true")) {
        uint32_t v = graph_find_path (q->g, argv[1]);
        rc = v == GRAPH_NONE ? errprintf (&error, "there is no %s", argv[1])
                             : matcher_remove_subgraph (q->m, v, &error);
    } else if (!strcmp (argv[2], "false"))
        rc = remove_ranks (q, argv[1], &error);
    else
        fputs ("ERROR: invalid path boolean input \n", stderr);
    if (rc < 0)
        fprintf (stderr, "ERROR: can't remove subgraph \nERROR: %s\n", error.text);
    return 0;
}

static bool has_id (const struct graph *g, uint32_t v, const char *type, int64_t id)
{
    if (graph_id (g, v) == id && !strcmp (graph_type (g, v), type))
        return true;
    for (uint32_t i = 0; i < graph_child_count (g, v); i++)
        if (has_id (g, graph_child (g, v, i), type, id))
            return true;
    return false;
}

/* What an id of R is called in this graph: here they are the same, so it says whether it is there.
 */
int cmd_namespace_info (struct query *q, int argc, char **argv)
{
    const uint32_t *top;
    if (argc != 4)
        return query_malformed ();
    size_t n = graph_find_rank (q->g, strtoll (argv[1], NULL, 10), &top);
    for (size_t i = 0; i < n; i++)
        if (has_id (q->g, top[i], argv[2], strtoll (argv[3], NULL, 10))) {
            fprintf (q->out, "INFO: %s\n", argv[3]);
            return 0;
        }
    fprintf (stderr, "ERROR: rank %s has no %s %s\n", argv[1], argv[2], argv[3]);
    return 0;
}

int cmd_find (struct query *q, int argc, char **argv)
{
    struct buf criteria = {.data = NULL}, text = {.data = NULL};
    flux_error_t error = {""};
    if (argc < 2) {
        fputs ("ERROR: malformed command: \n", stderr);
        return 0;
    }
    for (int i = 1; i < argc; i++)
        buf_printf (&criteria, "%s%s", i > 1 ? " " : "", argv[i]);
    struct find *f = criteria.err ? NULL : find_create (criteria.data, &error);
    if (!f || find_write (f, q->m, q->w, &error) < 0 || writer_finish (q->w, &text) < 0)
        fprintf (stderr, "find: invalid criteria: %s.\n%s\n", criteria.data, error.text);
    else {
        if (text.len)
            fwrite (text.data, 1, text.len, q->out);
        fprintf (q->out, RULE "INFO: EXPRESSION=\"%s\"\n" RULE, criteria.data);
    }
    find_destroy (f);
    buf_clear (&criteria);
    buf_clear (&text);
    return 0;
}

/* Nodes of one host share a path: what is said of it is said of all of them. */
static size_t find_all (struct query *q, const char *path, uint32_t *list)
{
    size_t n = graph_find_paths (q->g, path, list, GRAPH_MAX_TWINS);
    return n < GRAPH_MAX_TWINS ? n : GRAPH_MAX_TWINS;
}

int cmd_set_property (struct query *q, int argc, char **argv)
{
    if (argc != 3)
        return query_malformed ();
    char *eq = strchr (argv[2], '=');
    if (!eq || eq == argv[2] || !eq[1]) {
        fputs ("Incorrect input format. \n"
               "Please use `set-property <resource> PROPERTY=VALUE`.\n",
               q->out);
        return 0;
    }
    uint32_t v[GRAPH_MAX_TWINS];
    size_t n = find_all (q, argv[1], v);
    *eq = '\0';
    if (n == 0)
        fprintf (q->out, "Couldn't find path %s in resource graph.\n", argv[1]);
    for (size_t i = 0; i < n; i++)
        if (graph_set_property (q->g, v[i], argv[2], eq + 1) < 0)
            fprintf (stderr, "ERROR: %s\n", strerror (errno));
    return 0;
}

static void print_properties (struct query *q, const char *path, uint32_t v)
{
    const char *key, *value;
    size_t cursor = 0;
    while (graph_property_next (q->g, v, &cursor, &key, &value))
        fprintf (q->out, "%s=%s\n", key, value);
    if (cursor == 0)
        fprintf (q->out, "No properties were found for %s (vtx's uniq_id=%lld).\n", path,
                 (long long)graph_uniq_id (q->g, v));
}

int cmd_get_property (struct query *q, int argc, char **argv)
{
    uint32_t v[GRAPH_MAX_TWINS];
    if (argc != 2)
        return query_malformed ();
    size_t n = find_all (q, argv[1], v);
    if (n == 0)
        fprintf (q->out, "Could not find path %s in resource graph.\n", argv[1]);
    for (size_t i = 0; i < n; i++)
        print_properties (q, argv[1], v[i]);
    return 0;
}

int cmd_set_status (struct query *q, int argc, char **argv)
{
    if (argc != 3)
        return query_malformed ();
    uint32_t v[GRAPH_MAX_TWINS];
    size_t n = find_all (q, argv[1], v);
    int status = graph_status_parse (argv[2]);
    if (n == 0)
        fprintf (q->out, "Could not find path %s in resource graph.\n", argv[1]);
    else if (status < 0)
        fputs ("ERROR: unrecognized status\n", stderr);
    for (size_t i = 0; status >= 0 && i < n; i++)
        graph_set_status (q->g, v[i], status);
    return 0;
}

int cmd_get_status (struct query *q, int argc, char **argv)
{
    if (argc != 2)
        return query_malformed ();
    uint32_t v = graph_find_path (q->g, argv[1]);
    if (v == GRAPH_NONE)
        fprintf (q->out, "Could not find path %s in resource graph.\n", argv[1]);
    else
        fprintf (q->out, "%s is %s\n", argv[1], graph_status_name (graph_status (q->g, v)));
    return 0;
}
