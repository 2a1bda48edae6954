/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What a match costs: time (median of many), and vertices and index entries looked at, which is the
 * same on every machine.
 *
 *     graph_bench [nodes ...]      sizes x policies x fill levels x requests; 1000 10000 by default
 *     graph_bench --reserve NODES  a full machine and a thousand jobs that wait
 *     graph_bench --nested NODES   requests of several levels, which are walked
 *     graph_bench --check          the numbers looked at stay within what match.h promises
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/recipe.h"
#include "lib/util/monotime.h"
#include "testsuite/bench/graph_bench.h"
#include "testsuite/bench/median.h"
#include "testsuite/unit/graph/request_text.h"

static const char *policies[] = {"first", "low", "high", "locality"};
const int bench_fills[] = {0, 50, 90, 99};
const struct bench_request bench_requests[] = {
    {"1 core", "slot=1/core=1"},
    {"1 core of a node", "node=1/slot=1/core=1"},
    {"1 node", "node=1!/slot=1/core=1"},
    {"64 nodes", "node=64!/slot=1/core=1"},
};
#define COUNT(a) (sizeof (a) / sizeof (a[0]))

void bench_die (const char *what, const char *why)
{
    fprintf (stderr, "graph_bench: %s: %s\n", what, why);
    exit (1);
}

uint32_t bench_pick (uint64_t *rng, uint32_t n)
{
    *rng ^= *rng << 13;
    *rng ^= *rng >> 7;
    *rng ^= *rng << 17;
    return (*rng >> 11) % n;
}

struct graph *bench_make (uint32_t nodes, double *seconds)
{
    char recipe[256];
    flux_error_t error;
    snprintf (recipe, sizeof (recipe),
              "cluster/rack=%u/node=100/[socket=2/core=16;gpu=4;memory=256{unit:GB}]", nodes / 100);
    double t = monotime_now ();
    struct graph *g = graph_from_recipe (recipe, &error);
    *seconds = monotime_now () - t;
    if (!g)
        bench_die (recipe, error.text);
    return g;
}

size_t bench_items (const struct graph *g, uint32_t v, struct result_item *items)
{
    size_t n = 1;
    items[0] = (struct result_item){.vertex = v, .needs = graph_size (g, v), .exclusive = 1};
    for (uint32_t i = 0; i < graph_child_count (g, v); i++)
        n += bench_items (g, graph_child (g, v, i), items + n);
    return n;
}

void bench_fill (struct matcher *m, int percent)
{
    struct graph *g = matcher_graph (m);
    struct result_item items[64];
    flux_error_t error;
    const uint32_t *node;
    uint64_t rng = 42;
    size_t n = graph_find_type (g, "node", &node), left = n * percent / 100;
    for (size_t i = 0; i < n && left; i++) {
        if (bench_pick (&rng, n - i) >= left)
            continue;
        left--;
        size_t k = bench_items (g, node[i], items);
        if (matcher_update (m, i, 0, 100000, false, items, k, NULL, &error) < 0)
            bench_die ("fill", error.text);
    }
}

struct cost bench_measure (struct matcher *m, const char *text, const struct policy *policy,
                           int rounds)
{
    double us[BENCH_ROUNDS], visits[BENCH_ROUNDS];
    struct request *req = request_from_text (text, 3600);
    struct match_counters c;
    flux_error_t error;
    int n = 0;
    for (int i = -2; i < rounds; i++) {
        double t = monotime_now ();
        int rc = matcher_match (m, req, MATCH_ALLOCATE, FIRST_JOB + i, 0, policy, NULL, &error);
        t = monotime_now () - t;
        matcher_counters (m, &c);
        if (i >= 0) {
            us[n] = t * 1e6;
            visits[n++] = c.visits;
        }
        if (rc < 0)
            continue;
        if (matcher_cancel (m, FIRST_JOB + i, &error) < 0)
            bench_die ("cancel", error.text);
    }
    double time = median (us, n);
    double looked = median (visits, n);
    request_destroy (req);
    return (struct cost){time, looked};
}

static void table (uint32_t nodes)
{
    double seconds;
    struct graph_stats st;
    flux_error_t error;
    struct graph *g = bench_make (nodes, &seconds);
    graph_stats (g, &st);
    printf ("%u nodes: %zu vertices in %.3f s, %.0f bytes each\n", nodes, st.vertices, seconds,
            (double)st.bytes / st.vertices);
    printf ("%-18s %-9s", "median us (visits)", "policy");
    for (size_t f = 0; f < COUNT (bench_fills); f++)
        printf ("  %12d %%", bench_fills[f]);
    printf ("\n");
    static struct cost cost[COUNT (bench_requests)][COUNT (policies)][COUNT (bench_fills)];
    for (size_t f = 0; f < COUNT (bench_fills); f++) {
        struct matcher *m = matcher_create (g, "low", 0, &error);
        bench_fill (m, bench_fills[f]);
        for (size_t p = 0; p < COUNT (policies); p++) {
            struct policy *policy = policy_create (policies[p], &error);
            for (size_t r = 0; r < COUNT (bench_requests); r++)
                cost[r][p][f] = bench_measure (m, bench_requests[r].text, policy, BENCH_ROUNDS);
            policy_destroy (policy);
        }
        matcher_destroy (m);
        graph_destroy (g);
        g = bench_make (nodes, &seconds);
    }
    for (size_t r = 0; r < COUNT (bench_requests); r++)
        for (size_t p = 0; p < COUNT (policies); p++) {
            printf ("%-18s %-9s", bench_requests[r].name, policies[p]);
            for (size_t f = 0; f < COUNT (bench_fills); f++)
                printf ("  %6.1f (%5.0f)", cost[r][p][f].us, cost[r][p][f].visits);
            printf ("\n");
        }
    graph_destroy (g);
}

