/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Random graphs, requests and times against a slow and obvious matcher (reference.c), and the
 * indexed short cuts against the plain walk. Invariants are checked after each step. The number
 * of steps is the first argument; seeds are fixed. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/graph/reference.h"
#include "testsuite/unit/graph/request_text.h"

static uint64_t rng = 1;

static uint32_t pick (uint32_t n)
{
    rng ^= rng << 13;
    rng ^= rng >> 7;
    rng ^= rng << 17;
    return (rng >> 11) % n;
}

static void die (const char *what, const char *why)
{
    fprintf (stderr, "test_random: %s: %s\n", what, why);
    exit (1);
}

static const char *recipes[] = {
    "cluster/node=9/core=4",
    "cluster/rack=2/node=5/socket=2/core=3",
    "cluster/rack=3/node=4/[socket=2/[core=2;gpu=1];memory=2{size:4}]",
    "cluster/rack=2{ids:parent}/node=6{ids:parent}/[core=4;gpu=2]",
    "cluster/node=12/[core=2{ids:all};ssd=1]",
    /* with a unit that shares the racks' appliances; with a panel of 3 PDUs that feed the nodes */
    "cluster/rack=3/[node=2/core=2;appliance=1/ssd=3]",
    "cluster/rack=2/node=6/core=2",
    "cluster/node=3/[core=4;pool=9{unit:GB,split:true}]",
};
enum { SHARED = 5, POWERED = 6 };

static const char *requests[] = {
    "slot=1/core=1",
    "slot=3/core=1",
    "slot=2/core=2",
    "node=1/slot=1/core=1",
    "node=2/slot=1/core=2",
    "node=1!/slot=1/core=1",
    "node=3!",
    "node=2-6/slot=1/core=1",
    "slot=1-5/core=1",
    "slot=1/node=1",
    "node=1/slot=3/core=1",
    "slot=2/[core=2;gpu=1]",
    "node=1-8*2!",
    "core=3",
    "rack=1/node=2/slot=1/core=1",
    "cluster=1/node=2/slot=1/core=1",
    "unit=1/appliance=2/slot=1/ssd=1",
    "unit=1/appliance=1-3/slot=1/ssd=2",
    "rack=1/appliance=1/slot=1/ssd=1",
    "unit=1!",
    "slot=2/ssd=1",
    "rack=1!",
    "slot=1/[core=1;pool=4]",
    "node=1/slot=2/[core=1;pool=3]",
    "slot=3/[core=1;pool=2]",
    "cluster=1/unit=1/appliance=1!",
};

static const char *policies[] = {"low",          "high",
                                 "lonode",       "hinode",
                                 "locality",     "lonodex",
                                 "first",        "firstnodex",
                                 "bestfit",      "pack level=rack",
                                 "power draw=3", "spread level=rack",
                                 "variation",    "nearest target=/cluster0/rack0/node1"};

#define COUNT(a) (sizeof (a) / sizeof (a[0]))

struct pair {
    struct graph *g[2];
    struct matcher *m[2];
    bool exact; // ties as Fluxion's: what is chosen is not judged, invariants are
};

static uint32_t add (struct graph *g, const char *type, int64_t id, int64_t size)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    flux_error_t error;
    uint32_t v;
    spec.type = type;
    spec.id = id;
    spec.size = size;
    if (graph_add_vertex (g, &spec, &v, &error) < 0)
        die (type, error.text);
    return v;
}

static void link_to (struct graph *g, uint32_t a, uint32_t b, const char *subsystem)
{
    flux_error_t error;
    if (graph_add_edge (g, a, b, subsystem, &error) < 0)
        die (subsystem, error.text);
}

/* Vertices of a type, also while the graph is being changed. */
static size_t list_type (const struct graph *g, const char *type, uint32_t *list, size_t room)
{
    const uint32_t *v;
    size_t n = graph_find_type (g, type, &v);
    n = n < room ? n : room;
    memcpy (list, v, n * sizeof (*list));
    return n;
}

static void add_more (struct graph *g, uint32_t recipe)
{
    uint32_t list[16], top, pdu = 0;
    flux_error_t error;
    size_t n = list_type (g, recipe == SHARED ? "appliance" : "node", list, 16);
    if (recipe < SHARED)
        return;
    if (graph_begin (g, &error) < 0)
        die ("begin", error.text);
    if (recipe == SHARED) {
        top = add (g, "unit", 0, 1);
        link_to (g, graph_root (g), top, "containment");
    } else
        top = add (g, "panel", 0, 25);
    for (size_t i = 0; i < n; i++) {
        if (recipe == SHARED)
            link_to (g, top, list[i], "containment");
        else if (i < 9) {
            if (i % 3 == 0)
                link_to (g, top, pdu = add (g, "pdu", i, 8), "power");
            link_to (g, pdu, list[i], "power");
        }
    }
    if (graph_commit (g, &error) < 0)
        die ("commit", error.text);
}

