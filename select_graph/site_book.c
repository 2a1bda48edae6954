/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Who holds what. Claims are Slurm's, and may be more than there is; the matcher has of each as
 * much as was free. When something becomes free, those who lack it get it. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"

struct site_job *site_find_job (const struct site *site, uint32_t id)
{
    struct site_job *job;

    HASH_FIND (hh, site->jobs, &id, sizeof (id), job);
    return job;
}

static void free_job (struct site_job *job)
{
    if (!job)
        return;
    free (job->uses);
    free (job->extra);
    free (job->nodes);
    free (job);
}

void site_free_jobs (struct site *site)
{
    struct site_job *job, *next;

    HASH_ITER (hh, site->jobs, job, next)
    {
        HASH_DEL (site->jobs, job);
        free_job (job);
    }
}

/* ---- The matcher's part ---- */

void site_enter (struct site *site, struct site_job *job, int64_t now)
{
    struct result_item *items = calloc (job->nuses + 1, sizeof (*items));
    size_t n = 0;

    site->nentered++;
    site->nshort -= job->nshort > 0;
    job->nshort = 0;
    for (size_t i = 0; items && i < job->nuses; i++) {
        uint32_t v = job->uses[i].vertex;
        uint32_t free_units = graph_size (site->graph, v) - graph_used (site->graph, v);
        uint32_t give = job->uses[i].amount < free_units ? job->uses[i].amount : free_units;

        if (graph_position (site->graph, v) == GRAPH_NONE)
            continue; // of another subsystem only: claimed, but not the matcher's
        job->nshort += give < job->uses[i].amount;
        if (give > 0)
            items[n++] = (struct result_item){
                .vertex = v, .needs = give, .request = GRAPH_NONE, .exclusive = 1};
    }
    if (n > 0 && matcher_update (site->matcher, job->id, now, job->end > now ? job->end - now : 1,
                                 false, items, n, NULL, NULL) < 0)
        job->nshort = job->nuses; // out of memory: it is tried again
    site->nshort += job->nshort > 0;
    free (items);
}

void site_claim (struct site *site, const struct site_job *job, bool more)
{
    for (size_t i = 0; i < job->nuses; i++) {
        const struct site_use *use = &job->uses[i];
        uint64_t amount = use->amount;

        site->claimed[use->vertex] += more ? amount : -amount;
        site_take (site, use, more);
        if (use->node == GRAPH_NONE && graph_alive (site->graph, use->vertex) &&
            graph_child_count (site->graph, use->vertex) > 0)
            site->nplaces += more ? 1 : -1;
    }
    for (size_t i = 0; i < job->nnodes; i++)
        site_draw (site, job->nodes[i], more);
}

static bool lacks_any (const struct site *site, const struct site_job *job,
                       const struct site_job *from)
{
    for (size_t i = 0; i < job->nuses; i++)
        for (size_t k = 0; k < from->nuses; k++)
            if (job->uses[i].vertex == from->uses[k].vertex)
                return true;
    return false;
}

/* Others who shared with this one get what it leaves. */
static void pass_on (struct site *site, const struct site_job *from, int64_t now)
{
    struct site_job *job, *next;

    HASH_ITER (hh, site->jobs, job, next)
    {
        if (job == from || job->lifted || job->nshort == 0 || !lacks_any (site, job, from))
            continue;
        (void)matcher_cancel (site->matcher, job->id, NULL);
        site_enter (site, job, now);
    }
}

void site_leave (struct site *site, struct site_job *job, int64_t now)
{
    (void)matcher_cancel (site->matcher, job->id, NULL);
    site->nshort -= job->nshort > 0;
    job->nshort = 0;
    if (site->nshort > 0)
        pass_on (site, job, now);
}

void site_release (struct site *site, uint32_t id)
{
    struct site_job *job = site_find_job (site, id);

    if (!job)
        return;
    HASH_DEL (site->jobs, job);
    site_ends_remove (site, job);
    if (!job->lifted) {
        site_claim (site, job, false);
        site_leave (site, job, 0);
    }
    free_job (job);
}

/* ---- From holds to vertices ---- */

