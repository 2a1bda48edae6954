/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Time. The graph's state is that of one window: jobs that run or are planned in it hold their
 * vertices, others don't. Its home is now. To look at the future the state is shifted: jobs that
 * differ between the windows are taken out or put in; so the match itself knows no time. A planner
 * over the root's totals says which points are worth a look; it exists while jobs wait. */

#include <errno.h>
#include <stdlib.h>

#include "lib/graph/match_priv.h"

static bool holds (const struct job *job, int64_t from, int64_t until, int64_t now)
{
    if (from == now && !job->reserved)
        return true; // it runs until somebody cancels it, whatever its end
    return (!job->reserved || job->at < until) && job->end > from; // it may have begun early
}

/* ---- Pools: jobs that follow each other in the window draw from them one after the other, so of
 * what they hold together only the most at any time counts ---- */
static bool draw_before (const struct draw *a, const struct draw *b)
{
    if (a->vertex != b->vertex)
        return a->vertex < b->vertex;
    return a->at != b->at ? a->at < b->at : a->units < b->units; // who ends makes room first
}

static void sift (struct draw *a, uint32_t i, uint32_t n)
{
    struct draw x = a[i];
    for (uint32_t c; (c = 2 * i + 1) < n; i = c) {
        if (c + 1 < n && draw_before (&a[c], &a[c + 1]))
            c++;
        if (!draw_before (&x, &a[c]))
            break;
        a[i] = a[c];
    }
    a[i] = x;
}

static void sort_draws (struct draw *a, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift (a, i, n);
    for (uint32_t end = n; end-- > 1;) {
        struct draw x = a[0];
        a[0] = a[end];
        a[end] = x;
        sift (a, 0, end);
    }
}

static bool add_draw (struct matcher *m, uint32_t v, int64_t at, int64_t units)
{
    struct draw *list = match_room (m->draw, &m->draw_room, m->ndraws + 1, sizeof (*list));
    if (list) {
        m->draw = list;
        list[m->ndraws++] = (struct draw){.vertex = v, .at = at, .units = units};
    }
    return list;
}

static bool list_draws (struct matcher *m, int64_t from, int64_t now)
{
    uint32_t jobs = 0;
    m->ndraws = 0;
    for (size_t i = 0; i < m->njobs; i++) {
        const struct job *job = m->job[i];
        if (!job->applied || !job->pools)
            continue;
        bool runs_on = from == now && !job->reserved;
        jobs++;
        for (uint32_t k = 0; k < job->count; k++) {
            const struct result_item *item = &job->items[k];
            if (is_draw (m->g, item) &&
                (!add_draw (m, item->vertex, job->reserved && job->at > from ? job->at : from,
                            item->needs) ||
                 !add_draw (m, item->vertex, runs_on ? INT64_MAX : job->end,
                            -(int64_t)item->needs)))
                return false; // then all of it counts
        }
    }
    return jobs > 1;
}

static void discount (struct matcher *m, int64_t from, int64_t now)
{
    uint32_t n = 0;
    if (m->nreserved == 0 || !list_draws (m, from, now)) // what runs has begun: all of it counts
        return;
    sort_draws (m->draw, m->ndraws);
    for (uint32_t i = 0, to; i < m->ndraws; i = to) {
        int64_t sum = 0, most = 0, all = 0;
        uint32_t v = m->draw[i].vertex;
        for (to = i; to < m->ndraws && m->draw[to].vertex == v; to++) {
            sum += m->draw[to].units;
            all += m->draw[to].units > 0 ? m->draw[to].units : 0;
            most = sum > most ? sum : most;
        }
        if (most < all)
            m->draw[n++] = (struct draw){.vertex = v, .units = all - most};
    }
    for (uint32_t i = 0; i < n; i++)
        graph_adjust (m->g, m->draw[i].vertex, -m->draw[i].units);
    m->ndiscounts = n;
}

static void undo_discounts (struct matcher *m)
{
    while (m->ndiscounts > 0) {
        m->ndiscounts--;
        graph_adjust (m->g, m->draw[m->ndiscounts].vertex, m->draw[m->ndiscounts].units);
    }
}

void time_shift (struct matcher *m, int64_t from, int64_t until, int64_t now)
{
    undo_discounts (m);
    /* who goes makes room for who comes */
    struct job *come = NULL, **last = &come;
    for (size_t i = 0; i < m->njobs; i++) {
        struct job *job = m->job[i];
        bool held = holds (job, from, until, now);
        if (held == job->applied)
            continue;
        if (!held) {
            job_unapply (m, job);
            continue;
        }
        *last = job;
        last = &job->next;
    }
    *last = NULL;
    for (; come; come = come->next)
        job_apply (m, come);
    discount (m, from, now);
    m->shifted = true;
}

void time_home (struct matcher *m)
{
    if (!m->shifted)
        return;
    undo_discounts (m);
    for (size_t i = 0; i < m->njobs; i++)
        if (m->job[i]->reserved)
            job_unapply (m, m->job[i]);
    for (size_t i = 0; i < m->njobs; i++)
        if (!m->job[i]->reserved)
            job_apply (m, m->job[i]);
    m->shifted = false;
}

