/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The steps of a random sequence, done to both of a pair, which must agree. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/graph_priv.h"
#include "testsuite/unit/graph/random.h"
#include "testsuite/unit/graph/request_text.h"

static const char *const requests[] = {
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
    "slot=1/[socket=1;memory=4]",
    "node=1-8*2!",
    "node=2-9^2!",
    "node=1-7+3!",
    "node=1,3,4!",
    "slot=2/core=1-3",
    "node=1/slot=1/core=1-3",
    "node=2/slot=1-3/core=1",
    "rack=1-2/node=1,3/slot=1/core=1",
    "core=3",
    "core=3!",
    "rack=1!/node=1?",
    "rack=1/node=2?/slot=1/core=1",
    "rack=1/node=2/slot=1/core=1",
    "rack=2/node=1/slot=1/core=1",
    "rack=1/slot=2/node=1",
    "cluster=1/node=2/slot=1/core=1",
    "cluster=1/rack=2/node=2!",
    "node=2/socket=1/slot=1/core=2",
    "node=1/socket=2/core=1!",
    "slot=1/socket=1",
    "slot=1/node=2/core=2",
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
    /* storage of several tiers */
    "rack=1/rabbit=1/slot=1/nvme=2",
    "slot=2/nvme=1",
    "[slot=2/core=1;lustre=7!]",
    "[node=2/slot=1/[core=1;ssd=1];lustre=6!]",
    "rack=1/[node=2/slot=1/core=1;rabbit=1/nvme=1!]",
    "[xor_slot=2/gpu=1;xor_slot=3/core=1]",
    "node=1/[xor_slot=2/gpu=1;xor_slot=3/core=1]",
};

/* Alternatives: only the flexible traverser knows them. */
static const char *const alternatives[] = {
    "[slot=3/core=2;slot=3/[core=1;gpu=1]]",
    "node=1/[slot=2/[core=1;gpu=1];slot=2/core=2]",
    "node=2/[slot=1-3/core=2;slot=1-3/[core=1;ssd=1]]",
    "node=1/[slot=1-4/[core=1;pool=2];slot=1-4/core=1]",
};

#define COUNT(a) (sizeof (a) / sizeof (a[0]))

