/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Graph files and criteria. The first byte says what the rest is: j JGF, r R, g GRUG, p recipe, y
 * YAML, f find criteria, o policy options, q resources of a jobspec in YAML, s a jobspec in JSON.
 * What loads must hold together, be written and read back, and serve a match; a request and a
 * policy must leave a graph whole, whatever they get. */

#include <ctype.h>

#include "lib/graph/io/find.h"
#include "lib/graph/io/jobspec.h"
#include "lib/graph/io/load.h"
#include "lib/graph/io/yaml.h"
#include "lib/graph/recipe.h"
#include "testsuite/fuzz/fuzz.h"

/* Large counts are allowed, but not what a fuzzer should spend its time on. */
static bool counts_are_small (const char *text, size_t len)
{
    size_t digits = 0;
    for (size_t i = 0; i < len; i++) {
        digits = isdigit ((unsigned char)text[i]) ? digits + 1 : 0;
        if (digits > 2)
            return false;
    }
    return true;
}

static void match_all (struct matcher *m)
{
    struct request *req = request_create ();
    struct request_resource *r = request_add (req, NULL, "slot", NULL);
    const struct result *res;
    flux_error_t error;
    MUST (r && request_add (req, r, "core", NULL));
    MUST (request_seal (req, &error) == 0);
    for (uint64_t id = 1; id < 4; id++)
        if (matcher_match (m, req, MATCH_ALLOCATE_ORELSE_RESERVE, id, 0, NULL, &res, &error) == 0)
            MUST (res->count > 0);
    MUST (matcher_check (m, &error) == 0);
    for (uint64_t id = 1; id < 4; id++)
        matcher_cancel (m, id, &error);
    MUST (matcher_check (m, &error) == 0);
    request_destroy (req);
}

static void check (struct graph *g)
{
    flux_error_t error;
    struct matcher *m = matcher_create (g, "low", 0, &error);
    struct find *f = find_create ("status=up or status=down", &error);
    struct writer *w = writer_create (WRITE_JGF);
    MUST (m && f && w);
    MUST (graph_check (g, &error) == 0);
    match_all (m);
    if (find_write (f, m, w, &error) == 0) {
        json_t *o = writer_finish_json (w);
        json_decref (o);
    }
    writer_destroy (w);
    find_destroy (f);
    matcher_destroy (m);
}

/* JGF straight from text makes of it what the JSON value makes. */
static void compare_ways (const json_t *o, const char *text, size_t len)
{
    struct graph *a = graph_create (), *b = graph_create ();
    struct graph_stats sa, sb;
    flux_error_t error;
    int rc = load_jgf_text (a, text, len, &error);
    MUST ((rc == 0) == (o && load_jgf (b, o, &error) == 0));
    graph_stats (a, &sa);
    graph_stats (b, &sb);
    MUST (sa.vertices == sb.vertices && sa.edges == sb.edges && sa.types == sb.types &&
          sa.depth == sb.depth);
    graph_destroy (a);
    graph_destroy (b);
}

static int load (struct graph *g, char kind, const char *text, size_t len)
{
    flux_error_t error;
    if (kind == 'g')
        return counts_are_small (text, len) ? load_grug (g, text, len, &error) : -1;
    json_t *o = json_loadb (text, len, 0, NULL);
    if (kind == 'j')
        compare_ways (o, text, len);
    int rc = !o ? -1 : kind == 'j' ? load_jgf (g, o, &error) : load_rv1 (g, o, &error);
    json_decref (o);
    return rc;
}

static struct request *read_request (const char *text, size_t len)
{
    flux_error_t error;
    json_t *o = yaml_to_json (text, len, &error), *joined = NULL;
    struct request *req = request_create ();
    MUST (req);
    if (!o ||
        (len % 2 && !(joined = jobspec_join_slots (json_object_get (o, "resources"), &error))) ||
        request_add_resources (req, joined ? joined : json_object_get (o, "resources"), &error) <
            0 ||
        request_seal (req, &error) < 0) {
        MUST (!o || *error.text);
        request_destroy (req);
        req = NULL;
    }
    json_decref (joined);
    json_decref (o);
    return req;
}

/* Jobs with the same request until it waits, then all of them gone. */
static void try_request (struct matcher *m, const struct request *req)
{
    flux_error_t error;
    uint64_t id = 1;
    while (id < 6 &&
           matcher_match (m, req, MATCH_ALLOCATE_ORELSE_RESERVE, id, 0, NULL, NULL, &error) == 0)
        id++;
    matcher_match (m, req, MATCH_SATISFIABILITY, id, 0, NULL, NULL, &error);
    MUST (matcher_check (m, &error) == 0);
    while (id-- > 1)
        matcher_cancel (m, id, &error);
    MUST (matcher_check (m, &error) == 0);
    MUST (graph_njobs (matcher_graph (m), graph_root (matcher_graph (m))) == 0);
}

