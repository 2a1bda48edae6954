/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The matcher's operations on jobs that hold something: update, cancel, shrink, look. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/match_priv.h"
#include "lib/util/errprintf.h"

static struct job *find (struct matcher *m, uint64_t jobid, flux_error_t *errp)
{
    struct job *job = jobs_find (m, jobid);
    time_home (m);
    if (!job) {
        errno = ENOENT;
        errprintf (errp, "job %llu holds nothing", (unsigned long long)jobid);
    }
    return job;
}

static int check_item (const struct matcher *m, const struct result_item *item, flux_error_t *errp)
{
    char name[64];
    const struct graph *g = m->g;
    if (!graph_alive (g, item->vertex) || g->v[item->vertex].pos == GRAPH_NONE ||
        (item->exclusive && item->needs > g->v[item->vertex].size)) {
        errno = EINVAL;
        return errprintf (errp, "%s: no such vertex, or it is smaller than %u",
                          graph_say (g, item->vertex, name, sizeof (name)), item->needs);
    }
    const struct vertex *v = &g->v[item->vertex];
    if (item->exclusive && v->used + (uint64_t)item->needs > v->size) {
        errno = EBUSY;
        return errprintf (errp, "%s is not free", graph_say (g, item->vertex, name, sizeof (name)));
    }
    return 0;
}

static int push (struct matcher *m, uint32_t v, uint32_t needs, bool exclusive)
{
    const struct result_item item = {.vertex = v,
                                     .needs = needs,
                                     .request = GRAPH_NONE,
                                     .exclusive = exclusive,
                                     .depth = m->g->v[v].depth};
    return result_push (&m->res, &item);
}

/* The items, once each, with the vertices above them that the job does not hold yet. */
static int gather (struct matcher *m, const struct job *job, const struct result_item *items,
                   size_t count, flux_error_t *errp)
{
    char name[64];
    for (uint32_t i = 0; job && i < job->count; i++)
        mark_set (m, job->items[i].vertex, 0, job->items[i].exclusive, 0);
    for (size_t i = 0; i < count; i++) {
        if (check_item (m, &items[i], errp) < 0)
            return -1;
        const struct mark *mark = &m->mark[items[i].vertex];
        if (mark->seq == m->seq && mark->request == 0 && items[i].exclusive && mark->needs == 0) {
            errno = EBUSY;
            return errprintf (errp, "%s: the job shares it with others already",
                              graph_say (m->g, items[i].vertex, name, sizeof (name)));
        }
        if (mark->seq == m->seq)
            continue;
        mark_set (m, items[i].vertex, 0, false, GRAPH_NONE);
        if (push (m, items[i].vertex, items[i].needs, items[i].exclusive) < 0)
            return errprintf (errp, "out of memory");
    }
    for (size_t i = 0, n = m->res.count; i < n; i++)
        for (uint32_t p = m->g->v[m->res.items[i].vertex].parent;
             p != GRAPH_NONE && m->mark[p].seq != m->seq; p = m->g->v[p].parent) {
            mark_set (m, p, 0, false, GRAPH_NONE);
            if (push (m, p, m->g->v[p].size, false) < 0)
                return errprintf (errp, "out of memory");
        }
    if (!m->passage)
        return 0;
    for (uint32_t i = 0; job && i < job->count; i++)
        m->passage[job->items[i].vertex].held = m->seq;
    for (size_t i = 0; i < m->res.count; i++)
        m->passage[m->res.items[i].vertex].held = m->seq;
    return match_add_ancestors (m) < 0 ? errprintf (errp, "out of memory") : 0;
}

/* Depth first order, and who lies below an exclusive one. */
static void arrange (struct matcher *m)
{
    const struct result_item *open[GRAPH_MAX_DEPTH] = {NULL};
    struct result *res = &m->res;
    items_sort (m->g, res->items, res->count);
    m->g->steps += res->count;
    for (size_t i = 0; i < res->count; i++) {
        struct result_item *item = &res->items[i];
        if (item->aux)
            break;
        open[item->depth] = item;
        item->excl_above = item->depth > 0 && open[item->depth - 1] &&
                           open[item->depth - 1]->vertex == m->g->v[item->vertex].parent &&
                           open[item->depth - 1]->exclusive;
    }
}

