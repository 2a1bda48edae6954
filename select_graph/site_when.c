/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * When enough nodes will have what is wanted. The jobs leave in the order of their ends; each node
 * is looked at again when one has left it. O(jobs log jobs + what they hold). */

#include <stdlib.h>

#include "select_graph/site_priv.h"

struct state {
    const struct site *site;
    const struct site_want *want;
    struct node_state {
        int64_t cores, memory; // free
        int32_t njobs;
        bool may, will_do;
    } * nodes;
    int64_t *gres;  // free, of each node
    uint32_t count; // nodes that will do
};

static int by_end (const void *a, const void *b)
{
    const struct site_job *const *x = a, *const *y = b;
    return (*x)->end < (*y)->end ? -1 : (*x)->end > (*y)->end;
}

static bool will_do (const struct state *s, uint32_t i)
{
    const struct node_state *n = &s->nodes[i];
    const struct site_want *w = s->want;

    if (!n->may || n->cores < (int64_t)w->cores || n->memory < (int64_t)w->memory ||
        (w->whole && n->njobs > 0))
        return false;
    for (size_t k = 0; k < s->site->ngres; k++)
        if (s->gres[i * s->site->ngres + k] < (int64_t)w->gres[k])
            return false;
    return true;
}

/* Everything free, then what the claims take from it */
static void begin_node (struct state *s, uint32_t i)
{
    const struct site_node *node = &s->site->nodes[i];
    struct node_state *n = &s->nodes[i];

    n->njobs = node->njobs;
    for (uint32_t k = 0; k < node->nparts; k++) {
        const struct site_part *p = &node->parts[k];
        int64_t left =
            (int64_t)graph_size (s->site->graph, p->vertex) - (int64_t)s->site->claimed[p->vertex];

        if (p->kind == SITE_CORE)
            n->cores += left;
        else if (p->kind == SITE_MEMORY)
            n->memory += left * (p->scale ? p->scale : 1);
        else
            s->gres[i * s->site->ngres + p->gres] += left;
    }
    n->will_do = will_do (s, i);
    s->count += n->will_do;
}

static void leave (struct state *s, const struct site_job *job)
{
    for (size_t i = 0; i < job->nuses; i++) {
        const struct site_use *u = &job->uses[i];
        struct node_state *n = u->node < s->site->nnodes ? &s->nodes[u->node] : NULL;

        if (n && u->kind == SITE_CORE)
            n->cores += u->amount;
        else if (n && u->kind == SITE_MEMORY)
            n->memory += u->amount;
        else if (n)
            s->gres[u->node * s->site->ngres + u->gres] += u->amount;
    }
    for (size_t i = 0; i < job->nnodes; i++) {
        struct node_state *n = &s->nodes[job->nodes[i]];

        n->njobs--;
        if (!n->will_do && will_do (s, job->nodes[i])) {
            n->will_do = true;
            s->count++;
        }
    }
}

static int64_t sweep (struct state *s, int64_t now)
{
    size_t n = HASH_COUNT (s->site->jobs), i = 0;
    struct site_job **list = malloc ((n + 1) * sizeof (*list)), *job;
    int64_t when = -1;

    if (!list)
        return -1;
    for (job = s->site->jobs, n = 0; job; job = job->hh.next)
        if (!job->lifted)
            list[n++] = job;
    qsort (list, n, sizeof (*list), by_end);
    for (; i < n && when < 0; i++) {
        leave (s, list[i]);
        if (s->count >= s->want->nodes_min)
            when = list[i]->end > now ? list[i]->end : now + 1;
    }
    free (list);
    return when;
}

int64_t site_when (struct site *site, const struct site_want *want, int64_t now)
{
    struct state s = {.site = site, .want = want};
    int64_t when = -1;

    s.nodes = calloc (site->nnodes + 1, sizeof (*s.nodes));
    s.gres = calloc (site->nnodes * site->ngres + 1, sizeof (*s.gres));
    if (s.nodes && s.gres) {
        for (size_t i = 0; i < want->nranges; i++)
            for (uint32_t k = want->ranges[i].first; k <= want->ranges[i].last && k < site->nnodes;
                 k++)
                s.nodes[k].may = site->nodes[k].vertex != GRAPH_NONE;
        for (uint32_t i = 0; i < site->nnodes; i++)
            begin_node (&s, i);
        when = s.count >= want->nodes_min ? now : sweep (&s, now);
    }
    free (s.nodes);
    free (s.gres);
    return when;
}
