/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "testsuite/unit/graph/reference_priv.h"

static bool in_window (const struct match_job *job, int64_t from, int64_t until, int64_t now)
{
    if (from == now && !job->reserved)
        return true;
    return (!job->reserved || job->at < until) && job->end > from;
}

/* What is held at t counts where it is more than what was held at the instants before. */
static void add_instant (struct view *w, int64_t t, int64_t from, int64_t until, uint64_t self)
{
    struct matcher *m = w->ref->m;
    int64_t now = w->ref->now;
    uint32_t *used = calloc (graph_limit (w->g), sizeof (*used));
    struct match_job job;
    size_t cursor = 0;
    while (matcher_next_job (m, &cursor, &job)) {
        bool runs_on = from == now && !job.reserved;
        if (job.id == self || !in_window (&job, from, until, now) ||
            !(runs_on || ((!job.reserved || job.at <= t) && job.end > t)))
            continue;
        for (size_t i = 0; i < job.count; i++)
            used[job.items[i].vertex] += job.items[i].exclusive ? job.items[i].needs : 0;
    }
    for (uint32_t v = 0; v < graph_limit (w->g); v++)
        w->used[v] = used[v] > w->used[v] ? used[v] : w->used[v];
    free (used);
}

static void fill_view (struct view *w, int64_t from, int64_t until, uint64_t self)
{
    struct matcher *m = w->ref->m;
    int64_t now = w->ref->now;
    struct match_job job;
    size_t cursor = 0;
    memset (w->used, 0, graph_limit (w->g) * sizeof (*w->used));
    memset (w->jobs, 0, graph_limit (w->g) * sizeof (*w->jobs));
    add_instant (w, from, from, until, self);
    while (matcher_next_job (m, &cursor, &job)) {
        if (job.id == self || !in_window (&job, from, until, now))
            continue;
        for (size_t i = 0; i < job.count; i++)
            w->jobs[job.items[i].vertex]++;
        if (job.at > from)
            add_instant (w, job.at, from, until, self);
    }
}

/* A request with nothing in it that a job would have for itself gets nothing. */
static bool takes_something (const struct request_resource *r)
{
    for (; r; r = r->next)
        if (r->kind != REQUEST_RESOURCE || r->exclusive == REQUEST_TRUE ||
            takes_something (r->with))
            return true;
    return false;
}

static const struct request_resource *top (const struct view *w)
{
    return view_first (w, w->req->resources);
}

/* Everything at the top can be had. */
static bool all_there (struct view *w)
{
    for (const struct request_resource *r = top (w); r; r = view_next (w, r))
        if (view_count (w, r) == 0)
            return false;
    return true;
}

static uint32_t count_xor (const struct request_resource *r)
{
    uint32_t n = 0, below = 0;
    for (; r; r = r->next) {
        n += r->kind == REQUEST_XOR_SLOT;
        uint32_t k = count_xor (r->with);
        below = k > below ? k : below;
    }
    return n > below ? n : below;
}

/* Of exclusive-or slots the first that can be had is the one. */
static bool any_variant (struct view *w)
{
    uint32_t n = count_xor (w->req->resources);
    for (w->variant = 0; w->variant < (n ? n : 1); w->variant++)
        if (all_there (w))
            return true;
    return false;
}

static bool feasible (struct view *w, int64_t at, uint64_t self)
{
    int64_t until = at + (int64_t)w->req->duration;
    if (until > PERIOD_END)
        return false;
    fill_view (w, at, until, self);
    return any_variant (w);
}

static bool is_tree (const struct graph *g)
{
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_alive (g, v) && graph_extra_child (g, v, 0) != GRAPH_NONE)
            return false;
    return true;
}

static const char *judge_item (const struct view *w, const struct result *res, size_t i)
{
    const struct result_item *item = &res->items[i];
    if (item->exclusive && w->used[item->vertex] + item->needs > graph_size (w->g, item->vertex))
        return "a vertex is given twice";
    if (item->aux)
        return NULL;
    if (!view_avail (w, item->vertex))
        return "a vertex is given that is down, held or excluded";
    if (i > 0 && is_tree (w->g) &&
        graph_position (w->g, item->vertex) <= graph_position (w->g, res->items[i - 1].vertex))
        return "items are not in depth first order";
    return NULL;
}

