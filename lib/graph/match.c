/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher's operations: make and destroy, match now or later. */

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"
#include "lib/util/errprintf.h"

static void settle (void *arg)
{
    time_home (arg);
}

struct matcher *matcher_create (struct graph *g, const char *policy, int flags, flux_error_t *errp)
{
    if (flags & ~(MATCHER_EXACT_TIES | MATCHER_FLEXIBLE | MATCHER_WALK_ONLY | MATCHER_THROUGH)) {
        errno = EINVAL;
        errprintf (errp, "unknown flag");
        return NULL;
    }
    struct matcher *m = calloc (1, sizeof (*m));
    if (!m) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    m->g = g;
    m->flags = flags;
    m->end = GRAPH_FOREVER;
    if (!(m->own_policy = policy_create (policy, errp)) ||
        matcher_set_prune (m, "ALL:core,ALL:node", errp) < 0) {
        policy_destroy (m->own_policy);
        free (m);
        return NULL;
    }
    g->settle = settle;
    g->settle_arg = m;
    return m;
}

void matcher_destroy (struct matcher *m)
{
    if (!m)
        return;
    int saved = errno;
    m->g->settle = NULL;
    fast_clear (m);
    time_forget (m);
    jobs_free (m);
    while (m->free_evals) {
        struct evals *ev = m->free_evals;
        m->free_evals = ev->next;
        free (ev->group);
        free (ev);
    }
    policy_destroy (m->own_policy);
    free (m->exclusive_type);
    free (m->want);
    free (m->need);
    free (m->edge);
    free (m->charges.list);
    free (m->pick);
    free (m->heap);
    free (m->scored);
    free (m->state);
    free (m->sort_space);
    free (m->word_space);
    free (m->run_space);
    free (m->mark);
    free (m->passage);
    free (m->entered);
    free (m->draw);
    free (m->weight);
    free (m->prune_text);
    free (m->prune_bits);
    free (m->weight_type);
    free (m->by_weight);
    result_clear (&m->res);
    free (m);
    errno = saved;
}

int matcher_set_policy (struct matcher *m, const char *policy, flux_error_t *errp)
{
    struct policy *p = policy_create (policy, errp);
    if (!p)
        return -1;
    policy_destroy (m->own_policy);
    m->own_policy = p;
    return 0;
}

const struct policy *matcher_policy (const struct matcher *m)
{
    return m->own_policy;
}

struct graph *matcher_graph (const struct matcher *m)
{
    return m->g;
}

int matcher_set_period (struct matcher *m, int64_t start, int64_t end, flux_error_t *errp)
{
    if (start == 0 && end == 0)
        end = GRAPH_FOREVER;
    if (start < 0 || end <= start) {
        errno = EINVAL;
        return errprintf (errp, "the graph's period must begin at 0 or later and end after that");
    }
    time_forget (m);
    m->start = start;
    m->end = end;
    return 0;
}

int match_prepare (struct matcher *m)
{
    if (m->mark_room < m->g->nv) {
        struct mark *mark = realloc (m->mark, m->g->nv * sizeof (*mark));
        if (!mark)
            return -1;
        memset (mark + m->mark_room, 0, (m->g->nv - m->mark_room) * sizeof (*mark));
        m->mark = mark;
        m->mark_room = m->g->nv;
        free (m->passage);
        m->passage = NULL;
    }
    if (m->g->extras.n && !m->passage &&
        !(m->passage = calloc (m->mark_room, sizeof (*m->passage))))
        return -1;
    if (++m->seq == 0) { // marks of four thousand million matches ago
        memset (m->mark, 0, m->mark_room * sizeof (*m->mark));
        if (m->passage)
            memset (m->passage, 0, m->mark_room * sizeof (*m->passage));
        m->seq = 1;
    }
    if ((m->flags & MATCHER_EXACT_TIES) && prune_ready (m) < 0)
        return -1;
    return m->policy && m->policy->stop_on_1 ? weights_ready (m) : 0;
}

/* Try every way to resolve exclusive-or slots on the state as it is. */
static int select_now (struct matcher *m, flux_error_t *errp)
{
    const struct want *list;
    struct mark root;
    int rc = -1;
    for (uint32_t variant = 0;; variant++) {
        int more = match_compile (m, m->req, variant, &list, errp);
        if (more < 0)
            return -1;
        if (more > 0)
            break;
        if (match_prepare (m) < 0)
            return errprintf (errp, "out of memory");
        rc = 0;
        if (!(m->flags & (MATCHER_EXACT_TIES | MATCHER_WALK_ONLY)))
            rc = fast_select (m, list, &root);
        m->count.indexed = rc != 0;
        if (rc == 0)
            rc = walk_select (m, list, &root) < 0 ? -1 : 1;
        if (rc > 0)
            return m->satisfy ? 0 : match_collect (m, &root);
        if (errno != EBUSY)
            return errprintf (errp, "%s", strerror (errno));
    }
    errno = EBUSY;
    return -1;
}

