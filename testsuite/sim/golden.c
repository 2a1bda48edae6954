/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * golden CASE: a golden case of flux resource-query (from the folder of the data) as jobs of Slurm:
 * its graph is the site's, its policy that of graph.conf, and each jobspec the request of a job.
 * Prints what each job got in Slurm's own books: `1: node0=0-3 node2=0`, or `2: none`. Exit code
 * 77: the case has what Slurm has not. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/load.h"
#include "lib/graph/io/write.h"
#include "lib/graph/io/yaml.h"
#include "lib/graph/recipe.h"
#include "lib/util/buf.h"
#include "lib/util/fdutil.h"
#include "testsuite/sim/ctld.h"

enum { MAX_MATCHES = 64, UNKNOWN = 77 };

struct golden {
    char format[32], graph_path[256], policy[256];
    struct graph *graph;
    job_record_t *jobs[MAX_MATCHES + 1];
    uint32_t n; // matches so far
    bool started;
};

static char *read_all (const char *path)
{
    char *text = NULL;

    if (file_read_all (path, 1 << 20, &text) < 0)
        fatal ("%s: %m", path);
    return text;
}

/* The first line: `# options: -f recipe -L graphs/racks -P "pack level=rack"` */
static bool read_options (struct golden *g, const char *line)
{
    if (strstr (line, " -T ") || strstr (line, " -S "))
        return false;
    return sscanf (line, "# options: -f %31s -L %255s -P \"%255[^\"]\"", g->format, g->graph_path,
                   g->policy) == 3 ||
           sscanf (line, "# options: -f %31s -L %255s -P %255[^ \n]", g->format, g->graph_path,
                   g->policy) == 3;
}

static void load (struct golden *g)
{
    char *text = read_all (g->graph_path);
    flux_error_t why;

    if (strcmp (g->format, "recipe") == 0)
        g->graph = graph_from_recipe (text, &why);
    else if (strcmp (g->format, "jgf") == 0 && (g->graph = graph_create ()) &&
             load_jgf_text (g->graph, text, strlen (text), &why) < 0)
        fatal ("%s: %s", g->graph_path, why.text);
    free (text);
}

/* ---- The site ---- */

static char *write_site (const struct graph *g)
{
    struct writer *w = writer_create (WRITE_JGF);
    struct buf out = {.data = NULL};

    for (uint32_t v = 0; v < graph_limit (g); v++) {
        struct write_vertex vertex = {
            .vertex = v, .needs = graph_size (g, v), .depth = graph_depth (g, v)};

        if (writer_vertex (w, g, &vertex) < 0)
            fatal ("a vertex is not written");
    }
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_parent (g, v) != GRAPH_NONE)
            (void)writer_edge (w, g, graph_parent (g, v), v, false);
    if (writer_finish (w, &out) < 0)
        fatal ("the graph is not written");
    writer_destroy (w);
    return out.data;
}

static uint32_t cores_below (const struct graph *g, uint32_t v)
{
    uint32_t n = strcmp (graph_type (g, v), "core") == 0 ? graph_size (g, v) : 0;

    for (uint32_t i = 0; i < graph_child_count (g, v); i++)
        n += cores_below (g, graph_child (g, v, i));
    return n;
}

static void start (struct golden *g)
{
    const uint32_t *list;
    size_t n = graph_find_type (g->graph, "node", &list);
    char *names = NULL, *site = write_site (g->graph), conf[400];
    struct ctld_shape shape = {.sockets = 1, .site = site, .graph_conf = conf};

    if (n == 0 || (shape.cores = cores_below (g->graph, list[0])) == 0)
        exit (UNKNOWN);
    for (size_t i = 0; i < n; i++) {
        char name[GRAPH_MAX_NAME + 1];

        graph_name (g->graph, list[i], name, sizeof (name));
        xstrfmtcat (names, "%s%s", i ? "," : "", name);
    }
    snprintf (conf, sizeof (conf), "Policy=\"%s\"\nCoreChoice=graph Candidates=1 Ties=fluxion\n",
              g->policy);
    shape.nodes = n;
    shape.names = names;
    ctld_start (&shape);
    g->started = true;
    xfree (names);
    free (site);
}

/* ---- The commands ---- */

static void print_cores (const job_record_t *job)
{
    const job_resources_t *res = job->job_resrcs;
    int64_t bit = 0;

    for (int64_t i = 0; i < node_record_count; i++) {
        uint32_t cores = node_record_table_ptr[i]->tot_cores;
        const char *before = "=";

        if (!bit_test (res->node_bitmap, i))
            continue;
        printf (" %s", node_record_table_ptr[i]->name);
        for (uint32_t c = 0; c < cores; c++, bit++)
            if (bit_test (res->core_bitmap, bit)) {
                printf ("%s%u", before, c);
                before = ",";
            }
    }
}

/* Slurm has constraints of its own. */
static bool is_constrained (const json_t *jobspec)
{
    const json_t *o = json_object_get (jobspec, "attributes");

    return json_object_get (json_object_get (o, "system"), "constraints") != NULL;
}

static bool match (struct golden *g, const char *path)
{
    flux_error_t why;
    char *text = read_all (path), *request;
    json_t *jobspec = yaml_to_json (text, strlen (text), &why);
    struct ctld_job want = {.nodes_min = 1, .tasks = 1};

    if (!jobspec)
        fatal ("%s: %s", path, why.text);
    if (is_constrained (jobspec))
        return false;
    request = json_dumps (json_object_get (jobspec, "resources"), JSON_COMPACT);
    want.request = request;
    g->jobs[++g->n] = ctld_run (&want, NULL);
    printf ("%u:", g->n);
    if (g->jobs[g->n])
        print_cores (g->jobs[g->n]);
    else
        printf (" none");
    printf ("\n");
    free (request);
    free (text);
    json_decref (jobspec);
    return true;
}

static bool run (struct golden *g, char *line)
{
    char a[256], b[256];
    unsigned int job;

    line[strcspn (line, "\n")] = '\0';
    if (sscanf (line, "set-property %255s %255s", a, b) == 2 && !g->started && strchr (b, '=')) {
        char *value = strchr (b, '=');

        *value++ = '\0';
        return graph_set_property (g->graph, graph_find_path (g->graph, a), b, value) == 0;
    }
    if (strncmp (line, "match allocate ", 15) == 0 && sscanf (line + 15, "%255s", a) == 1 &&
        g->n < MAX_MATCHES) {
        if (!g->started)
            start (g);
        return match (g, a);
    }
    if (sscanf (line, "cancel %u", &job) == 1 && job <= g->n && g->jobs[job]) {
        ctld_finish (g->jobs[job]);
        g->jobs[job] = NULL;
        return true;
    }
    return strcmp (line, "quit") == 0;
}

int main (int argc, char **argv)
{
    struct golden g = {.n = 0};
    char line[1024];
    FILE *f = argc == 2 ? fopen (argv[1], "r") : NULL;
    bool known;

    if (!f) {
        fprintf (stderr, "usage: golden CASE\n");
        return 2;
    }
    known = fgets (line, sizeof (line), f) && read_options (&g, line);
    if (known)
        load (&g);
    known = known && g.graph;
    while (known && fgets (line, sizeof (line), f))
        known = run (&g, line);
    fclose (f);
    if (g.started)
        ctld_end ();
    graph_destroy (g.graph);
    return known ? 0 : UNKNOWN;
}