int matcher_update (struct matcher *m, uint64_t jobid, int64_t at, int64_t duration, bool reserved,
                    const struct result_item *items, size_t count, const struct result **resp,
                    flux_error_t *errp)
{
    if (at < m->start || at >= m->end || duration <= 0) {
        errno = EINVAL;
        return errprintf (errp, "start %lld and duration %lld are outside the graph's period",
                          (long long)at, (long long)duration);
    }
    int64_t end = duration > m->end - at ? m->end : at + duration;
    struct job *job = jobs_find (m, jobid);
    m->policy = m->own_policy;
    m->res = (struct result){.jobid = jobid,
                             .at = at,
                             .duration = end - at,
                             .reserved = reserved,
                             .items = m->res.items,
                             .size = m->res.size};
    if (resp)
        *resp = &m->res;
    if (reserved)
        time_shift (m, at, end, INT64_MIN);
    else
        time_home (m);
    if (match_prepare (m) < 0)
        return errprintf (errp, "out of memory");
    if (gather (m, job, items, count, errp) < 0)
        return -1;
    arrange (m);
    time_home (m);
    m->overbooked = m->overbooked || (m->nreserved && !reserved);
    if (job)
        return jobs_extend (m, job, m->res.items, m->res.count) < 0
                   ? errprintf (errp, "out of memory")
                   : 0;
    if (!(job = jobs_add (m, jobid, at, end, reserved, m->res.items, m->res.count)))
        return errprintf (errp, "out of memory");
    if (!reserved)
        job_apply (m, job);
    time_plan (m, job, true);
    weights_update (m, m->res.items, m->res.count, false);
    return 0;
}

static void drop (struct matcher *m, struct job *job)
{
    job_unapply (m, job);
    time_plan (m, job, false);
    weights_update (m, job->items, job->count, true);
    jobs_drop (m, job);
    m->count.cancels++;
    if (m->nreserved == 0) {
        time_forget (m);
        m->overbooked = false;
    }
}

int matcher_cancel (struct matcher *m, uint64_t jobid, flux_error_t *errp)
{
    struct job *job = find (m, jobid, errp);
    if (!job)
        return -1;
    drop (m, job);
    return 0;
}

/* In depth first order, none below another; how many are left. */
static uint32_t order_tops (const struct matcher *m, uint32_t *tops, uint32_t n)
{
    const struct vertex *v = m->g->v;
    uint32_t k = 0;
    graph_sort_by_position (m->g, tops, n);
    for (uint32_t i = 0; i < n; i++)
        if (k == 0 || v[tops[i]].pos > v[tops[k - 1]].last)
            tops[k++] = tops[i];
    return k;
}

/* tops[n] as order_tops() leaves them. Shared ancestors go when nothing of the job is left below
 * them; what it draws in another
 * subsystem stays until the whole job is gone. Items are in depth first order,
 * so from the back every vertex comes after what is below it. */
static void shrink (struct matcher *m, struct job *job, const uint32_t *tops, size_t n)
{
    uint32_t left_at[GRAPH_MAX_DEPTH + 1]; // position of the last one kept at a depth
    memset (left_at, 0xff, sizeof (left_at));
    uint32_t kept = job->count;
    m->g->steps += job->count;
    for (uint32_t i = job->count; i-- > 0;) {
        struct result_item *item = &job->items[i];
        const struct vertex *v = &m->g->v[item->vertex];
        while (!item->aux && n > 0 && m->g->v[tops[n - 1]].pos > v->pos)
            n--;
        uint32_t below = left_at[v->depth + 1];
        bool keep = item->exclusive || (below != GRAPH_NONE && below <= v->last);
        if (!item->aux)
            keep = keep && (n == 0 || v->pos > m->g->v[tops[n - 1]].last);
        if (!keep) {
            if (job->applied)
                graph_give (m->g, item->vertex, item->needs, item->exclusive);
            continue;
        }
        if (!item->aux)
            left_at[v->depth] = v->pos;
        job->items[--kept] = *item;
    }
    job->count -= kept;
    memmove (job->items, job->items + kept, job->count * sizeof (*job->items));
}

/* Which ancestors a job still needs beside those on its way is found anew. There is room: they were
 * among its items before. */
static void keep_ancestors (struct matcher *m, struct job *job)
{
    if (!m->g->extras.n || job->count == 0 || match_prepare (m) < 0)
        return;
    m->res.count = 0;
    for (uint32_t i = 0; i < job->count; i++)
        if (push (m, job->items[i].vertex, 0, false) < 0)
            return;
        else
            m->passage[job->items[i].vertex].held = m->seq;
    if (match_add_ancestors (m) < 0)
        return;
    for (size_t i = job->count; i < m->res.count && job->count < job->room; i++) {
        struct result_item *item = &m->res.items[i];
        item->aux = true;
        job->items[job->count++] = *item;
        if (job->applied)
            graph_take (m->g, item->vertex, item->needs, false);
    }
    items_sort (m->g, job->items, job->count);
}

static void shrink_job (struct matcher *m, struct job *job, const uint32_t *tops, size_t n,
                        bool *full)
{
    time_plan (m, job, false);
    shrink (m, job, tops, n);
    keep_ancestors (m, job);
    time_plan (m, job, true);
    bool gone = job->count == 0 || job->items[0].aux;
    if (full)
        *full = gone;
    if (gone)
        drop (m, job);
}