static int add_use (struct site_job *job, size_t *room, const struct site_hold *h, uint32_t vertex,
                    uint32_t amount, uint32_t scale)
{
    struct site_use *last = job->nuses ? &job->uses[job->nuses - 1] : NULL;

    if (amount == 0)
        return 0;
    if (last && last->vertex == vertex) {
        last->amount += amount;
        return 0;
    }
    if (site_room (&job->uses, room, job->nuses + 1, sizeof (*job->uses)) < 0)
        return -1;
    job->uses[job->nuses++] = (struct site_use){.vertex = vertex,
                                                .amount = amount,
                                                .node = h ? h->node : GRAPH_NONE,
                                                .scale = scale ? scale : 1,
                                                .kind = h ? h->kind : 0,
                                                .gres = h ? h->gres : 0};
    return 0;
}

/* Cores or devices by number: the parts that they are in */
static int add_range (struct site_job *job, size_t *room, const struct site_node *node,
                      const struct site_hold *h)
{
    uint64_t end = (uint64_t)h->first + h->count, found = 0;

    for (uint32_t i = 0; i < node->nparts; i++) {
        const struct site_part *p = &node->parts[i];
        uint64_t from = h->first > p->base ? h->first : p->base;
        uint64_t until = end < (uint64_t)p->base + p->count ? end : (uint64_t)p->base + p->count;

        if (p->kind != h->kind || p->gres != h->gres || from >= until)
            continue;
        found += until - from;
        if (add_use (job, room, h, p->vertex, (uint32_t)(until - from), 1) < 0)
            return -1;
    }
    if (found == h->count || h->kind != SITE_CORE)
        return 0;
    errno = EINVAL;
    return -1;
}

static uint32_t divide_up (uint32_t a, uint32_t b)
{
    return a / b + (a % b != 0);
}

/* So much, from the first part that has it on; what is more than all have is the last one's. */
static int add_amount (struct site *site, struct site_job *job, size_t *room,
                       const struct site_node *node, const struct site_hold *h)
{
    uint32_t left = h->count;
    const struct site_part *last = NULL;

    for (uint32_t i = 0; left > 0 && i < node->nparts; i++) {
        const struct site_part *p = &node->parts[i];
        uint32_t scale = p->scale ? p->scale : 1, units, give;
        uint64_t claimed;

        if (p->kind != h->kind || p->gres != h->gres)
            continue;
        last = p;
        units = divide_up (left, scale);
        claimed = site->claimed[p->vertex];
        give = claimed >= p->count ? 0 : p->count - (uint32_t)claimed;
        give = units < give ? units : give;
        if (add_use (job, room, h, p->vertex, give, scale) < 0)
            return -1;
        left -= give == units ? left : give * scale;
    }
    if (left == 0 || !last)
        return 0;
    return add_use (job, room, h, last->vertex, divide_up (left, last->scale ? last->scale : 1),
                    last->scale);
}

static int add_node (struct site_job *job, size_t *room, uint32_t node)
{
    if (job->nnodes > 0 && job->nodes[job->nnodes - 1] == node)
        return 0;
    if (site_room (&job->nodes, room, job->nnodes + 1, sizeof (*job->nodes)) < 0)
        return -1;
    job->nodes[job->nnodes++] = node;
    return 0;
}

static int add_holds (struct site *site, struct site_job *job, const struct site_hold *holds,
                      size_t n, flux_error_t *errp)
{
    size_t room = 0, node_room = 0;

    for (size_t i = 0; i < n; i++) {
        const struct site_hold *h = &holds[i];
        const struct site_node *node = h->node < site->nnodes ? &site->nodes[h->node] : NULL;
        int rc;

        if (!node || node->vertex == GRAPH_NONE)
            continue; // what the graph does not know is said when it is made
        errno = ENOMEM;
        if (h->kind == SITE_MEMORY || h->counted)
            rc = add_amount (site, job, &room, node, h);
        else
            rc = add_range (job, &room, node, h);
        if (rc == 0)
            rc = add_node (job, &node_room, h->node);
        if (rc < 0)
            return errprintf (errp, "node number %u: %s %u to %u: %s", h->node,
                              h->kind == SITE_CORE ? "cores" : "amount", h->first,
                              h->first + h->count - 1, strerror (errno));
    }
    return 0;
}

static int add_extra (struct site *site, struct site_job *job, const struct site_extra *extra,
                      size_t n)
{
    size_t room = job->nuses;

    if (n == 0)
        return 0;
    if (!(job->extra = malloc (n * sizeof (*extra))))
        return -1;
    memcpy (job->extra, extra, n * sizeof (*extra));
    job->nextra = n;
    for (size_t i = 0; i < n; i++)
        if (graph_alive (site->graph, extra[i].vertex) &&
            add_use (job, &room, NULL, extra[i].vertex, extra[i].amount, 1) < 0)
            return -1;
    return 0;
}