static const char *nested[] = {
    "rack=1/node=2/slot=1/core=4",
    "cluster=1/rack=2/node=4/slot=1/core=1",
    "node=4/socket=1/slot=1/core=8",
    "node=2/slot=1/[socket=1;gpu=2]",
    "slot=4/[core=4;gpu=1]",
    "slot=1/socket=2/core=16",
    "[node=1/slot=1/core=1;rack=1/node=1/slot=1/core=1]",
};

static void nested_table (uint32_t nodes)
{
    static const char *walked[] = {"first",    "low",     "high",
                                   "locality", "bestfit", "pack level=rack"};
    double seconds;
    flux_error_t error;
    for (size_t f = 0; f < COUNT (bench_fills); f++) {
        struct graph *g = bench_make (nodes, &seconds);
        struct matcher *m = matcher_create (g, "low", 0, &error);
        bench_fill (m, bench_fills[f]);
        printf ("%d %% full\n", bench_fills[f]);
        for (size_t r = 0; r < COUNT (nested); r++)
            for (size_t p = 0; p < COUNT (walked); p++) {
                struct policy *policy = policy_create (walked[p], &error);
                struct cost c = bench_measure (m, nested[r], policy, BENCH_ROUNDS);
                printf ("%-52s %-16s %9.1f us %8.0f visits\n", nested[r], walked[p], c.us,
                        c.visits);
                policy_destroy (policy);
            }
        matcher_destroy (m);
        graph_destroy (g);
    }
}

/* Every node is taken until some time; then jobs come that have to wait. */
static void reserve (uint32_t nodes)
{
    enum { JOBS = 1000 };
    double seconds, us[JOBS], tries[JOBS];
    struct match_counters c;
    flux_error_t error;
    const struct result *res;
    uint64_t rng = 7;
    struct graph *g = bench_make (nodes, &seconds);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    for (uint32_t i = 0; i < nodes; i++) {
        struct request *req =
            request_from_text ("node=1!/slot=1/core=1", 600 + bench_pick (&rng, 86400));
        if (matcher_match (m, req, MATCH_ALLOCATE, i, 0, NULL, NULL, &error) < 0)
            bench_die ("fill", error.text);
        request_destroy (req);
    }
    for (int i = 0; i < JOBS; i++) {
        struct request *req =
            request_from_text (i % 4 ? "node=1!/slot=1/core=1" : "node=64!/slot=1/core=1",
                               3600 + bench_pick (&rng, 3600));
        double t = monotime_now ();
        if (matcher_match (m, req, MATCH_ALLOCATE_ORELSE_RESERVE, FIRST_JOB + i, 0, NULL, &res,
                           &error) < 0)
            bench_die ("reserve", error.text);
        us[i] = (monotime_now () - t) * 1e6;
        matcher_counters (m, &c);
        tries[i] = c.candidates;
        request_destroy (req);
    }
    printf ("%u nodes, all taken: the last of %d reservations starts at %lld s\n", nodes, JOBS,
            (long long)res->at);
    if (matcher_check (m, &error) < 0)
        bench_die ("check", error.text);
    double us_median = median (us, JOBS), tries_median = median (tries, JOBS); // and sorted
    printf ("reserve, us: median %.0f, 90 %% %.0f, most %.0f; times tried: %.0f, %.0f, %.0f\n",
            us_median, us[JOBS * 9 / 10], us[JOBS - 1], tries_median, tries[JOBS * 9 / 10],
            tries[JOBS - 1]);
    matcher_destroy (m);
    graph_destroy (g);
}

int main (int argc, char **argv)
{
    if (argc == 2 && !strcmp (argv[1], "--check"))
        return bench_check ();
    if (argc == 3 && !strcmp (argv[1], "--nested")) {
        nested_table (strtoul (argv[2], NULL, 10));
        return 0;
    }
    if (argc == 3 && !strcmp (argv[1], "--reserve")) {
        reserve (strtoul (argv[2], NULL, 10));
        return 0;
    }
    if (argc == 1) {
        table (1000);
        table (10000);
    }
    for (int i = 1; i < argc; i++)
        table (strtoul (argv[i], NULL, 10));
    return 0;
}
