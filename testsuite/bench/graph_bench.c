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

#include "lib/graph/match.h"
#include "lib/graph/recipe.h"
#include "lib/util/monotime.h"
#include "testsuite/unit/graph/request_text.h"

enum { ROUNDS = 51, FIRST_JOB = 1000000000 }; // jobs that fill the graph have lesser ids

static const char *policies[] = {"first", "low", "high", "locality"};
static const int fills[] = {0, 50, 90, 99};
static const struct {
    const char *name, *text;
} requests[] = {
    {"1 core", "slot=1/core=1"},
    {"1 core of a node", "node=1/slot=1/core=1"},
    {"1 node", "node=1!/slot=1/core=1"},
    {"64 nodes", "node=64!/slot=1/core=1"},
};
#define COUNT(a) (sizeof (a) / sizeof (a[0]))

static void die (const char *what, const char *why)
{
    fprintf (stderr, "graph_bench: %s: %s\n", what, why);
    exit (1);
}

static uint32_t pick (uint64_t *rng, uint32_t n)
{
    *rng ^= *rng << 13;
    *rng ^= *rng >> 7;
    *rng ^= *rng << 17;
    return (*rng >> 11) % n;
}

static struct graph *make (uint32_t nodes, double *seconds)
{
    char recipe[256];
    flux_error_t error;
    snprintf (recipe, sizeof (recipe),
              "cluster/rack=%u/node=100/[socket=2/core=16;gpu=4;memory=256{unit:GB}]", nodes / 100);
    double t = monotime_now ();
    struct graph *g = graph_from_recipe (recipe, &error);
    *seconds = monotime_now () - t;
    if (!g)
        die (recipe, error.text);
    return g;
}

static size_t add_items (const struct graph *g, uint32_t v, struct result_item *items)
{
    size_t n = 1;
    items[0] = (struct result_item){.vertex = v, .needs = graph_size (g, v), .exclusive = 1};
    for (uint32_t i = 0; i < graph_child_count (g, v); i++)
        n += add_items (g, graph_child (g, v, i), items + n);
    return n;
}

/* Give away so many of a hundred nodes, here and there. */
static void fill (struct matcher *m, int percent)
{
    struct graph *g = matcher_graph (m);
    struct result_item items[64];
    flux_error_t error;
    const uint32_t *node;
    uint64_t rng = 42;
    size_t n = graph_find_type (g, "node", &node), left = n * percent / 100;
    for (size_t i = 0; i < n && left; i++) {
        if (pick (&rng, n - i) >= left)
            continue;
        left--;
        size_t k = add_items (g, node[i], items);
        if (matcher_update (m, i, 0, 100000, false, items, k, NULL, &error) < 0)
            die ("fill", error.text);
    }
}