static const char *pick_request (const struct pair *p)
{
    return (p->flags & MATCHER_FLEXIBLE) && !pick (4) ? alternatives[pick (COUNT (alternatives))]
                                                      : requests[pick (COUNT (requests))];
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

/* What the matcher says of vertices, and the sums above them. */
struct bytes {
    struct vertex *v;
    struct agg *agg;
    uint32_t nv, nagg;
};

static struct bytes take_bytes (const struct graph *g)
{
    graph_settle (g);
    struct bytes b = {.v = calloc (g->nv + 1, sizeof (*b.v)),
                      .agg = calloc (g->nagg + 1, sizeof (*b.agg)),
                      .nv = g->nv,
                      .nagg = g->nagg};
    memcpy (b.v, g->v, g->nv * sizeof (*b.v));
    memcpy (b.agg, g->agg, g->nagg * sizeof (*b.agg));
    for (uint32_t i = 0; i < g->nv; i++)
        b.v[i].flags &= ~(V_WATCHED | V_QUEUED | V_TOGGLED); // what indexes put there
    return b;
}

static void free_bytes (struct bytes *b)
{
    free (b->v);
    free (b->agg);
}

static void same_bytes (const char *what, const struct graph *g, struct bytes *before)
{
    struct bytes after = take_bytes (g);
    if (memcmp (before->v, after.v, before->nv * sizeof (*before->v)) != 0 ||
        memcmp (before->agg, after.agg, before->nagg * sizeof (*before->agg)) != 0)
        die (what, "the bytes are not those from before");
    free_bytes (&after);
}

static bool books (match_op_t op)
{
    return op == MATCH_ALLOCATE || op == MATCH_ALLOCATE_ORELSE_RESERVE ||
           op == MATCH_ALLOCATE_WITH_SATISFIABILITY;
}

/* What was not booked has left no trace, and what was booked leaves none when it goes. */
static void check_bytes (struct pair *p, const char *what, match_op_t op, int rc, uint64_t id,
                         struct bytes before[2])
{
    flux_error_t error;
    bool go = rc == 0 && books (op) && !pick (4);
    for (int i = 0; i < 2; i++) {
        if (go && matcher_cancel (p->m[i], id, &error) < 0)
            die (what, error.text);
        if (go || rc < 0 || !books (op))
            same_bytes (what, p->g[i], &before[i]);
        free_bytes (&before[i]);
    }
}

void step_match (struct pair *p, uint64_t id)
{
    static const match_op_t ops[] = {MATCH_ALLOCATE,
                                     MATCH_ALLOCATE,
                                     MATCH_ALLOCATE_ORELSE_RESERVE,
                                     MATCH_ALLOCATE_ORELSE_RESERVE,
                                     MATCH_ALLOCATE_WITH_SATISFIABILITY,
                                     MATCH_WITHOUT_ALLOCATING,
                                     MATCH_WITHOUT_ALLOCATING_FUTURE,
                                     MATCH_SATISFIABILITY};
    const char *text = pick_request (p);
    match_op_t op = ops[pick (COUNT (ops))];
    struct request *req = request_from_text (text, 1 + pick (100));
    bool *allowed = pick_constraint (p, req);
    struct bytes before[2] = {take_bytes (p->g[0]), take_bytes (p->g[1])};
    const struct result *res[2];
    flux_error_t error[2] = {{""}, {""}};
    int rc[2], err[2];
    char what[512];
    for (int i = 0; i < 2; i++) {
        errno = 0;
        rc[i] = matcher_match (p->m[i], req, op, id, p->now, NULL, &res[i], &error[i]);
        err[i] = errno;
    }
    snprintf (what, sizeof (what), "%s, %s, flags %d, %s, op %d, job %d%s", p->recipe, p->policy,
              p->flags, text, op, (int)id, allowed ? ", constrained" : "");
    if (rc[0] != rc[1] || (rc[0] < 0 && err[0] != err[1]))
        die (what, "the short cut and the walk differ in whether it fits");
    if (rc[0] == 0 && op != MATCH_SATISFIABILITY && !same (res[0], res[1]))
        die (what, "the short cut and the walk choose differently");
    struct reference ref = {.m = p->m[0],
                            .req = req,
                            .op = op,
                            .now = p->now,
                            .allowed = allowed,
                            .through = p->flags & MATCHER_THROUGH,
                            .flexible = p->flags & MATCHER_FLEXIBLE,
                            .every_second = p->every_second};
    const char *wrong =
        p->flags & MATCHER_EXACT_TIES ? NULL : reference_judge (&ref, rc[0], err[0], res[0]);
    if (wrong) {
        fprintf (stderr, "%s: %d, %s\n", what, rc[0], rc[0] ? error[0].text : "");
        die (what, wrong);
    }
    check_bytes (p, what, op, rc[0], id, before);
    free (allowed);
    request_destroy (req);
}

/* One of the jobs. */
static bool pick_job (struct pair *p, struct match_job *job)
{
    size_t n = matcher_job_count (p->m[0]), cursor = n ? pick (n) : 0;
    return n && matcher_next_job (p->m[0], &cursor, job);
}

void step_cancel (struct pair *p, bool whole)
{
    struct match_job job;
    flux_error_t error;
    bool full;
    if (!pick_job (p, &job))
        return;
    uint32_t at = pick (job.count);
    if (job.items[at].aux)
        at = 0; // what is charged elsewhere goes with the job
    uint32_t v = job.items[at].vertex;
    uint64_t id = job.id;
    for (int i = 0; i < 2; i++)
        if ((whole ? matcher_cancel (p->m[i], id, &error)
                   : matcher_cancel_partial (p->m[i], id, &v, 1, &full, &error)) < 0)
            die ("cancel", error.text);
}

/* Release by rank, of some that the job may not hold. */
void step_ranks (struct pair *p)
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

/* Everybody loses what they have of a rank. */
void step_clear (struct pair *p)
{
    flux_error_t error;
    int64_t rank = pick (10);
    const uint32_t *v;
    size_t n = graph_find_rank (p->g[0], rank, &v);
    for (int i = 0; i < 2; i++)
        if ((matcher_clear_ranks (p->m[i], &rank, 1, &error) == 0) != (n > 0))
            die ("clear", error.text);
    for (size_t i = 0; i < n; i++)
        if (graph_used (p->g[0], v[i]) || graph_njobs (p->g[0], v[i]))
            die ("clear", "somebody is left");
}

/* A job goes and comes back from its own items, as after a restart. */
void step_resume (struct pair *p)
{
    struct match_job job, again;
    flux_error_t error;
    struct result_item items[256];
    size_t n = 0;
    if (!pick_job (p, &job) || job.count > 256 || job.end <= p->now)
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

/* A job that runs gets one more vertex, when it is free. */
void step_extend (struct pair *p)
{
    struct match_job job;
    flux_error_t error;
    int rc[2];
    uint32_t v = pick (graph_limit (p->g[0]));
    if (!pick_job (p, &job) || job.reserved || job.end <= p->now || !graph_alive (p->g[0], v) ||
        graph_position (p->g[0], v) == GRAPH_NONE || graph_child_count (p->g[0], v) > 0 ||
        matcher_job_holds (p->m[0], job.id, v))
        return;
    struct match_job was = job;
    struct result_item item = {.vertex = v, .needs = graph_size (p->g[0], v), .exclusive = 1};
    for (int i = 0; i < 2; i++)
        rc[i] = matcher_update (p->m[i], was.id, was.at, was.end - was.at, false, &item, 1, NULL,
                                &error);
    if (rc[0] != rc[1])
        die ("extend", "the two differ");
    if ((rc[0] == 0) != matcher_job_holds (p->m[0], was.id, v))
        die (p->recipe, "the vertex is not the job's, or is in spite of the refusal");
}

/* A reservation begins, when it can; a job ends earlier or later than it said. */
void step_time (struct pair *p)
{
    struct match_job job;
    flux_error_t error;
    int rc[2];
    if (!pick_job (p, &job))
        return;
    uint64_t id = job.id;
    int64_t end = job.reserved ? 0 : p->now + 1 + pick (50);
    for (int i = 0; i < 2; i++)
        rc[i] = job.reserved ? matcher_start (p->m[i], id, &error)
                             : matcher_set_end (p->m[i], id, end, &error);
    if (rc[0] != rc[1])
        die ("time", "the two differ");
}

void step_status (struct pair *p)
{
    static const graph_status_t list[] = {GRAPH_UP, GRAPH_UP, GRAPH_DOWN, GRAPH_DRAINED};
    uint32_t v = 1 + pick (graph_limit (p->g[0]) - 1);
    if (!graph_alive (p->g[0], v))
        return;
    graph_status_t status = list[pick (COUNT (list))];
    for (int i = 0; i < 2; i++)
        graph_set_status (p->g[i], v, status);
}