static bool is_below (const struct graph *g, uint32_t v, uint32_t top)
{
    while (v != GRAPH_NONE && v != top)
        v = graph_parent (g, v);
    return v == top;
}

/* Units chosen for a resource below a vertex. */
static uint64_t units_for (const struct view *w, const struct result *res,
                           const struct request_resource *r, uint32_t below)
{
    uint64_t n = 0;
    for (size_t i = 0; i < res->count; i++)
        if (!res->items[i].aux && res->items[i].request == r->index &&
            is_below (w->g, res->items[i].vertex, below))
            n += res->items[i].needs;
    return n;
}

/* Slots at the top or below one vertex: their content adds up. Where counts within or kinds of
 * slots differ it does so in many ways. */
static const char *judge_slots (const struct view *w, const struct result *res,
                                const struct request_resource *slot, uint32_t below, uint64_t slots,
                                bool alone)
{
    for (const struct request_resource *c = slot->with; c; c = c->next) {
        uint64_t n = units_for (w, res, c, below);
        bool more = alone || w->whole || c->count.min != c->count.max;
        if (more ? n < slots * c->count.min : n != slots * c->count.min)
            return "what the slots hold is not what was asked for";
    }
    return NULL;
}

/* What is below one vertex that was chosen. */
static const char *judge_below (const struct view *w, const struct result *res,
                                const struct request_resource *r, uint32_t v, bool alone)
{
    const char *wrong = NULL;
    for (const struct request_resource *c = view_first (w, r->with); c && !wrong;
         c = view_next (w, c)) {
        uint64_t n = view_below (w, v, c, alone);
        uint32_t count = request_count_fit (&c->count, n < UINT32_MAX ? n : UINT32_MAX);
        if (view_either (w, view_first (w, r->with)))
            return NULL;
        if (c->kind != REQUEST_RESOURCE)
            wrong = judge_slots (w, res, c, v, count, alone);
        else if (units_for (w, res, c, v) != count)
            wrong = "the count below is not the one that was asked for and can be had";
    }
    return wrong;
}

static const char *judge_chosen (const struct view *w, const struct result *res,
                                 const struct request_resource *r, bool alone)
{
    const char *wrong = NULL;
    alone = alone || r->exclusive == REQUEST_TRUE;
    for (size_t i = 0; i < res->count && !wrong; i++)
        if (res->items[i].request == r->index)
            wrong = judge_below (w, res, r, res->items[i].vertex, alone);
    for (const struct request_resource *c = r->with; c && !wrong; c = c->next)
        if (c->kind == REQUEST_RESOURCE)
            wrong = judge_chosen (w, res, c, alone);
    return wrong;
}

static const char *judge_top (struct view *w, const struct result *res,
                              const struct request_resource *r)
{
    uint32_t root = graph_root (w->g), count = view_count (w, r);
    if (r->kind != REQUEST_RESOURCE)
        return view_either (w, top (w)) ? NULL : judge_slots (w, res, r, root, count, false);
    if (units_for (w, res, r, root) != count)
        return "the count is not the one that was asked for and can be had";
    const char *wrong = is_tree (w->g) ? judge_chosen (w, res, r, false) : NULL;
    return wrong || !is_tree (w->g) ? wrong : judge_choice (w, r, res);
}

static const char *judge_result (struct view *w, const struct result *res)
{
    const char *wrong = NULL;
    fill_view (w, res->at, res->at + res->duration, res->jobid);
    if (!any_variant (w))
        return "it does not fit then";
    for (size_t i = 0; i < res->count && !wrong; i++)
        wrong = judge_item (w, res, i);
    for (const struct request_resource *r = top (w); r && !wrong; r = view_next (w, r))
        wrong = judge_top (w, res, r);
    return wrong;
}