int site_book (struct site *site, uint32_t id, const struct site_hold *holds, size_t nholds,
               const struct site_extra *extra, size_t nextra, int64_t now, int64_t end,
               flux_error_t *errp)
{
    struct site_job *job = calloc (1, sizeof (*job));

    if (!job)
        return errprintf (errp, "out of memory");
    job->id = id;
    job->end = end;
    if (add_holds (site, job, holds, nholds, errp) < 0 ||
        add_extra (site, job, extra, nextra) < 0) {
        free_job (job);
        return -1;
    }
    site_release (site, id);
    HASH_ADD (hh, site->jobs, id, sizeof (job->id), job);
    site_ends_add (site, job);
    site_claim (site, job, true);
    site_enter (site, job, now);
    return 0;
}

void site_set_end (struct site *site, uint32_t id, int64_t now, int64_t end)
{
    struct site_job *job = site_find_job (site, id);

    if (!job || job->end == end)
        return;
    site_ends_remove (site, job);
    job->end = end;
    site_ends_add (site, job);
    (void)matcher_set_end (site->matcher, id, end > now ? end : now + 1, NULL);
}

/* ---- Looking ---- */

bool site_has (const struct site *site, uint32_t id)
{
    return site_find_job (site, id) != NULL;
}

size_t site_extra (const struct site *site, uint32_t id, const struct site_extra **extra)
{
    const struct site_job *job = site_find_job (site, id);

    *extra = job ? job->extra : NULL;
    return job ? job->nextra : 0;
}

size_t site_nodes (const struct site *site, uint32_t id, const uint32_t **nodes)
{
    const struct site_job *job = site_find_job (site, id);

    *nodes = job ? job->nodes : NULL;
    return job ? job->nnodes : 0;
}

size_t site_job_count (const struct site *site)
{
    return HASH_COUNT (site->jobs);
}

bool site_next_job (struct site *site, void **cursor, uint32_t *id)
{
    struct site_job *job = *cursor ? ((struct site_job *)*cursor)->hh.next : site->jobs;

    *cursor = job;
    if (job)
        *id = job->id;
    return job != NULL;
}

uint64_t site_claimed (const struct site *site, uint32_t number, enum site_kind kind, uint8_t gres)
{
    uint64_t sum = 0;

    if (site_vertex (site, number) == GRAPH_NONE)
        return 0;
    for (uint32_t i = 0; i < site->nodes[number].nparts; i++) {
        const struct site_part *p = &site->nodes[number].parts[i];

        if (p->kind == kind && (kind != SITE_GRES || p->gres == gres))
            sum += site->claimed[p->vertex] * (p->scale ? p->scale : 1);
    }
    return sum;
}

int site_check (struct site *site, flux_error_t *errp)
{
    uint32_t limit = graph_limit (site->graph);
    uint64_t *sum = calloc (limit + 1, sizeof (*sum));
    int rc = sum ? 0 : errprintf (errp, "out of memory");
    struct site_job *job, *next;

    site_settle (site);
    HASH_ITER (hh, site->jobs, job, next)
    for (size_t i = 0; rc == 0 && !job->lifted && i < job->nuses; i++)
        sum[job->uses[i].vertex] += job->uses[i].amount;
    for (uint32_t v = 0; rc == 0 && v < limit; v++) {
        uint64_t size = graph_alive (site->graph, v) ? graph_size (site->graph, v) : 0;
        uint64_t held = sum[v] < size ? sum[v] : size;

        if (sum[v] != site->claimed[v])
            rc = errprintf (errp, "vertex %u: claims %llu, kept %llu", v,
                            (unsigned long long)sum[v], (unsigned long long)site->claimed[v]);
        else if (held > 0 && graph_position (site->graph, v) != GRAPH_NONE &&
                 graph_used (site->graph, v) != held)
            rc = errprintf (errp, "vertex %u: claims %llu, the graph has %u", v,
                            (unsigned long long)held, graph_used (site->graph, v));
    }
    free (sum);
    return rc < 0 ? -1 : matcher_check (site->matcher, errp);
}
