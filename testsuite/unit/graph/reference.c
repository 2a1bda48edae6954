/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "testsuite/unit/graph/reference.h"

/* What is free in one window, counted from the book of jobs and nothing else. */
struct view {
    const struct graph *g;
    const struct request *req;
    uint32_t *used;
    uint32_t *jobs;
    bool *seen;    // by count_all(): a vertex with several parents counts once
    bool empty;    // satisfiability: nothing used, all up
    bool whole;    // the policy gives nodes whole
    uint32_t draw; // the policy is power: units of each node; 0: another one
};

static bool in_window (const struct match_job *job, int64_t from, int64_t until, int64_t now)
{
    if (from == now && !job->reserved)
        return true;
    return (!job->reserved || job->at < until) && job->end > from;
}

/* What is held at t counts where it is more than what was held at the instants before. */
static void add_instant (struct view *w, struct matcher *m, int64_t t, int64_t from, int64_t until,
                         int64_t now, uint64_t self)
{
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

static void fill_view (struct view *w, struct matcher *m, int64_t from, int64_t until, int64_t now,
                       uint64_t self)
{
    struct match_job job;
    size_t cursor = 0;
    memset (w->used, 0, graph_limit (w->g) * sizeof (*w->used));
    memset (w->jobs, 0, graph_limit (w->g) * sizeof (*w->jobs));
    add_instant (w, m, from, from, until, now, self);
    while (matcher_next_job (m, &cursor, &job)) {
        if (job.id == self || !in_window (&job, from, until, now))
            continue;
        for (size_t i = 0; i < job.count; i++)
            w->jobs[job.items[i].vertex]++;
        if (job.at > from)
            add_instant (w, m, job.at, from, until, now, self);
    }
}

static bool is_node (const struct graph *g, uint32_t v)
{
    return !strcmp (graph_type (g, v), "node");
}

static uint32_t avail (const struct view *w, uint32_t v)
{
    uint32_t size = graph_size (w->g, v);
    if (is_node (w->g, v) && !constraint_match (w->req->constraint, w->g, v))
        return 0;
    if (w->empty)
        return size;
    if (graph_status (w->g, v) != GRAPH_UP || w->used[v] >= size)
        return 0;
    if (w->whole && is_node (w->g, v) && w->jobs[v])
        return 0;
    return size - w->used[v];
}

/* The i-th child of u, those that the tree lacks at the end; GRAPH_NONE past the last. */
static uint32_t child_of (const struct view *w, uint32_t u, uint32_t i)
{
    uint32_t n = graph_child_count (w->g, u);
    return i < n ? graph_child (w->g, u, i) : graph_extra_child (w->g, u, i - n);
}

static bool slot_fits (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    for (const struct request_resource *c = slot->with; c; c = c->next) {
        uint32_t i = 0, v;
        while ((v = child_of (w, u, i)) != GRAPH_NONE && strcmp (graph_type (w->g, v), c->type))
            i++;
        if (v == GRAPH_NONE)
            return false;
    }
    return true;
}

static uint64_t count_below (const struct view *w, uint32_t v, const struct request_resource *c,
                             bool alone);

/* Units that v offers as r, 0 when it does not fit. */
static uint32_t fits (const struct view *w, uint32_t v, const struct request_resource *r,
                      bool alone)
{
    if (strcmp (graph_type (w->g, v), r->type) || !avail (w, v))
        return 0;
    alone = alone || r->exclusive == REQUEST_TRUE;
    if (alone && !w->empty && w->jobs[v] && strcmp (r->type, "pool"))
        return 0;
    for (const struct request_resource *c = r->with; c; c = c->next) {
        uint64_t n = count_below (w, v, c, alone);
        if (request_count_fit (&c->count, n < UINT32_MAX ? n : UINT32_MAX) == 0)
            return 0;
    }
    return avail (w, v);
}

static uint64_t count_slots (const struct view *w, uint32_t u, const struct request_resource *slot)
{
    uint64_t least = UINT64_MAX;
    for (const struct request_resource *c = slot->with; c; c = c->next) {
        uint64_t units = 0;
        uint32_t v;
        for (uint32_t i = 0; (v = child_of (w, u, i)) != GRAPH_NONE; i++)
            units += fits (w, v, c, true);
        units /= c->count.min;
        least = units < least ? units : least;
    }
    return least;
}

/* How much of c is right below v; slots may lie one level further down. */
static uint64_t count_below (const struct view *w, uint32_t v, const struct request_resource *c,
                             bool alone)
{
    uint64_t n = 0;
    uint32_t u;
    if (c->kind == REQUEST_SLOT && slot_fits (w, v, c))
        return count_slots (w, v, c);
    for (uint32_t i = 0; (u = child_of (w, v, i)) != GRAPH_NONE; i++) {
        if (c->kind != REQUEST_SLOT)
            n += fits (w, u, c, alone);
        else if (avail (w, u) && slot_fits (w, u, c))
            n += count_slots (w, u, c);
    }
    return n;
}

/* How much of r is anywhere at or below v. */
static uint64_t count_all (const struct view *w, uint32_t v, const struct request_resource *r)
{
    uint64_t n = 0;
    uint32_t u;
    if (w->seen[v] || !avail (w, v))
        return 0;
    w->seen[v] = true;
    if (!strcmp (graph_type (w->g, v), r->type))
        return fits (w, v, r, false);
    if (r->kind == REQUEST_SLOT && slot_fits (w, v, r))
        return count_slots (w, v, r);
    for (uint32_t i = 0; (u = child_of (w, v, i)) != GRAPH_NONE; i++)
        n += count_all (w, u, r);
    return n;
}

static bool reached (const struct view *w, uint32_t v)
{
    for (v = graph_parent (w->g, v); v != GRAPH_NONE; v = graph_parent (w->g, v))
        if (!avail (w, v))
            return false;
    return true;
}

/* How many of the nodes below p in the power subsystem can be fed, each with so much. */
static uint64_t count_fed (const struct view *w, uint32_t p, uint32_t draw,
                           const struct request_resource *r, bool alone, int sub, bool *fed)
{
    uint64_t n = 0, units = graph_size (w->g, p) - (w->empty ? 0 : w->used[p]);
    bool up = w->empty || graph_status (w->g, p) == GRAPH_UP;
    for (size_t i = 0; i < graph_edge_count (w->g, sub); i++) {
        uint32_t from, to;
        graph_edge (w->g, sub, i, &from, &to);
        if (from != p)
            continue;
        fed[to] = true;
        if (!is_node (w->g, to))
            n += count_fed (w, to, draw, r, alone, sub, fed);
        else
            n += reached (w, to) && fits (w, to, r, alone);
    }
    return !up ? 0 : n < units / draw ? n : units / draw;
}

/* `node` at the top with the policy "power draw=N": a panel that feeds PDUs that feed nodes. */
static uint64_t count_powered (const struct view *w, const struct request_resource *r, bool alone)
{
    uint64_t n = 0;
    bool *fed = calloc (graph_limit (w->g), sizeof (*fed));
    int sub = graph_subsystem_count (w->g) > 1 ? 1 : -1;
    const uint32_t *node;
    for (uint32_t v = 0; sub >= 0 && v < graph_limit (w->g); v++)
        if (graph_alive (w->g, v) && !strcmp (graph_type (w->g, v), "panel"))
            n += count_fed (w, v, w->draw, r, alone, sub, fed);
    for (size_t i = 0, k = graph_find_type (w->g, "node", &node); i < k; i++)
        n += !fed[node[i]] && reached (w, node[i]) && fits (w, node[i], r, alone);
    free (fed);
    return n;
}

static uint32_t best_count (const struct view *w)
{
    const struct request_resource *r = w->req->resources;
    memset (w->seen, 0, graph_limit (w->g) * sizeof (*w->seen));
    uint64_t n = count_all (w, graph_root (w->g), r);
    bool slot = r->kind == REQUEST_SLOT && r->with->count.min == 1;
    if (w->draw && !strcmp (slot ? r->with->type : r->type, "node"))
        n = count_powered (w, slot ? r->with : r, slot);
    return request_count_fit (&r->count, n < UINT32_MAX ? n : UINT32_MAX);
}

/* A request with nothing in it that a job would have for itself gets nothing. */
static bool takes_something (const struct request_resource *r)
{
    for (; r; r = r->next)
        if (r->kind == REQUEST_SLOT || r->exclusive == REQUEST_TRUE || takes_something (r->with))
            return true;
    return false;
}

static bool feasible (struct view *w, struct matcher *m, int64_t at, int64_t now, uint64_t self)
{
    int64_t until = at + (int64_t)w->req->duration;
    if (until > 1000)
        return false;
    fill_view (w, m, at, until, now, self);
    return best_count (w) > 0;
}

static bool is_tree (const struct graph *g)
{
    for (uint32_t v = 0; v < graph_limit (g); v++)
        if (graph_alive (g, v) && graph_extra_child (g, v, 0) != GRAPH_NONE)
            return false;
    return true;
}

static const char *judge_items (struct view *w, const struct result *res)
{
    const struct request_resource *r = w->req->resources;
    uint64_t units = 0, per = 1;
    const char *type = r->type;
    if (r->kind == REQUEST_SLOT) {
        type = r->with->type;
        per = r->with->count.min;
    }
    for (size_t i = 0; i < res->count; i++) {
        const struct result_item *item = &res->items[i];
        if (item->exclusive &&
            w->used[item->vertex] + item->needs > graph_size (w->g, item->vertex))
            return "a vertex is given twice";
        if (item->aux)
            continue;
        if (!avail (w, item->vertex))
            return "a vertex is given that is down, held or excluded";
        if (i > 0 && is_tree (w->g) &&
            graph_position (w->g, item->vertex) <= graph_position (w->g, res->items[i - 1].vertex))
            return "items are not in depth first order";
        if (!strcmp (graph_type (w->g, item->vertex), type) &&
            (r->kind != REQUEST_SLOT || item->exclusive))
            units += item->needs;
    }
    if (w->whole ? units < best_count (w) * per : units != best_count (w) * per)
        return "the count is not the one that was asked for and can be had";
    return NULL;
}

const char *reference_judge (struct matcher *m, const struct request *req, match_op_t op,
                             int64_t now, int rc, int errnum, const struct result *res)
{
    const struct graph *g = matcher_graph (m);
    size_t n = graph_limit (g);
    struct view w = {
        .g = g, .req = req, .used = calloc (n, 4), .jobs = calloc (n, 4), .seen = calloc (n, 1)};
    const char *wrong = NULL;
    sscanf (policy_text (matcher_policy (m)), "power draw=%u", &w.draw);
    w.whole = strstr (policy_text (matcher_policy (m)), "nodex");
    uint64_t self = rc == 0 ? res->jobid : UINT64_MAX;
    bool takes = takes_something (req->resources) || w.whole;
    bool now_ok = feasible (&w, m, now, now, self) && takes;
    w.empty = true;
    bool ever_ok = best_count (&w) > 0;
    w.empty = false;
    if (op == MATCH_SATISFIABILITY) {
        if ((rc == 0) != ever_ok || (rc < 0 && errnum != ENODEV))
            wrong = "satisfiability";
    } else if (now_ok) {
        if (rc < 0 || res->at != now || res->reserved)
            wrong = "it fits now, but was not given now";
    } else if (op != MATCH_ALLOCATE_ORELSE_RESERVE) {
        if (rc == 0 || errnum != EBUSY)
            wrong = "it does not fit now, but was given";
    } else {
        int64_t t = now + 1;
        while (t < 1000 && !(takes && feasible (&w, m, t, now, self)))
            t++;
        if (t == 1000 && (rc == 0 || errnum != (ever_ok ? EBUSY : ENODEV)))
            wrong = "it never fits, but that was not said";
        if (t < 1000 && (rc < 0 || res->at != t))
            wrong = "not the earliest time";
    }
    if (!wrong && rc == 0 && op != MATCH_SATISFIABILITY) {
        fill_view (&w, m, res->at, res->at + res->duration, now, self);
        wrong = judge_items (&w, res);
    }
    free (w.used);
    free (w.jobs);
    free (w.seen);
    return wrong;
}
