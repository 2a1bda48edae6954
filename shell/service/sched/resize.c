/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A running job gets more, or gives back a part of what it has. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/sched/grant.h"
#include "shell/service/sched/private.h"
#include "shell/service/sched/ranks.h"

#define MORE_ID UINT64_MAX // holds what is added until it is the job's

/* What the job holds now, as what it got. */
static int describe (struct sched *s, const struct job *job, struct sched_alloc *alloc)
{
    struct match_job held;

    if (matcher_job (s->m, job->id, &held) < 0)
        return -1;
    struct result res = {.jobid = job->id,
                         .at = held.at,
                         .duration = held.end - held.at,
                         .items = (struct result_item *)held.items, // only read
                         .count = held.count};
    struct grant grant = {.inv = s->inv,
                          .job = job,
                          .res = &res,
                          .start = job->t_run,
                          .expiration = job->expiration,
                          .with_graph = sched_with_graph (s),
                          .resized = true};
    if (grant_describe (&grant, alloc) == 0)
        return 0;
    sched_alloc_clear (alloc);
    return -1;
}

enum where { WHERE_OWN, WHERE_OTHER, WHERE_ANY }; // ranks

/* The job's own constraint holds for what is added, too. */
static json_t *make_constraint (const struct job *job, enum where where)
{
    json_t *own = job->live->constraint;
    json_t *ranks = json_pack ("{s:[s]}", "ranks", job->ranks ? job->ranks : "");

    if (where == WHERE_OTHER)
        ranks = json_pack ("{s:[o]}", "not", ranks);
    if (where != WHERE_ANY)
        return own ? json_pack ("{s:[O o]}", "and", own, ranks) : ranks;
    json_decref (ranks);
    return json_incref (own);
}

static int match_more (struct sched *s, const struct job *job, const struct job_facts *more,
                       double now, enum where where, const struct result **res, flux_error_t *errp)
{
    struct job_live live = {.constraint = make_constraint (job, where),
                            .graph_policy = job->live->graph_policy};
    struct job tmp = {.id = MORE_ID, .facts = *more, .live = &live};
    const struct policy *policy;
    struct request *req = NULL;
    flux_error_t error;
    int rc = -1;

    tmp.facts.duration = job->expiration > now ? job->expiration - now : 0.;
    if (sched_policy_of (s, &tmp, &policy, errp) == 0 && (req = sched_request (s, &tmp, errp)) &&
        (rc = matcher_match (s->m, req, MATCH_ALLOCATE_WITH_SATISFIABILITY, MORE_ID, (int64_t)now,
                             policy, res, &error)) < 0) {
        if (errno == ENODEV)
            sched_say_why (s, &tmp, req, &error, errp);
        else
            errprintf (errp, "%s", errno == EBUSY ? "it is not free now" : error.text);
    }
    int saved_errno = errno;
    request_destroy (req);
    json_decref (live.constraint);
    errno = saved_errno;
    return rc;
}

/* Cores and GPUs are best where the job is already; nodes cannot be. */
static int find_more (struct sched *s, const struct job *job, const struct job_facts *more,
                      double now, const struct result **res, flux_error_t *errp)
{
    if (more->nnodes == 0 && match_more (s, job, more, now, WHERE_OWN, res, errp) == 0)
        return 0;
    return match_more (s, job, more, now, more->nnodes > 0 ? WHERE_OTHER : WHERE_ANY, res, errp);
}

static struct result_item *copy_held (const struct result_item *items, size_t n, size_t *count)
{
    struct result_item *copy = calloc (n + 1, sizeof (*copy));

    *count = 0;
    for (size_t i = 0; copy && i < n; i++) {
        if (items[i].exclusive && !items[i].aux)
            copy[(*count)++] = items[i];
    }
    return copy;
}

int sched_grow (struct sched *s, const struct job *job, const struct job_facts *more, double now,
                struct sched_alloc *alloc, flux_error_t *errp)
{
    const struct result *res;
    struct match_job held;
    size_t count;

    sched_begin_pass (s); // reservations are made anew in the next one
    if (matcher_job (s->m, job->id, &held) < 0)
        return errprintf (errp, "the job has no resources");
    if (find_more (s, job, more, now, &res, errp) < 0)
        return -1;
    struct result_item *items = copy_held (res->items, res->count, &count);
    matcher_cancel (s->m, MORE_ID, NULL);
    if (!items) {
        errno = ENOMEM;
        return errprintf (errp, "out of memory");
    }
    int rc = matcher_update (s->m, job->id, held.at, held.end - held.at, false, items, count, NULL,
                             errp);
    free (items);
    if (rc == 0 && (rc = describe (s, job, alloc)) < 0)
        errprintf (errp, "out of memory");
    return rc;
}