static void open_pair (struct pair *p, uint32_t which, const char *policy)
{
    flux_error_t error;
    int flags = p->exact ? MATCHER_EXACT_TIES : 0;
    const char *recipe = recipes[which];
    for (int i = 0; i < 2; i++) {
        p->g[i] = graph_from_recipe (recipe, &error);
        add_more (p->g[i], which);
        p->m[i] = matcher_create (p->g[i], policy, flags | (i ? MATCHER_WALK_ONLY : 0), &error);
        if (!p->m[i] || matcher_set_period (p->m[i], 0, 1000, &error) < 0)
            die (recipe, error.text);
    }
}

static void close_pair (struct pair *p)
{
    for (int i = 0; i < 2; i++) {
        matcher_destroy (p->m[i]);
        graph_destroy (p->g[i]);
    }
}

static bool same (const struct result *a, const struct result *b)
{
    if (a->count != b->count || a->at != b->at || a->reserved != b->reserved)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].vertex != b->items[i].vertex || a->items[i].needs != b->items[i].needs ||
            a->items[i].exclusive != b->items[i].exclusive)
            return false;
    return true;
}

static void set_constraint (struct request *req)
{
    if (pick (6))
        return;
    uint32_t lo = pick (8);
    req->constraint = constraint_create (CONSTRAINT_RANKS);
    constraint_add_ranks (req->constraint, lo, lo + pick (6));
}

static void step_match (struct pair *p, const char *policy, uint64_t id, int64_t now)
{
    const char *text = requests[pick (COUNT (requests))];
    static const match_op_t ops[] = {MATCH_ALLOCATE, MATCH_ALLOCATE, MATCH_ALLOCATE_ORELSE_RESERVE,
                                     MATCH_WITHOUT_ALLOCATING, MATCH_SATISFIABILITY};
    match_op_t op = ops[pick (COUNT (ops))];
    struct request *req = request_from_text (text, 1 + pick (100));
    const struct result *res[2];
    flux_error_t error[2] = {{""}, {""}};
    int rc[2], err[2];
    char what[256];
    set_constraint (req);
    for (int i = 0; i < 2; i++) {
        errno = 0;
        rc[i] = matcher_match (p->m[i], req, op, id, now, NULL, &res[i], &error[i]);
        err[i] = errno;
    }
    snprintf (what, sizeof (what), "%s %s op %d job %d", policy, text, op, (int)id);
    if (rc[0] != rc[1] || (rc[0] < 0 && err[0] != err[1]))
        die (what, "the short cut and the walk differ in whether it fits");
    if (rc[0] == 0 && op != MATCH_SATISFIABILITY && !same (res[0], res[1]))
        die (what, "the short cut and the walk choose differently");
    const char *wrong =
        p->exact ? NULL : reference_judge (p->m[0], req, op, now, rc[0], err[0], res[0]);
    if (wrong)
        die (what, wrong);
    request_destroy (req);
}

static void step_cancel (struct pair *p, uint32_t n)
{
    struct match_job job;
    flux_error_t error;
    bool full;
    size_t cursor = pick (matcher_job_count (p->m[0]));
    if (!matcher_next_job (p->m[0], &cursor, &job))
        return;
    uint32_t at = pick (job.count);
    if (job.items[at].aux)
        at = 0; // what is charged elsewhere goes with the job
    uint32_t v = job.items[at].vertex;
    uint64_t id = job.id;
    for (int i = 0; i < 2; i++)
        if ((n ? matcher_cancel (p->m[i], id, &error)
               : matcher_cancel_partial (p->m[i], id, &v, 1, &full, &error)) < 0)
            die ("cancel", error.text);
}

/* One of the jobs. */
static bool pick_job (struct pair *p, struct match_job *job)
{
    size_t n = matcher_job_count (p->m[0]), cursor = n ? pick (n) : 0;
    return n && matcher_next_job (p->m[0], &cursor, job);
}

/* Release by rank, of some that the job may not hold. */
static void step_ranks (struct pair *p)
{
    struct match_job job;
    flux_error_t error;
    int rc[2];
    bool full[2] = {false, false};
    if (!pick_job (p, &job))
        return;
    uint64_t id = job.id;
    int64_t rank = pick (10);
    for (int i = 0; i < 2; i++)
        rc[i] = matcher_cancel_ranks (p->m[i], id, &rank, 1, &full[i], &error);
    if (rc[0] != rc[1] || full[0] != full[1])
        die ("ranks", "the two differ");
    if (rc[0] == 0 && full[0] != (matcher_job (p->m[0], id, &job) < 0))
        die ("ranks", "a job without anything is there, or one with something is not");
}

/* A job goes and comes back from its own items, as after a restart. */
static void step_resume (struct pair *p, int64_t now)
{
    struct match_job job, again;
    flux_error_t error;
    struct result_item items[256];
    size_t n = 0;
    if (!pick_job (p, &job) || job.count > 256 || job.end <= now)
        return;
    for (size_t i = 0; i < job.count; i++) {
        if (job.items[i].aux && job.items[i].exclusive)
            return; // what the policy has charged is not in R
        if (!job.items[i].aux)
            items[n++] = job.items[i];
    }
    int rc[2];
    for (int i = 0; i < 2; i++) {
        if (matcher_cancel (p->m[i], job.id, &error) < 0)
            die ("resume", error.text);
        rc[i] = matcher_update (p->m[i], job.id, job.at, job.end - job.at, job.reserved, items, n,
                                NULL, &error);
        if (rc[i] < 0 &&
            (!job.reserved || errno != EBUSY)) // who runs longer than it said may be there
            die ("resume", error.text);
        if (rc[i] == 0 && (matcher_job (p->m[i], job.id, &again) < 0 || again.count != job.count ||
                           again.at != job.at || again.end != job.end))
            die ("resume", "the job is another one");
    }
    if (rc[0] != rc[1])
        die ("resume", "the two differ");
}