static int satisfiable (struct matcher *m, flux_error_t *errp)
{
    m->satisfy = true;
    int rc = select_now (m, errp);
    m->satisfy = false;
    if (rc < 0 && errno == EBUSY) {
        errno = ENODEV;
        return errprintf (errp, "the request can never be met on this graph");
    }
    return rc;
}

/* Window of one job. */
struct window {
    int64_t now;
    int64_t duration;
    bool open_end; // until the end of the graph, however long that is
};

static int64_t window_length (const struct matcher *m, const struct window *w, int64_t at)
{
    return w->open_end && m->end - at < w->duration ? m->end - at : w->duration;
}

static int match_now (struct matcher *m, const struct want *needs, const struct window *w,
                      flux_error_t *errp)
{
    int64_t d = window_length (m, w, w->now);
    m->count.candidates++;
    if (w->now > m->end - d || !time_worth_now (m, needs, w->now, d))
        errno = EBUSY;
    else {
        if (m->nreserved)
            time_shift (m, w->now, w->now + d, w->now);
        else
            time_home (m);
        m->res.at = w->now;
        m->res.duration = d;
        m->res.reserved = false;
        if (select_now (m, errp) == 0)
            return 0;
    }
    if (errno == EBUSY)
        errprintf (errp, "the resources are not free now");
    return -1;
}

/* The wishes, when there is one way to read them; compiled anew for it. */
static int compile_needs (struct matcher *m, const struct want **needs, flux_error_t *errp)
{
    const struct want *list;
    *needs = NULL;
    int more = match_compile (m, m->req, 1, &list, errp);
    if (more <= 0)
        return more;
    return match_compile (m, m->req, 0, needs, errp);
}

static int match_later (struct matcher *m, const struct window *w, flux_error_t *errp)
{
    int64_t t = w->now;
    for (;;) {
        const struct want *needs;
        if (compile_needs (m, &needs, errp) < 0)
            return -1;
        int64_t d = w->open_end && !(m->flags & MATCHER_EXACT_TIES) ? 1 : w->duration;
        if ((t = time_candidate (m, needs, t, w->now, d)) < 0)
            break;
        d = window_length (m, w, t);
        if (t > m->end - d)
            break;
        m->count.candidates++;
        time_shift (m, t, t + d, w->now);
        m->res.at = t;
        m->res.duration = d;
        m->res.reserved = true;
        if (select_now (m, errp) == 0)
            return 0;
        if (errno != EBUSY)
            return -1;
    }
    if (errno == ENOMEM)
        return errprintf (errp, "out of memory");
    if (satisfiable (m, errp) < 0)
        return -1;
    errno = EBUSY;
    return errprintf (errp, "the resources are free at no time as things are");
}

static int set_window (const struct matcher *m, const struct request *req, int64_t now,
                       struct window *w, flux_error_t *errp)
{
    int64_t period = m->end - m->start;
    if (now < m->start || now >= m->end) {
        errno = EINVAL;
        return errprintf (errp, "the time %lld is outside the graph's period", (long long)now);
    }
    if (!(req->duration >= 0) || req->duration > (double)period) {
        errno = EINVAL;
        return errprintf (errp, "duration %g is longer than the graph's period", req->duration);
    }
    *w = (struct window){.now = now, .duration = (int64_t)ceil (req->duration)};
    if (w->duration == 0) {
        w->duration = period;
        w->open_end = true;
    }
    return 0;
}

static bool is_up (const struct graph *g, uint32_t v)
{
    while (v != GRAPH_NONE && g->v[v].status == GRAPH_UP)
        v = g->v[v].parent;
    return v == GRAPH_NONE;
}

/* Fluxion first counts nodes: with fewer up than the request has, it looks no further, and says
 * busy where it would otherwise say that it can never be. */
