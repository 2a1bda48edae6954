/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Options, loading, and the loop over commands. */

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/graph/io/allow.h"
#include "lib/graph/io/load_hwloc.h"
#include "lib/graph/recipe.h"
#include "lib/util/errprintf.h"
#include "lib/util/monotime.h"
#include "shell/resource_query/query.h"

struct options {
    const char *load_file, *load_format, *subsystems, *policy, *format, *prune, *test_output;
    const char *graph_output, *graph_format, *traverser, *allow;
    bool elapse, no_prompt, fast;
};

static const struct option longopts[] = {
    {"load-file", required_argument, NULL, 'L'},
    {"load-format", required_argument, NULL, 'f'},
    {"load-allowlist", required_argument, NULL, 'W'},
    {"match-subsystems", required_argument, NULL, 'S'},
    {"match-policy", required_argument, NULL, 'P'},
    {"match-format", required_argument, NULL, 'F'},
    {"traverser-policy", required_argument, NULL, 'T'},
    {"graph-format", required_argument, NULL, 'g'},
    {"graph-output", required_argument, NULL, 'o'},
    {"prune-filters", required_argument, NULL, 'p'},
    {"test-output", required_argument, NULL, 't'},
    {"reserve-vtx-vec", required_argument, NULL, 'r'},
    {"elapse-time", no_argument, NULL, 'e'},
    {"disable-prompt", no_argument, NULL, 'd'},
    {"fast-ties", no_argument, NULL, 'x'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* --help is that of the verb, which has the table of options. */
static const char usage_text[] = "flux-resource-query: see flux resource-query --help\n";

static void die (const char *what, const char *why)
{
    fprintf (stderr, "flux-resource-query: %s: %s\n", what, why);
    exit (1);
}

/* -p and -W may be given more than once. */
static char *append_list (char *list, const char *more)
{
    char *all = NULL;
    if (asprintf (&all, "%s%s%s", list ? list : "", list ? "," : "", more) < 0)
        die ("options", "out of memory");
    free (list);
    return all;
}

static void parse_options (int argc, char **argv, struct options *o)
{
    char *prune = NULL, *allow = NULL;
    int c;
    while ((c = getopt_long (argc, argv, "L:f:W:S:P:T:F:g:o:p:t:r:edh", longopts, NULL)) != -1) {
        switch (c) {
        case 'L':
            o->load_file = optarg;
            break;
        case 'f':
            o->load_format = optarg;
            break;
        case 'S':
            o->subsystems = optarg;
            break;
        case 'P':
            o->policy = optarg;
            break;
        case 'F':
            o->format = optarg;
            break;
        case 'T':
            o->traverser = optarg;
            break;
        case 'g':
            o->graph_format = optarg;
            break;
        case 'o':
            o->graph_output = optarg;
            break;
        case 'p':
            if (optarg[strspn (optarg, " ")])
                prune = append_list (prune, optarg);
            break;
        case 't':
            o->test_output = optarg;
            break;
        case 'e':
            o->elapse = true;
            break;
        case 'd':
            o->no_prompt = true;
            break;
        case 'x':
            o->fast = true;
            break;
        case 'W':
            allow = append_list (allow, optarg);
            break;
        case 'r':
            break; // memory grows by itself
        case 'h':
            fputs (usage_text, stdout);
            exit (0);
        default:
            fputs (usage_text, stderr);
            exit (1);
        }
    }
    if (prune)
        o->prune = prune; // for the life of the program
    if (allow)
        o->allow = allow;
    if (optind != argc) {
        fputs (usage_text, stderr);
        exit (1);
    }
}

/* The first subsystem of a set is the one to walk. */
static const char *dominant_of (const char *set)
{
    static const struct {
        const char *name, *subsystem;
    } sets[] = {{"CA", "containment"},     {"IBA", "ibnet"},           {"IBBA", "ibnetbw"},
                {"PA", "power"},           {"PFS1BA", "pfs1bw"},       {"C+IBA", "containment"},
                {"C+IBBA", "containment"}, {"C+PA", "containment"},    {"C+PFS1BA", "containment"},
                {"IB+IBBA", "ibnet"},      {"C+P+IBA", "containment"}, {"V+PFS1BA", "virtual1"},
                {"VA", "virtual1"},        {"ALL", "containment"}};
    for (size_t i = 0; i < sizeof (sets) / sizeof (sets[0]); i++)
        if (!strcasecmp (sets[i].name, set))
            return sets[i].subsystem;
    die ("unknown subsystems", set);
    return NULL;
}

static int load_text (struct graph *g, const char *format, const char *text, size_t len,
                      flux_error_t *errp)
{
    json_error_t error;
    if (!strcmp (format, "grug"))
        return load_grug (g, text, len, errp);
    bool jgf = !strcmp (format, "jgf") || !strcmp (format, "jgf_shorthand");
    if (!jgf && strcmp (format, "rv1exec") && strcmp (format, "rv1exec_force"))
        die ("unknown load format", format);
    if (jgf)
        return load_jgf_text (g, text, len, errp);
    json_t *o = json_loadb (text, len, 0, &error);
    if (!o) {
        errno = EINVAL;
        return errprintf (errp, "line %d: %s", error.line, error.text);
    }
    int rc = load_rv1 (g, o, errp);
    json_decref (o);
    return rc;
}

/* Without a file it is this machine. */
static struct graph *load_machine (const struct options *o)
{
    flux_error_t error;
    size_t len = 0;
    char *text = o->load_file ? query_read_file (o->load_file, &len) : NULL;
    struct graph *g = graph_create ();
    if (o->load_file && !text)
        die (o->load_file, strerror (errno));
    if (!g || load_hwloc (g, text, len, o->allow, &error) < 0)
        die (o->load_file ? o->load_file : "this machine", g ? error.text : "out of memory");
    free (text);
    return g;
}

static struct graph *leave_out (struct graph *all, const struct options *o)
{
    flux_error_t error = {"out of memory"};
    struct graph *g = graph_create ();
    if (!g || graph_copy_allowed (g, all, o->allow, &error) < 0)
        die ("--load-allowlist", error.text);
    graph_destroy (all);
    return g;
}

static struct graph *load_file (const struct options *o)
{
    flux_error_t error;
    size_t len;
    char *text = query_read_file (o->load_file, &len);
    if (!text)
        die (o->load_file, strerror (errno));
    struct graph *g;
    if (!strcmp (o->load_format, "recipe")) {
        while (len > 0 && strchr (" \n", text[len - 1]))
            text[--len] = '\0';
        if (!(g = graph_from_recipe (text, &error)))
            die (o->load_file, error.text);
    } else {
        if (!(g = graph_create ()))
            die (o->load_file, "out of memory");
        if (graph_set_dominant (g, dominant_of (o->subsystems), &error) < 0 ||
            load_text (g, o->load_format, text, len, &error) < 0)
            die (o->load_file, error.text);
    }
    free (text);
    return o->allow ? leave_out (g, o) : g;
}

static struct graph *load (struct options *o)
{
    if (!strcmp (o->load_format, "hwloc"))
        return load_machine (o);
    if (!o->load_file)
        o->load_file = "conf/default";
    return load_file (o);
}

static void write_graph (const struct query *q, const struct options *o)
{
    char path[4096];
    bool graphml = !strcasecmp (o->graph_format, "graphml");
    if (!graphml && strcasecmp (o->graph_format, "dot"))
        die ("unknown graph format", o->graph_format);
    snprintf (path, sizeof (path), "%s.%s", o->graph_output, graphml ? "graphml" : "dot");
    FILE *f = fopen (path, "w");
    if (!f || query_write_graph (q->g, graphml ? "graphml" : "dot", f) < 0 || fclose (f) != 0)
        die (path, strerror (errno));
}

static void print_load (const struct query *q, double seconds)
{
    struct graph_stats st;
    graph_stats (q->g, &st);
    printf ("INFO: Graph Load Time: %g\nINFO: Vertex Count: %zu\nINFO: Edge Count: %zu\n", seconds,
            st.vertices, st.edges);
}

static void loop (struct query *q, const struct options *o)
{
    char *line = NULL;
    size_t size = 0;
    bool prompt = !o->no_prompt && isatty (STDIN_FILENO);
    for (;;) {
        if (prompt) {
            fputs ("resource-query> ", stdout);
            fflush (stdout);
        }
        if (getline (&line, &size, stdin) < 0 || query_command (q, line) < 0)
            break;
    }
    free (line);
}

static void open_query (struct query *q, struct options *o)
{
    flux_error_t error;
    int format = write_format_parse (o->format);
    int flags = o->fast ? 0 : MATCHER_EXACT_TIES;
    if (!strcmp (o->traverser, "flexible"))
        flags |= MATCHER_FLEXIBLE;
    else if (strcmp (o->traverser, "simple"))
        die ("unknown traverser", o->traverser);
    if (format < 0)
        die ("unknown match format", o->format);
    double t = monotime_now ();
    q->g = load (o);
    if (!(q->m = matcher_create (q->g, o->policy, flags, &error)) ||
        matcher_set_prune (q->m, o->prune, &error) < 0)
        die ("options", error.text);
    if (!(q->w = writer_create (format)))
        die ("options", "out of memory");
    if (!o->fast && !strncmp (o->load_format, "jgf", 3))
        writer_omit_units (q->w);
    if (o->elapse)
        print_load (q, monotime_now () - t);
    q->elapse = o->elapse;
    q->fast = o->fast;
    q->next_job = 1;
    q->out = stdout;
    if (o->test_output && !(q->out = fopen (o->test_output, "w")))
        die (o->test_output, strerror (errno));
    setvbuf (q->out, NULL, _IOLBF, 0); // in order with what goes to stderr
}

int main (int argc, char **argv)
{
    struct options o = {.load_format = "grug",
                        .subsystems = "CA",
                        .policy = "first",
                        .format = "simple",
                        .prune = "ALL:core,ALL:node",
                        .graph_format = "dot",
                        .traverser = "simple"};
    struct query q = {.g = NULL};
    parse_options (argc, argv, &o);
    open_query (&q, &o);
    loop (&q, &o);
    if (o.graph_output)
        write_graph (&q, &o);
    for (size_t i = 0; i < q.njobs; i++)
        free (q.job[i].jobspec);
    free (q.job);
    writer_destroy (q.w);
    matcher_destroy (q.m);
    graph_destroy (q.g);
    return fflush (q.out) || ferror (q.out) ? 1 : 0;
}