static int by_value (const void *a, const void *b)
{
    const double *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

struct cost {
    double us;
    double visits;
};

static struct cost measure (struct matcher *m, const char *text, const struct policy *policy)
{
    double us[ROUNDS], visits[ROUNDS];
    struct request *req = request_from_text (text, 3600);
    struct match_counters c;
    flux_error_t error;
    int n = 0;
    for (int i = -2; i < ROUNDS; i++) {
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
            die ("cancel", error.text);
    }
    qsort (us, n, sizeof (us[0]), by_value);
    qsort (visits, n, sizeof (visits[0]), by_value);
    request_destroy (req);
    return (struct cost){us[n / 2], visits[n / 2]};
}

static void table (uint32_t nodes)
{
    double seconds;
    struct graph_stats st;
    flux_error_t error;
    struct graph *g = make (nodes, &seconds);
    graph_stats (g, &st);
    printf ("%u nodes: %zu vertices in %.3f s, %.0f bytes each\n", nodes, st.vertices, seconds,
            (double)st.bytes / st.vertices);
    printf ("%-18s %-9s", "median us (visits)", "policy");
    for (size_t f = 0; f < COUNT (fills); f++)
        printf ("  %12d %%", fills[f]);
    printf ("\n");
    static struct cost cost[COUNT (requests)][COUNT (policies)][COUNT (fills)];
    for (size_t f = 0; f < COUNT (fills); f++) {
        struct matcher *m = matcher_create (g, "low", 0, &error);
        fill (m, fills[f]);
        for (size_t p = 0; p < COUNT (policies); p++) {
            struct policy *policy = policy_create (policies[p], &error);
            for (size_t r = 0; r < COUNT (requests); r++)
                cost[r][p][f] = measure (m, requests[r].text, policy);
            policy_destroy (policy);
        }
        matcher_destroy (m);
        graph_destroy (g);
        g = make (nodes, &seconds);
    }
    for (size_t r = 0; r < COUNT (requests); r++)
        for (size_t p = 0; p < COUNT (policies); p++) {
            printf ("%-18s %-9s", requests[r].name, policies[p]);
            for (size_t f = 0; f < COUNT (fills); f++)
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
    for (size_t f = 0; f < COUNT (fills); f++) {
        struct graph *g = make (nodes, &seconds);
        struct matcher *m = matcher_create (g, "low", 0, &error);
        fill (m, fills[f]);
        printf ("%d %% full\n", fills[f]);
        for (size_t r = 0; r < COUNT (nested); r++)
            for (size_t p = 0; p < COUNT (walked); p++) {
                struct policy *policy = policy_create (walked[p], &error);
                struct cost c = measure (m, nested[r], policy);
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
    struct graph *g = make (nodes, &seconds);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    for (uint32_t i = 0; i < nodes; i++) {
        struct request *req = request_from_text ("node=1!/slot=1/core=1", 600 + pick (&rng, 86400));
        if (matcher_match (m, req, MATCH_ALLOCATE, i, 0, NULL, NULL, &error) < 0)
            die ("fill", error.text);
        request_destroy (req);
    }
    for (int i = 0; i < JOBS; i++) {
        struct request *req = request_from_text (
            i % 4 ? "node=1!/slot=1/core=1" : "node=64!/slot=1/core=1", 3600 + pick (&rng, 3600));
        double t = monotime_now ();
        if (matcher_match (m, req, MATCH_ALLOCATE_ORELSE_RESERVE, FIRST_JOB + i, 0, NULL, &res,
                           &error) < 0)
            die ("reserve", error.text);
        us[i] = (monotime_now () - t) * 1e6;
        matcher_counters (m, &c);
        tries[i] = c.candidates;
        request_destroy (req);
    }
    printf ("%u nodes, all taken: the last of %d reservations starts at %lld s\n", nodes, JOBS,
            (long long)res->at);
    if (matcher_check (m, &error) < 0)
        die ("check", error.text);
    qsort (us, JOBS, sizeof (us[0]), by_value);
    qsort (tries, JOBS, sizeof (tries[0]), by_value);
    printf ("reserve, us: median %.0f, 90 %% %.0f, most %.0f; times tried: %.0f, %.0f, %.0f\n",
            us[JOBS / 2], us[JOBS * 9 / 10], us[JOBS - 1], tries[JOBS / 2], tries[JOBS * 9 / 10],
            tries[JOBS - 1]);
    matcher_destroy (m);
    graph_destroy (g);
}

/* ---- Checking: numbers of match.h ---- */
static bool within (const char *what, const char *policy, uint32_t nodes, int percent,
                    double visits, double most)
{
    if (visits <= most)
        return true;
    printf ("%s, %s, %u nodes, %d %% full: %.0f visits, not %.0f\n", what, policy, nodes, percent,
            visits, most);
    return false;
}

/* One core or one node: within a bound on any size; 64 nodes: so much for each. The bounds leave
 * room for a search down an index of 10,000 and the items of the result, not for one more. */
static bool check_flat (struct matcher *m, const char *name, const struct policy *policy,
                        uint32_t nodes, int percent)
{
    enum { ONE = 200, EACH_OF_64 = 150 };
    bool good = true;
    for (size_t r = 0; r < COUNT (requests); r++) {
        bool many = !strncmp (requests[r].text, "node=64", 7);
        struct cost c = measure (m, requests[r].text, policy);
        if (many && nodes * (100 - percent) / 100 < 64)
            continue; // there are not that many
        good = within (requests[r].name, name, nodes, percent, c.visits,
                       many ? 64 * EACH_OF_64 : ONE) &&
               good;
    }
    return good;
}

/* Of several levels: racks of 100 nodes are passed over by their aggregates. */
static bool check_nested (struct matcher *m, const char *name, const struct policy *policy,
                          uint32_t nodes, int percent)
{
    static const struct {
        const char *text;
        double most;
    } list[] = {
        {"rack=1/node=2/slot=1/core=4", 500},
        {"cluster=1/rack=2/node=4/slot=1/core=1", 500},
        {"node=4/socket=1/slot=1/core=8", 500},
        {"node=2/slot=1/[socket=1;gpu=2]", 300},
    };
    bool good = true;
    for (size_t r = 0; !strcmp (name, "locality") ? r < 2 : r < COUNT (list); r++) {
        struct cost c = measure (m, list[r].text, policy);
        double most = !strcmp (name, "locality") && r == 0 ? nodes : list[r].most;
        good = within (list[r].text, name, nodes, percent, c.visits, most) && good;
    }
    return good;
}

/* Jobs that wait: so many points in time tried, and vertices looked at for each. */
static bool check_reserve (void)
{
    enum { NODES = 1000, JOBS = 300 };
    double seconds, visits = 0, candidates = 0;
    struct match_counters c;
    flux_error_t error;
    uint64_t rng = 7;
    struct graph *g = make (NODES, &seconds);
    struct matcher *m = matcher_create (g, "low", 0, &error);
    for (int i = 0; i < NODES + JOBS; i++) {
        const char *text = i < NODES || i % 4 ? "node=1!/slot=1/core=1" : "node=16!/slot=1/core=1";
        struct request *req = request_from_text (text, 600 + pick (&rng, 86400));
        if (matcher_match (m, req, MATCH_ALLOCATE_ORELSE_RESERVE, i, 0, NULL, NULL, &error) < 0)
            die ("reserve", error.text);
        matcher_counters (m, &c);
        visits += i < NODES ? 0 : c.visits;
        candidates += i < NODES ? 0 : c.candidates;
        request_destroy (req);
    }
    matcher_destroy (m);
    graph_destroy (g);
    printf ("reservations: %.1f points tried, %.0f visits at each\n", candidates / JOBS,
            visits / candidates);
    return within ("points tried for a reservation", "low", NODES, 100, candidates / JOBS, 10) &&
           within ("a point", "low", NODES, 100, visits / candidates, 300);
}

static int check (void)
{
    static const uint32_t sizes[] = {1000, 10000};
    bool good = true;
    for (size_t f = 0; f < COUNT (fills); f++)
        for (size_t s = 0; s < COUNT (sizes); s++) {
            double seconds;
            flux_error_t error;
            struct graph *g = make (sizes[s], &seconds);
            struct matcher *m = matcher_create (g, "low", 0, &error);
            fill (m, fills[f]);
            for (size_t p = 0; p < COUNT (policies); p++) {
                struct policy *policy = policy_create (policies[p], &error);
                good = check_flat (m, policies[p], policy, sizes[s], fills[f]) && good;
                good = check_nested (m, policies[p], policy, sizes[s], fills[f]) && good;
                policy_destroy (policy);
            }
            matcher_destroy (m);
            graph_destroy (g);
        }
    good = check_reserve () && good;
    printf ("%s\n", good ? "visits are within bounds" : "more is looked at than promised");
    return good ? 0 : 1;
}

int main (int argc, char **argv)
{
    if (argc == 2 && !strcmp (argv[1], "--check"))
        return check ();
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