uint32_t sched_grow_lacks (struct sched *s, const struct job *job, const struct job_facts *more,
                           double now)
{
    uint32_t wanted = more->nnodes > 0 ? more->nnodes : more->nslots, low = 0, high = wanted;
    const struct result *res;

    while (high - low > 1) { // low are to be had, high are not
        uint32_t n = low + (high - low) / 2;
        struct job_facts part = *more;
        *(more->nnodes > 0 ? &part.nnodes : &part.nslots) = n;
        if (find_more (s, job, &part, now, &res, NULL) == 0) {
            matcher_cancel (s->m, MORE_ID, NULL);
            low = n;
        } else
            high = n;
    }
    return wanted - low;
}

/* ---- less ---- */

struct leaving {
    uint32_t *v; // what goes, with all below it
    size_t n;
};

static bool is_among (const struct leaving *l, uint32_t v)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i] == v)
            return true;
    return false;
}

static bool is_below_any (const struct graph *g, const struct leaving *l, uint32_t v)
{
    for (; v != GRAPH_NONE; v = graph_parent (g, v))
        if (is_among (l, v))
            return true;
    return false;
}

static bool is_above_any (const struct graph *g, const struct leaving *l, uint32_t v)
{
    for (size_t i = 0; i < l->n; i++)
        for (uint32_t p = graph_parent (g, l->v[i]); p != GRAPH_NONE; p = graph_parent (g, p))
            if (p == v)
                return true;
    return false;
}

/* A node that keeps nothing goes as a whole, with what it has besides cores and GPUs. */
static int list_leaving (struct graph *g, const struct rv1 *less, const struct rv1 *left,
                         struct leaving *l)
{
    struct result_item *items;
    size_t count;

    if (ranks_items (g, less, &items, &count) < 0)
        return -1;
    if ((l->v = calloc (count + less->nnodes + 1, sizeof (*l->v)))) {
        for (size_t i = 0; i < less->nnodes; i++) {
            uint32_t v = ranks_node (g, less->node[i].rank);
            if (v != GRAPH_NONE && !rv1_find (left, less->node[i].rank))
                l->v[l->n++] = v;
        }
        for (size_t i = 0; i < count; i++) {
            if (rv1_find (left, (uint32_t)graph_rank (g, items[i].vertex)))
                l->v[l->n++] = items[i].vertex;
        }
    }
    free (items);
    return l->v ? 0 : -1;
}

/* What is held as a whole and loses a part is held by its parts from now on. */
static int drop_items (struct sched *s, uint64_t id, const struct leaving *l, flux_error_t *errp)
{
    struct graph *g = inventory_graph (s->inv);
    struct match_job held;
    size_t count, n = 0;
    int rc = -1;

    if (matcher_job (s->m, id, &held) < 0)
        return errprintf (errp, "the job has no resources");
    struct result_item *before = copy_held (held.items, held.count, &count);
    struct result_item *after = copy_held (held.items, held.count, &count);
    for (size_t i = 0; before && after && i < count; i++) {
        if (!is_below_any (g, l, before[i].vertex) && !is_above_any (g, l, before[i].vertex))
            after[n++] = before[i];
    }
    if (before && after) {
        matcher_cancel (s->m, id, NULL);
        rc = matcher_update (s->m, id, held.at, held.end - held.at, false, after, n, NULL, errp);
        if (rc < 0)
            matcher_update (s->m, id, held.at, held.end - held.at, false, before, count, NULL,
                            NULL);
    } else {
        errprintf (errp, "out of memory");
    }
    free (before);
    free (after);
    return rc;
}

int sched_shrink (struct sched *s, const struct job *job, const struct rv1 *less,
                  const struct rv1 *left, struct sched_alloc *alloc, flux_error_t *errp)
{
    struct leaving l = {0};
    int rc = -1;

    sched_begin_pass (s);
    if (list_leaving (inventory_graph (s->inv), less, left, &l) < 0)
        errprintf (errp, "out of memory");
    else if (drop_items (s, job->id, &l, errp) == 0 && (rc = describe (s, job, alloc)) < 0)
        errprintf (errp, "out of memory");
    free (l.v);
    inventory_sweep (s->inv);
    return rc;
}

struct rv1 *sched_idle (struct sched *s)
{
    const struct rv1 *all = inventory_R (s->inv);
    struct rv1 *held = all ? inventory_allocated (s->inv) : NULL;
    struct rv1 *idle = held ? rv1_diff (all, held) : NULL;

    rv1_destroy (held);
    return idle;
}