static uint32_t root_types (const struct matcher *m, const uint16_t **type)
{
    const struct vertex *root = &m->g->v[m->g->root];
    if (root->agg == GRAPH_NONE) {
        *type = NULL;
        return 0;
    }
    *type = m->g->layout[root->layout].type;
    return m->g->layout[root->layout].ntypes;
}

/* All counts 0; at which of them a type is. NULL: there are none. */
static const uint8_t *begin_counts (const struct matcher *m, uint64_t *counts)
{
    const struct vertex *root = &m->g->v[m->g->root];
    const uint16_t *type;
    uint32_t n = root_types (m, &type);
    for (uint32_t k = 0; k < n; k++)
        counts[k] = 0;
    return root->agg == GRAPH_NONE ? NULL : m->g->layout[root->layout].slot;
}

/* Units of each type that a job holds, as the planner counts them. */
static void sum_job (const struct matcher *m, const struct job *job, uint64_t *counts)
{
    const uint8_t *slot = begin_counts (m, counts);
    for (uint32_t i = 0; slot && i < job->count; i++) {
        const struct vertex *v = &m->g->v[job->items[i].vertex];
        if (job->items[i].exclusive && slot[v->type] != 0xff)
            counts[slot[v->type]] += job->items[i].needs;
    }
}

void time_forget (struct matcher *m)
{
    planner_destroy (m->planner);
    m->planner = NULL;
}

/* What runs has its units, whenever it was to begin. */
static int64_t plan_start (const struct matcher *m, const struct job *job)
{
    return job->reserved ? job->at : m->start;
}

/* When the planner cannot follow, it goes; the next search makes it anew. */
void time_plan (struct matcher *m, const struct job *job, bool add)
{
    uint64_t counts[GRAPH_MAX_PLANNED];
    if (!m->planner)
        return;
    if (m->planner_generation != m->g->generation) {
        time_forget (m);
        return;
    }
    sum_job (m, job, counts);
    if ((add ? planner_add : planner_remove) (m->planner, plan_start (m, job), job->end, counts) <
            0 &&
        errno == ENOMEM)
        time_forget (m);
}

static int plan_all (struct matcher *m, uint32_t ntypes)
{
    struct planner_span *span = malloc ((m->njobs + 1) * sizeof (*span));
    uint64_t *counts = malloc ((m->njobs * ntypes + 1) * sizeof (*counts));
    int rc = span && counts ? 0 : -1;
    for (size_t i = 0; rc == 0 && i < m->njobs; i++) {
        const struct job *job = m->job[i];
        sum_job (m, job, counts + i * ntypes);
        span[i] = (struct planner_span){plan_start (m, job), job->end, counts + i * ntypes};
    }
    if (rc == 0)
        rc = planner_fill (m->planner, span, m->njobs);
    free (counts);
    free (span);
    return rc;
}

static int make_planner (struct matcher *m)
{
    uint64_t totals[GRAPH_MAX_PLANNED];
    const uint16_t *type;
    uint32_t n = root_types (m, &type);
    if (m->planner && m->planner_generation == m->g->generation)
        return 0;
    time_forget (m);
    for (uint32_t k = 0; k < n; k++)
        totals[k] = vertex_agg (m->g, &m->g->v[m->g->root], type[k])->total;
    if (!(m->planner = planner_create (m->start, m->end, totals, n)))
        return -1;
    m->planner_generation = m->g->generation;
    if (plan_all (m, n) == 0)
        return 0;
    time_forget (m);
    errno = ENOMEM;
    return -1;
}

/* What the request needs of each type at least, all of it together. */
static void sum_wants (const struct matcher *m, const struct want *list, uint64_t *counts)
{
    const uint8_t *slot = begin_counts (m, counts);
    for (uint32_t i = m->all; slot && list && i < m->nneed; i++)
        if (m->need[i].type < m->g->ntypes && slot[m->need[i].type] != 0xff)
            counts[slot[m->need[i].type]] += m->need[i].count;
}

static bool time_runs_over (const struct matcher *m, int64_t now)
{
    for (size_t i = 0; i < m->njobs; i++)
        if (!m->job[i]->reserved && m->job[i]->end <= now)
            return true;
    return false;
}

int64_t time_candidate (struct matcher *m, const struct want *list, int64_t after, int64_t now,
                        int64_t duration)
{
    uint64_t counts[GRAPH_MAX_PLANNED];
    if (make_planner (m) < 0)
        return -1;
    int64_t from = planner_next_point (m->planner, after);
    if (after == now && time_runs_over (m, now))
        from = now + 1;
    if (from < 0) {
        errno = ENOENT;
        return -1;
    }
    sum_wants (m, m->overbooked ? NULL : list, counts);
    return planner_first_fit (m->planner, from, duration, counts);
}

bool time_worth_now (struct matcher *m, const struct want *list, int64_t now, int64_t duration)
{
    uint64_t counts[GRAPH_MAX_PLANNED];
    if (!m->planner || m->planner_generation != m->g->generation || m->overbooked)
        return true;
    sum_wants (m, list, counts);
    return planner_fits (m->planner, now, duration, counts);
}