/* Does what is free change at t? */
static bool is_turn (const struct reference *ref, int64_t t)
{
    struct match_job job;
    size_t cursor = 0;
    bool turn = ref->every_second || t == ref->now + 1;
    while (!turn && matcher_next_job (ref->m, &cursor, &job))
        turn = job.at == t || job.end == t;
    return turn;
}

static const char *judge_when (struct view *w, int rc, int errnum, const struct result *res,
                               bool ever)
{
    const struct reference *ref = w->ref;
    uint64_t self = rc == 0 ? res->jobid : UINT64_MAX;
    bool takes = takes_something (ref->req->resources) || w->whole;
    if (takes && feasible (w, ref->now, self))
        return rc < 0 || res->at != ref->now || res->reserved ? "it fits now, but was not given now"
                                                              : NULL;
    if (ref->op != MATCH_ALLOCATE_ORELSE_RESERVE && ref->op != MATCH_WITHOUT_ALLOCATING_FUTURE) {
        bool told = ref->op == MATCH_ALLOCATE_WITH_SATISFIABILITY && !ever;
        return rc == 0 || errnum != (told ? ENODEV : EBUSY) ? "it does not fit now, but was given"
                                                            : NULL;
    }
    int64_t t = ref->now + 1;
    while (t < PERIOD_END && !(takes && is_turn (ref, t) && feasible (w, t, self)))
        t++;
    if (t == PERIOD_END)
        return rc == 0 || errnum != (ever ? EBUSY : ENODEV) ? "it never fits, but that was not said"
                                                            : NULL;
    return rc < 0 || res->at != t ? "not the earliest time" : NULL;
}

/* The policy names what the graph does not have. */
static bool names_nothing (const struct view *w)
{
    const char *level = strstr (w->policy, "level="), *target = strstr (w->policy, "target=");
    const uint32_t *v;
    if (w->draw)
        return graph_subsystem_count (w->g) < 2;
    if (level)
        return graph_find_type (w->g, level + strlen ("level="), &v) == 0;
    if (target && target[strlen ("target=")] != '/')
        return graph_find_type (w->g, target + strlen ("target="), &v) == 0;
    return target &&
           graph_find_path ((struct graph *)w->g, target + strlen ("target=")) == GRAPH_NONE;
}

static bool is_many_nodes (const struct request_resource *r)
{
    return !strcmp (r->type, "node") && r->count.max > 1;
}

const char *reference_judge (const struct reference *ref, int rc, int errnum,
                             const struct result *res)
{
    const struct graph *g = matcher_graph (ref->m);
    size_t n = graph_limit (g);
    struct view w = {.ref = ref,
                     .g = g,
                     .req = ref->req,
                     .policy = policy_text (matcher_policy (ref->m)),
                     .used = calloc (n, sizeof (*w.used)),
                     .jobs = calloc (n, sizeof (*w.jobs)),
                     .seen = calloc (n, sizeof (*w.seen))};
    const char *wrong = NULL;
    sscanf (w.policy, "power draw=%u", &w.draw);
    if (w.draw && ref->req->resources->kind != REQUEST_RESOURCE &&
        is_many_nodes (ref->req->resources->with))
        ref = NULL; // which pairs of nodes can be fed is not worked out here
    w.whole = strstr (w.policy, "nodex") || strstr (w.policy, "node_exclusive=true");
    w.empty = true;
    bool ever = any_variant (&w);
    w.empty = false;
    if (names_nothing (&w))
        wrong = rc == 0 || errnum != EINVAL ? "the policy names what is not there" : NULL;
    else if (!ref)
        ;
    else if (ref->op != MATCH_SATISFIABILITY)
        wrong = judge_when (&w, rc, errnum, res, ever);
    else if ((rc == 0) != ever || (rc < 0 && errnum != ENODEV))
        wrong = "satisfiability";
    if (ref && !wrong && rc == 0 && ref->op != MATCH_SATISFIABILITY)
        wrong = judge_result (&w, res);
    free (w.used);
    free (w.jobs);
    free (w.seen);
    return wrong;
}