int matcher_cancel_partial (struct matcher *m, uint64_t jobid, const uint32_t *vertices, size_t n,
                            bool *full, flux_error_t *errp)
{
    struct job *job = find (m, jobid, errp);
    if (!job)
        return -1;
    uint32_t *list = match_room (m->word_space, &m->word_room, n, sizeof (*list));
    if (!list)
        return errprintf (errp, "out of memory");
    m->word_space = list;
    for (size_t i = 0; i < n; i++) {
        if (!graph_alive (m->g, vertices[i]) || m->g->v[vertices[i]].pos == GRAPH_NONE) {
            errno = EINVAL;
            return errprintf (errp, "there is no vertex %u", vertices[i]);
        }
        list[i] = vertices[i];
    }
    shrink_job (m, job, list, order_tops (m, list, n), full);
    return 0;
}

static bool holds_below (const struct matcher *m, const struct job *job, uint32_t top)
{
    const struct vertex *v = m->g->v;
    uint32_t i = job_bound (m, job, v[top].pos);
    return i < job->count && v[job->items[i].vertex].pos <= v[top].last;
}

/* The top vertices of ranks into word_space, ordered. */
static int list_tops (struct matcher *m, const int64_t *ranks, size_t n, const struct job *job,
                      uint32_t *np, flux_error_t *errp)
{
    *np = 0;
    for (size_t i = 0; i < n; i++) {
        const uint32_t *v;
        size_t k = graph_find_rank (m->g, ranks[i], &v);
        bool held = false;
        for (size_t j = 0; j < k; j++) {
            uint32_t *list = match_room (m->word_space, &m->word_room, *np + 1, sizeof (*list));
            if (!list)
                return errprintf (errp, "out of memory");
            m->word_space = list;
            list[(*np)++] = v[j];
            held = held || !job || holds_below (m, job, v[j]);
        }
        if (!held) {
            errno = ENOENT;
            return errprintf (errp, "rank %lld: %s", (long long)ranks[i],
                              k ? "the job does not hold it" : "there is none");
        }
    }
    *np = order_tops (m, m->word_space, *np);
    return 0;
}

int matcher_cancel_ranks (struct matcher *m, uint64_t jobid, const int64_t *ranks, size_t n,
                          bool *full, flux_error_t *errp)
{
    uint32_t ntops;
    struct job *job = find (m, jobid, errp);
    if (!job || list_tops (m, ranks, n, job, &ntops, errp) < 0)
        return -1;
    shrink_job (m, job, m->word_space, ntops, full);
    return 0;
}

static void clear_tops (struct matcher *m, const uint32_t *tops, uint32_t n)
{
    for (size_t i = m->njobs; i-- > 0;) {
        uint32_t k = 0;
        while (k < n && !holds_below (m, m->job[i], tops[k]))
            k++;
        if (k < n)
            shrink_job (m, m->job[i], tops, n, NULL);
    }
}

int matcher_clear_ranks (struct matcher *m, const int64_t *ranks, size_t n, flux_error_t *errp)
{
    uint32_t ntops;
    time_home (m);
    if (list_tops (m, ranks, n, NULL, &ntops, errp) < 0)
        return -1;
    clear_tops (m, m->word_space, ntops);
    return 0;
}

int matcher_remove_subgraph (struct matcher *m, uint32_t v, flux_error_t *errp)
{
    time_home (m);
    if (!graph_alive (m->g, v) || v == m->g->root || m->g->v[v].pos == GRAPH_NONE) {
        errno = EINVAL;
        return errprintf (errp, "vertex %u is not there, or the root", v);
    }
    clear_tops (m, &v, 1);
    if (graph_remove (m->g, v, errp) < 0)
        return -1;
    for (size_t i = 0; i < m->njobs; i++) // who had several parents may have moved
        items_sort (m->g, m->job[i]->items, m->job[i]->count);
    return 0;
}

int matcher_start (struct matcher *m, uint64_t jobid, flux_error_t *errp)
{
    struct job *job = find (m, jobid, errp);
    if (!job)
        return -1;
    if (!job->reserved)
        return 0;
    for (uint32_t i = 0; i < job->count; i++)
        if (check_item (m, &job->items[i], errp) < 0)
            return -1;
    time_plan (m, job, false);
    job->reserved = false;
    time_plan (m, job, true);
    m->nreserved--;
    m->overbooked = m->overbooked || m->nreserved;
    job_apply (m, job);
    return 0;
}

int matcher_set_end (struct matcher *m, uint64_t jobid, int64_t end, flux_error_t *errp)
{
    struct job *job = find (m, jobid, errp);
    if (!job)
        return -1;
    if (end <= job->at || end > m->end) {
        errno = EINVAL;
        return errprintf (errp, "the end %lld is before the start or outside the graph's period",
                          (long long)end);
    }
    time_plan (m, job, false);
    m->overbooked = m->overbooked || (m->nreserved && end > job->end);
    job->end = end;
    time_plan (m, job, true);
    return 0;
}