static int count_nodes (struct matcher *m, match_op_t op, const struct window *w,
                        flux_error_t *errp)
{
    const struct want *list;
    const uint32_t *node;
    bool never = op == MATCH_ALLOCATE_WITH_SATISFIABILITY;
    bool now = op == MATCH_ALLOCATE || op == MATCH_WITHOUT_ALLOCATING;
    uint64_t wanted = 0, up = 0, fit = 0;
    if (match_compile (m, m->req, 0, &list, errp) < 0)
        return -1;
    if (!prune_has (m, "node") || m->node == GRAPH_NONE)
        return 0;
    for (uint32_t i = m->all; i < m->nneed; i++)
        wanted += m->need[i].type == m->node ? m->need[i].count : 0;
    if (now)
        time_shift (m, w->now, w->now + w->duration, w->now);
    size_t n = graph_type_list (m->g, m->node, &node);
    for (size_t i = 0; i < n; i++) {
        const struct vertex *v = &m->g->v[node[i]];
        up += is_up (m->g, node[i]);
        fit += (never || v->status == GRAPH_UP) && !(now && v->used >= v->size) &&
               constraint_match (m->req->constraint, m->g, node[i]);
    }
    if (wanted <= up && (!m->req->constraint || wanted <= fit))
        return 0;
    errno = never ? ENODEV : EBUSY;
    return errprintf (errp, "%llu nodes are wanted, %llu would do", (unsigned long long)wanted,
                      (unsigned long long)(wanted > up ? up : fit));
}

static int run (struct matcher *m, match_op_t op, const struct window *w, flux_error_t *errp)
{
    const struct want *needs = NULL;
    if (op == MATCH_SATISFIABILITY)
        return satisfiable (m, errp);
    if ((m->flags & MATCHER_EXACT_TIES) && count_nodes (m, op, w, errp) < 0)
        return -1;
    if (m->planner && compile_needs (m, &needs, errp) < 0)
        return -1;
    if (match_now (m, needs, w, errp) == 0)
        return 0;
    if (errno != EBUSY)
        return -1;
    if (op == MATCH_ALLOCATE_ORELSE_RESERVE || op == MATCH_WITHOUT_ALLOCATING_FUTURE)
        return match_later (m, w, errp);
    if (op == MATCH_ALLOCATE_WITH_SATISFIABILITY) {
        if (satisfiable (m, errp) < 0)
            return -1;
        errno = EBUSY;
        errprintf (errp, "the resources are not free now");
    }
    return -1;
}

static bool op_books (match_op_t op)
{
    return op == MATCH_ALLOCATE || op == MATCH_ALLOCATE_ORELSE_RESERVE ||
           op == MATCH_ALLOCATE_WITH_SATISFIABILITY;
}

static int book (struct matcher *m, flux_error_t *errp)
{
    struct result *res = &m->res;
    struct job *job = jobs_add (m, res->jobid, res->at, res->at + res->duration, res->reserved,
                                res->items, res->count);
    if (!job)
        return errprintf (errp, "out of memory");
    if (!res->reserved)
        job_apply (m, job);
    time_plan (m, job, true);
    if (m->weight && (m->flags & MATCHER_EXACT_TIES))
        time_home (m);
    if (m->weight && (!res->reserved || (m->flags & MATCHER_EXACT_TIES)))
        weights_update (m, res->items, res->count, false);
    return 0;
}

static int check_policy (struct matcher *m, flux_error_t *errp)
{
    const struct policy *p = m->policy;
    const char *what, *name = p->ops->lacks ? p->ops->lacks (p, m->g, &what) : NULL;
    if (!name)
        return 0;
    errno = EINVAL;
    return errprintf (errp, "policy '%.48s': the graph has no %s %.64s", p->text, what, name);
}

int matcher_match (struct matcher *m, const struct request *req, match_op_t op, uint64_t jobid,
                   int64_t now, const struct policy *policy, const struct result **resp,
                   flux_error_t *errp)
{
    struct window w = {.now = now};
    m->count.visits = m->count.candidates = m->count.indexed = 0;
    m->count.preorder = m->count.postorder = 0;
    m->res.count = 0;
    m->res.jobid = jobid;
    m->policy = policy ? policy : m->own_policy;
    m->req = req;
    if (resp)
        *resp = &m->res;
    if (m->g->root == GRAPH_NONE) {
        errno = ENODEV;
        return errprintf (errp, "the graph is empty");
    }
    if (op_books (op) && jobs_find (m, jobid)) {
        errno = EEXIST;
        return errprintf (errp, "job %llu holds resources already", (unsigned long long)jobid);
    }
    if (set_window (m, req, now, &w, errp) < 0 || check_policy (m, errp) < 0)
        return -1;
    if (run (m, op, &w, errp) < 0 || (op_books (op) && book (m, errp) < 0)) {
        m->count.failures++;
        return -1;
    }
    // for Fluxion a look is a touch
    if (!op_books (op) && op != MATCH_SATISFIABILITY && m->weight &&
        (m->flags & MATCHER_EXACT_TIES))
        weights_look (m, m->res.items, m->res.count);
    m->count.matches++;
    return 0;
}

void matcher_counters (const struct matcher *m, struct match_counters *c)
{
    *c = m->count;
}
