/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Asks the matcher. Nothing is booked: that follows from what Slurm gives the job in the end. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"

enum { MAX_ROUNDS = 16 }; // of taking out nodes that draw too much

/* ---- The result ---- */

static bool is_node (const struct graph *g, uint32_t v)
{
    return strcmp (graph_type (g, v), "node") == 0;
}

static uint32_t node_above (const struct graph *g, uint32_t v)
{
    while (v != GRAPH_NONE && !is_node (g, v))
        v = graph_parent (g, v);
    return v;
}

static int add_extra (struct site *site, const struct result_item *item)
{
    struct site_choice *c = &site->choice;

    if (site_room (&c->extra, &site->extra_room, c->nextra + 1, sizeof (*c->extra)) < 0)
        return -1;
    c->extra[c->nextra++] = (struct site_extra){.vertex = item->vertex, .amount = item->needs};
    return 0;
}

/* What comes after the vertex that it lies below has been added with that. */
static bool has_cores (const struct site_choice *c, uint32_t number, uint32_t first, uint32_t count)
{
    const struct site_cores *last = c->ncores > 0 ? &c->cores[c->ncores - 1] : NULL;

    return last && last->node == number && first >= last->first &&
           first + count <= last->first + last->count;
}

int site_add_cores (struct site *site, uint32_t number, uint32_t first, uint32_t count)
{
    struct site_choice *c = &site->choice;
    struct site_cores *last = c->ncores > 0 ? &c->cores[c->ncores - 1] : NULL;

    if (has_cores (c, number, first, count))
        return 0;
    c->cores_total += count;
    if (last && last->node == number && first == last->first + last->count) {
        last->count += count;
        return 0;
    }
    if (site_room (&c->cores, &site->cores_room, c->ncores + 1, sizeof (*c->cores)) < 0)
        return -1;
    c->cores[c->ncores++] = (struct site_cores){.node = number, .first = first, .count = count};
    return 0;
}

static int add_devices (struct site *site, uint32_t number, const struct site_part *p)
{
    struct site_choice *c = &site->choice;

    if (site_room (&c->devices, &site->devices_room, c->ndevices + 1, sizeof (*c->devices)) < 0)
        return -1;
    c->devices[c->ndevices++] =
        (struct site_devices){.node = number, .first = p->base, .count = p->count, .gres = p->gres};
    return 0;
}

static const struct site_part *find_part (const struct site_node *node, uint32_t vertex)
{
    for (uint32_t i = 0; i < node->nparts; i++)
        if (node->parts[i].vertex == vertex)
            return &node->parts[i];
    return NULL;
}

static bool is_below (const struct graph *g, uint32_t v, uint32_t above)
{
    while (v != GRAPH_NONE && v != above)
        v = graph_parent (g, v);
    return v == above;
}

/* Who has a socket, or a node, to himself has its cores. 1: there are some; -1: ENOMEM */
static int add_cores_below (struct site *site, uint32_t number, uint32_t vertex)
{
    const struct site_node *node = &site->nodes[number];
    int rc = 0;

    for (uint32_t i = 0; rc >= 0 && i < node->nparts; i++) {
        const struct site_part *p = &node->parts[i];

        if (p->kind == SITE_CORE && is_below (site->graph, p->vertex, vertex))
            rc = site_add_cores (site, number, p->base, p->count) < 0 ? -1 : 1;
    }
    return rc;
}

/* Of a pool nobody can say which. */
static int add_part (struct site *site, const struct site_want *want, uint32_t number,
                     const struct site_part *p, const struct result_item *item)
{
    if (p->kind == SITE_CORE && (want->which_cores || want->resources)) {
        if (site->each_core && p->count == 1)
            return site_add_cores (site, number, p->base, p->count);
        if (!has_cores (&site->choice, number, p->base, p->count))
            site->choice.cores_total += item->needs;
    }
    if (p->kind == SITE_GRES && want->which_gres && item->needs == p->count)
        return add_devices (site, number, p);
    return 0;
}

static int add_node (struct site *site, const struct site_want *want,
                     const struct result_item *item, uint32_t number)
{
    struct site_choice *c = &site->choice;

    if (site_room (&c->nodes, &site->nodes_room, c->n + 1, sizeof (*c->nodes)) < 0)
        return -1;
    c->nodes[c->n++] = number;
    if (item->exclusive && want->resources && add_cores_below (site, number, item->vertex) < 0)
        return -1;
    return 0;
}