static void request_input (const char *text, size_t len)
{
    static const char *policies[] = {"low",
                                     "high",
                                     "first",
                                     "locality",
                                     "bestfit",
                                     "lonodex",
                                     "pack level=rack",
                                     "spread level=node",
                                     "variation",
                                     "nearest target=gpu"};
    struct request *req = read_request (text, len);
    flux_error_t error;
    for (size_t i = 0; req && i < sizeof (policies) / sizeof (policies[0]); i++) {
        struct graph *g = graph_from_recipe (
            "cluster/rack=2/node=2/[socket=2/[core=2;gpu=1];memory=9{unit:GB,split:true}]", &error);
        int flags = (len % 3 ? 0 : MATCHER_FLEXIBLE) | (len % 5 ? 0 : MATCHER_THROUGH);
        struct matcher *m = matcher_create (g, policies[i], flags, &error);
        MUST (m);
        if (i == 0 && request_fit_units (req, g, &error) < 0)
            MUST (*error.text);
        try_request (m, req);
        matcher_destroy (m);
        graph_destroy (g);
    }
    request_destroy (req);
}

static bool same_text (const char *a, const char *b)
{
    return a == b || (a && b && !strcmp (a, b));
}

/* A jobspec straight from text makes the request that the JSON value makes. */
static void jobspec_input (const char *text, size_t len)
{
    struct request *direct = request_from_json_text (text, len), *other;
    json_t *o = direct ? json_loadb (text, len, 0, NULL) : NULL;
    if (!direct)
        return;
    MUST (o && (other = request_create ()));
    json_t *system = json_object_get (json_object_get (o, "attributes"), "system");
    MUST (request_add_resources (other, json_object_get (o, "resources"), NULL) == 0);
    MUST (!json_object_get (system, "constraints"));
    MUST (direct->duration == json_number_value (json_object_get (system, "duration")));
    MUST (same_text (direct->queue, json_string_value (json_object_get (system, "queue"))));
    MUST (request_seal (other, NULL) == 0 && request_count (direct) == request_count (other));
    for (size_t i = 0; i < request_count (direct); i++) {
        const struct request_resource *a = request_resource_at (direct, i);
        const struct request_resource *b = request_resource_at (other, i);
        MUST (a->kind == b->kind && same_text (a->type, b->type) && same_text (a->unit, b->unit));
        MUST (same_text (a->label, b->label) && same_text (a->id, b->id));
        MUST (a->count.min == b->count.min && a->count.max == b->count.max);
        MUST (a->exclusive == b->exclusive && !a->parent == !b->parent);
        MUST (!a->parent || a->parent->index == b->parent->index);
    }
    json_decref (o);
    request_destroy (direct);
    request_destroy (other);
}

static void policy_input (const char *text)
{
    flux_error_t error;
    struct graph *g = graph_from_recipe ("cluster/rack=2/node=2/core=2", &error);
    struct matcher *m = matcher_create (g, text, 0, &error);
    if (m)
        match_all (m);
    matcher_destroy (m);
    graph_destroy (g);
}

static void text_input (char kind, const char *data, size_t size)
{
    flux_error_t error;
    char *text = fuzz_string ((const uint8_t *)data, size);
    if (kind == 'f')
        find_destroy (find_create (text, &error));
    else if (kind == 'o')
        policy_input (text);
    else if (counts_are_small (text, strlen (text))) {
        struct graph *g = graph_from_recipe (text, &error);
        if (g && graph_count (g) < 20000)
            check (g);
        graph_destroy (g);
    }
    free (text);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    flux_error_t error;
    if (size < 1)
        return 0;
    const char *text = (const char *)data + 1;
    if (*data == 'y')
        json_decref (yaml_to_json (text, size - 1, &error));
    else if (*data == 'q')
        request_input (text, size - 1);
    else if (*data == 's')
        jobspec_input (text, size - 1);
    else if (*data == 'f' || *data == 'p' || *data == 'o')
        text_input (*data, text, size - 1);
    else if (*data == 'j' || *data == 'r' || *data == 'g') {
        struct graph *g = graph_create ();
        if (load (g, *data, text, size - 1) == 0)
            check (g);
        else
            MUST (graph_count (g) == 0);
        graph_destroy (g);
    }
    return 0;
}