/* A reservation begins, when it can; a job ends earlier or later than it said. */
static void step_time (struct pair *p, int64_t now)
{
    struct match_job job;
    flux_error_t error;
    int rc[2];
    if (!pick_job (p, &job))
        return;
    uint64_t id = job.id;
    int64_t end = job.reserved ? 0 : now + 1 + pick (50);
    for (int i = 0; i < 2; i++)
        rc[i] = job.reserved ? matcher_start (p->m[i], id, &error)
                             : matcher_set_end (p->m[i], id, end, &error);
    if (rc[0] != rc[1])
        die ("time", "the two differ");
}

static void step_status (struct pair *p)
{
    uint32_t v = 1 + pick (graph_limit (p->g[0]) - 1);
    if (!graph_alive (p->g[0], v))
        return;
    graph_status_t status = pick (3) ? GRAPH_UP : GRAPH_DOWN;
    for (int i = 0; i < 2; i++)
        graph_set_status (p->g[i], v, status);
}

/* One more node somewhere in each graph, or one less. */
static void step_shape (struct pair *p, uint32_t id)
{
    flux_error_t error;
    for (int i = 0; i < 2; i++) {
        const uint32_t *node;
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v, core;
        size_t n = graph_find_type (p->g[i], "node", &node);
        uint32_t one = node[id % n], parent = graph_parent (p->g[i], one);
        if (id % 3 && n > 4) {
            if (matcher_remove_subgraph (p->m[i], one, &error) < 0)
                die ("remove", error.text);
            continue;
        }
        if (graph_begin (p->g[i], &error) < 0)
            die ("grow", error.text);
        spec.type = "node";
        spec.id = spec.rank = 100 + id;
        graph_add_vertex (p->g[i], &spec, &v, &error);
        graph_add_edge (p->g[i], parent, v, "containment", &error);
        spec.type = "core";
        for (spec.id = 0; spec.id < 4; spec.id++) {
            graph_add_vertex (p->g[i], &spec, &core, &error);
            graph_add_edge (p->g[i], v, core, "containment", &error);
        }
        if (graph_commit (p->g[i], &error) < 0)
            die ("grow", error.text);
    }
}

static void check (struct pair *p)
{
    flux_error_t error;
    for (int i = 0; i < 2; i++)
        if (matcher_check (p->m[i], &error) < 0)
            die ("invariant", error.text);
}

/* All jobs gone and all up: the graph is as it was made. */
static void check_empty (struct pair *p)
{
    flux_error_t error;
    struct match_job job;
    size_t cursor = 0;
    while (matcher_next_job (p->m[0], &cursor, &job)) {
        uint64_t id = job.id;
        for (int i = 0; i < 2; i++)
            matcher_cancel (p->m[i], id, &error);
        cursor = 0;
    }
    check (p);
    for (uint32_t v = 0; v < graph_limit (p->g[0]); v++)
        if (graph_used (p->g[0], v) || graph_njobs (p->g[0], v))
            die ("cancel", "something is still held");
}

static uint32_t sequence (uint32_t seed, uint32_t steps)
{
    struct pair p = {.exact = seed % 8 == 7};
    rng = seed * UINT64_C (0x9e3779b97f4a7c15) + 1;
    const char *policy = policies[seed % COUNT (policies)];
    uint32_t recipe = pick (COUNT (recipes));
    if (recipe != POWERED && !strncmp (policy, "power", 5))
        policy = "low"; // there is no power
    open_pair (&p, recipe, policy);
    int64_t now = 0;
    for (uint32_t i = 0; i < steps; i++) {
        uint32_t what = pick (40), more = pick (12);
        if (what == 39)
            step_shape (&p, i);
        if (more == 0)
            step_ranks (&p);
        else if (more == 1)
            step_resume (&p, now);
        else if (more == 2)
            step_time (&p, now);
        what /= 2;
        if (what < 12)
            step_match (&p, policy, i + 1, now);
        else if (what < 17 && matcher_job_count (p.m[0]))
            step_cancel (&p, what - 12);
        else if (what == 17)
            step_status (&p);
        else
            now += pick (8);
        check (&p);
    }
    check_empty (&p);
    close_pair (&p);
    return steps;
}

int main (int argc, char **argv)
{
    uint32_t steps = argc > 1 ? strtoul (argv[1], NULL, 10) : 30000, done = 0;
    for (uint32_t seed = 1; done < steps; seed++)
        done += sequence (seed, 40);
    printf ("%u random steps agree\n", done);
    return 0;
}