static int read_item (struct site *site, const struct site_want *want,
                      const struct result_item *item, uint32_t *current)
{
    const struct graph *g = site->graph;
    const struct site_part *part;
    int64_t rank;
    int rc;

    if (is_node (g, item->vertex)) {
        if ((rank = graph_rank (g, item->vertex)) < 0)
            return 0;
        *current = (uint32_t)rank;
        return add_node (site, want, item, *current);
    }
    if (!item->exclusive)
        return 0;
    if (node_above (g, item->vertex) == GRAPH_NONE)
        return add_extra (site, item);
    if (*current == GRAPH_NONE)
        return 0;
    if ((part = find_part (&site->nodes[*current], item->vertex)))
        return add_part (site, want, *current, part, item);
    // Slurm knows nothing of it: a socket, a disk of the node
    if (!want->resources)
        return 0;
    if ((rc = add_cores_below (site, *current, item->vertex)) == 0)
        rc = add_extra (site, item);
    return rc < 0 ? -1 : 0;
}

/* Items come in depth first order: a node before what is below it. */
static int read_result (struct site *site, const struct site_want *want, const struct result *res)
{
    uint32_t current = GRAPH_NONE;

    site->choice.n = site->choice.nextra = site->choice.ncores = site->choice.ndevices = 0;
    site->choice.cores_total = 0;
    site->choice.at = res->at;
    for (size_t i = 0; i < res->count; i++)
        if (read_item (site, want, &res->items[i], &current) < 0)
            return -1;
    return 0;
}

/* ---- Constrain ---- */

struct allowed {
    struct site_range *ranges;
    size_t n, room;
};

static int allow (struct allowed *a, uint32_t first, uint32_t last)
{
    if (a->n > 0 && a->ranges[a->n - 1].last + 1 == first) {
        a->ranges[a->n - 1].last = last;
        return 0;
    }
    if (site_room (&a->ranges, &a->room, a->n + 1, sizeof (*a->ranges)) < 0)
        return -1;
    a->ranges[a->n++] = (struct site_range){.first = first, .last = last};
    return 0;
}

static bool is_listed (const uint32_t *list, size_t n, uint32_t number)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == number)
            return true;
    return false;
}

/* The ranges without nodes that draw too much by themselves, and without these */
static int filter (const struct site *site, const struct site_range *ranges, size_t n,
                   const uint32_t *without, size_t nwithout, struct allowed *out)
{
    out->n = 0;
    for (size_t i = 0; i < n; i++)
        for (uint32_t k = ranges[i].first; k <= ranges[i].last && k < site->nnodes; k++)
            if (site_may_draw_one (site, k) && !is_listed (without, nwithout, k) &&
                allow (out, k, k) < 0)
                return -1;
    return 0;
}

/* ---- Choosing ---- */

static int match (struct site *site, const struct site_want *want, const struct site_range *ranges,
                  size_t nranges, enum site_when when, int64_t now, flux_error_t *errp)
{
    static const match_op_t ops[] = {
        [SITE_NOW] = MATCH_WITHOUT_ALLOCATING,
        [SITE_FUTURE] = MATCH_WITHOUT_ALLOCATING_FUTURE,
        [SITE_EVER] = MATCH_SATISFIABILITY,
    };
    const struct result *res;
    struct request *req =
        site_make_request (site, want, ranges, nranges, when == SITE_FUTURE, errp);
    int rc;

    if (!req)
        return -1;
    site_settle (site);
    // 0 is no job's number, and nothing is booked.
    rc = matcher_match (site->matcher, req, ops[when], 0, now, want->policy, &res, errp);
    if (rc == 0 && when != SITE_EVER && read_result (site, want, res) < 0)
        rc = errprintf (errp, "out of memory");
    if (rc == 0 && when == SITE_FUTURE && res->at > now + site->horizon) {
        errno = EBUSY;
        rc = errprintf (errp, "not within the horizon");
    }
    request_destroy (req);
    return rc;
}

/* The node with which the choice draws too much; those before it may stay. */
static uint32_t first_too_much (const struct site *site, flux_error_t *errp)
{
    const struct site_choice *c = &site->choice;
    size_t good = 0, bad = c->n;

    if (site_may_draw (site, c->nodes, c->n, errp) == 0)
        return GRAPH_NONE;
    while (bad - good > 1) {
        size_t mid = good + (bad - good) / 2;

        if (site_may_draw (site, c->nodes, mid, NULL) == 0)
            good = mid;
        else
            bad = mid;
    }
    return c->nodes[bad - 1];
}

/* As often as the choice draws too much, without the node that was too much. */
static int match_flows (struct site *site, const struct site_want *want, enum site_when when,
                        int64_t now, flux_error_t *errp)
{
    struct allowed allowed = {.n = 0};
    uint32_t without[MAX_ROUNDS];
    size_t n = 0;
    int rc = -1;

    while (n < MAX_ROUNDS) {
        if (filter (site, want->ranges, want->nranges, without, n, &allowed) < 0)
            break;
        rc = match (site, want, allowed.ranges, allowed.n, when, now, errp);
        if (rc < 0 || (without[n] = first_too_much (site, errp)) == GRAPH_NONE)
            break;
        n++;
        rc = -1;
        errno = EBUSY;
    }
    site->unsure = rc < 0 && n > 0;
    free (allowed.ranges);
    return rc;
}

static int busy (const char *why, flux_error_t *errp)
{
    errno = EBUSY;
    return errprintf (errp, "%s", why);
}

/* ---- Now and later ---- */

static int choose_now (struct site *site, const struct site_want *want, int64_t now,
                       flux_error_t *errp)
{
    struct site_want least = *want;

    if (site_is_flat (site, want, SITE_NOW)) {
        if (site_mark_good (site, want) < want->nodes_min)
            return busy ("the resources are not free now", errp);
        return site_read_flat (site, want, now, now, errp);
    }
    // What the nodes lack by numbers the matcher does not have; but of few nodes it knows faster.
    if (site->nshort == 0 && (!want->resources || site_least (site, want, &least)) &&
        least.nodes_min >= SITE_MANY && site_mark_good (site, &least) < least.nodes_min)
        return busy ("the resources are not free now", errp);
    if (site->nflow > 0)
        return match_flows (site, want, SITE_NOW, now, errp);
    return match (site, want, want->ranges, want->nranges, SITE_NOW, now, errp);
}

/* For plain requests it is known when enough nodes will do, and for others when there are as many
 * as they need at least; the matcher looks there only. */
static int choose_later (struct site *site, const struct site_want *want, int64_t now,
                         flux_error_t *errp)
{
    struct site_want least = *want;
    int64_t at = now;

    if (!want->resources || site_least (site, want, &least))
        at = site_when (site, &least, now);
    if (at < 0 || at > now + site->horizon)
        return busy ("not within the horizon", errp);
    if (at > now && (site_is_flat (site, want, SITE_FUTURE) || site_is_all (site, want)))
        return site_read_flat (site, want, at, now, errp);
    if (at == now && !want->resources && site->nshort == 0 &&
        choose_now (site, want, now, errp) == 0)
        return 0;
    return match (site, want, want->ranges, want->nranges, SITE_FUTURE, at > now ? at - 1 : now,
                  errp);
}

static int choose (struct site *site, const struct site_want *want, enum site_when when,
                   int64_t now, flux_error_t *errp)
{
    if (when == SITE_EVER)
        return match (site, want, want->ranges, want->nranges, when, now, errp);
    if (want->contiguous && !site_is_flat (site, want, when)) {
        errno = ENOTSUP;
        return errprintf (errp, "the graph knows of no nodes that follow each other");
    }
    return when == SITE_NOW ? choose_now (site, want, now, errp)
                            : choose_later (site, want, now, errp);
}

/* By the policy; if that takes more switches than the job may have, then as few as can be, and if
 * these are too many it is not for the graph to say how long they will be. */
static int choose_switches (struct site *site, struct site_want *want, enum site_when when,
                            int64_t now, flux_error_t *errp)
{
    int rc = choose (site, want, when, now, errp);

    if (rc < 0 || want->switches < 2 || !site->has_switches ||
        site_count_leaves (site, site->choice.nodes, site->choice.n) <= want->switches)
        return rc;
    want->policy = site->packing;
    if ((rc = choose (site, want, when, now, errp)) == 0 &&
        site_count_leaves (site, site->choice.nodes, site->choice.n) > want->switches) {
        errno = ENOTSUP;
        rc = errprintf (errp, "the nodes are on more than %u switches", want->switches);
    }
    return rc;
}

int site_choose (struct site *site, const struct site_want *given, enum site_when when, int64_t now,
                 const struct site_choice **choice, flux_error_t *errp)
{
    struct site_want want = *given;
    int rc;

    if (choice)
        *choice = &site->choice;
    site->unsure = false;
    site_add_policy (site, &want);
    rc = choose_switches (site, &want, when, now, errp);
    if (rc == 0 && !want.resources && when != SITE_EVER && site->choice.n < want.nodes_min) {
        errno = EBUSY;
        rc = errprintf (errp, "%zu of %u nodes", site->choice.n, want.nodes_min);
    }
    return rc;
}
