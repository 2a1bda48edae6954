/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Choices under a policy that is nothing but an order of nodes: what the matcher would choose is
 * the first ones that fit, and whether one does follows from what is left of it. For jobs of many
 * nodes a look at each costs less than a walk through thousands of them, and for any job that waits
 * less than the state of a later time. The unit tests compare the two. Nodes that follow each other
 * are chosen here alone. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "select_graph/site_priv.h"

/* ---- What is left of each node ---- */

void site_take (struct site *site, const struct site_use *use, bool more)
{
    int64_t amount = (int64_t)use->amount * use->scale;

    if (use->node >= site->nnodes)
        return;
    if (more)
        amount = -amount;
    if (use->kind == SITE_CORE)
        site->left[use->node].cores += amount;
    else if (use->kind == SITE_MEMORY)
        site->left[use->node].memory += amount;
    else
        site->left_gres[use->node * site->ngres + use->gres] += amount;
}

static void add_part (struct site *site, uint32_t number, const struct site_part *p)
{
    struct site_use use = {.amount = graph_size (site->graph, p->vertex),
                           .node = number,
                           .scale = p->scale ? p->scale : 1,
                           .kind = p->kind,
                           .gres = p->gres};

    site_take (site, &use, false);
}

static bool has_own_id (const struct site *site, const struct site_part *p)
{
    return p->kind != SITE_CORE || (p->count == 1 && graph_id (site->graph, p->vertex) == p->base);
}

static bool is_up (const struct graph *g, uint32_t v)
{
    for (; v != GRAPH_NONE; v = graph_parent (g, v))
        if (graph_status (g, v) != GRAPH_UP)
            return false;
    return true;
}

/* ---- The order of nodes ---- */

struct ranked {
    int64_t id;
    uint32_t position, number;
};

static int by_low (const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;

    if (x->id != y->id)
        return x->id < y->id ? -1 : 1;
    return x->position < y->position ? -1 : x->position > y->position;
}

static int by_high (const void *a, const void *b)
{
    const struct ranked *x = a, *y = b;
    return x->id != y->id ? -by_low (a, b) : by_low (a, b);
}

/* The leaf switch that each node hangs on gets a number. */
static int find_leaves (struct site *site)
{
    const struct graph *g = site->graph;
    uint32_t *number = malloc ((graph_limit (g) + 1) * sizeof (*number));

    if (!number)
        return -1;
    memset (number, 0xff, (graph_limit (g) + 1) * sizeof (*number));
    for (uint32_t i = 0; i < site->nnodes; i++) {
        uint32_t v = site->nodes[i].vertex;

        while (v != GRAPH_NONE && strcmp (graph_type (g, v), "switch") != 0)
            v = graph_parent (g, v);
        if (v != GRAPH_NONE && number[v] == GRAPH_NONE)
            number[v] = site->nleaves++;
        site->leaf[i] = v == GRAPH_NONE ? GRAPH_NONE : number[v];
    }
    free (number);
    return 0;
}

static void sort_nodes (struct site *site, struct ranked *list)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < site->nnodes; i++) {
        uint32_t v = site->nodes[i].vertex;

        if (v != GRAPH_NONE)
            list[n++] =
                (struct ranked){graph_id (site->graph, v), graph_position (site->graph, v), i};
    }
    site->nordered = n;
    qsort (list, n, sizeof (*list), by_low);
    for (uint32_t i = 0; i < n; i++)
        site->by_low[i] = list[i].number;
    qsort (list, n, sizeof (*list), by_high);
    for (uint32_t i = 0; i < n; i++)
        site->by_high[i] = list[i].number;
}

int site_make_flat (struct site *site)
{
    size_t n = site->nnodes + 1;
    struct ranked *list = malloc (n * sizeof (*list));

    site->left = calloc (n, sizeof (*site->left));
    site->left_gres = calloc (n * (site->ngres + 1), sizeof (*site->left_gres));
    site->by_low = malloc (n * sizeof (*site->by_low));
    site->by_high = malloc (n * sizeof (*site->by_high));
    site->good = calloc (n, 1);
    site->leaf = malloc (n * sizeof (*site->leaf));
    site->group = calloc (n + 1, sizeof (*site->group));
    if (!list || !site->left || !site->left_gres || !site->by_low || !site->by_high ||
        !site->good || !site->leaf || !site->group || find_leaves (site) < 0) {
        free (list);
        return -1;
    }
    site->known_cores = site->each_core;
    for (uint32_t i = 0; i < site->nnodes; i++) {
        struct site_node *node = &site->nodes[i];

        if (node->vertex == GRAPH_NONE)
            continue;
        node->up = is_up (site->graph, node->vertex);
        for (uint32_t k = 0; k < node->nparts; k++) {
            node->up = node->up && is_up (site->graph, node->parts[k].vertex);
            add_part (site, i, &node->parts[k]);
            site->known_cores = site->known_cores && has_own_id (site, &node->parts[k]);
        }
        site->partial = site->partial || !node->up;
    }
    sort_nodes (site, list);
    free (list);
    return 0;
}

void site_free_flat (struct site *site)
{
    free (site->left);
    free (site->left_gres);
    free (site->by_low);
    free (site->by_high);
    free (site->good);
    free (site->leaf);
    free (site->group);
    free (site->ends.job);
}

/* ---- Choosing ---- */

struct order {
    const uint32_t *nodes; // NULL: the policy is more than an order
    bool whole;            // it takes nodes as a whole
};

static struct order order_of (const struct site *site, const struct site_want *want)
{
    const struct {
        const char *policy;
        struct order order;
    } known[] = {
        {"low", {site->by_low, false}},    {"high", {site->by_high, false}},
        {"lonode", {site->by_low, false}}, {"hinode", {site->by_high, false}},
        {"lonodex", {site->by_low, true}}, {"hinodex", {site->by_high, true}},
        {"firstnodex", {NULL, true}},
    };
    const char *text = policy_text (want->policy ? want->policy : matcher_policy (site->matcher));

    for (size_t i = 0; text && i < sizeof (known) / sizeof (known[0]); i++)
        if (strcmp (text, known[i].policy) == 0)
            return known[i].order;
    return (struct order){.nodes = NULL};
}

void site_add_policy (const struct site *site, struct site_want *want)
{
    want->whole = want->whole || order_of (site, want).whole;
}

/* All of a group that is large enough: the first one in that order. */
static void read_group (struct site *site, const struct site_want *want, const uint32_t *order)
{
    struct site_choice *c = &site->choice;
    bool switches = want->switches == 1 && site->has_switches;
    uint32_t leaf = GRAPH_NONE;

    for (uint32_t i = 0; i < site->nordered && c->n < want->nodes_max; i++) {
        uint32_t k = order[i];

        if (!(site->good[k] & SITE_GOOD))
            continue;
        if (switches && leaf == GRAPH_NONE && site->leaf[k] != GRAPH_NONE &&
            site->group[site->leaf[k]] >= want->nodes_min)
            leaf = site->leaf[k];
        if (!switches || (leaf != GRAPH_NONE && site->leaf[k] == leaf))
            c->nodes[c->n++] = k;
    }
}

/* The first nodes of the first run that is long enough; by `high` and the like the last of the last
 * one. */
static void read_run (struct site *site, const struct site_want *want, bool last)
{
    struct site_choice *c = &site->choice;
    uint32_t from = 0, length = 0;

    for (uint32_t k = 0; k < site->nnodes; k++) {
        uint32_t n = site->good[k] & SITE_GOOD ? site->group[k] : 1;

        if ((site->good[k] & SITE_GOOD) && n >= want->nodes_min && (length == 0 || last)) {
            from = k;
            length = n;
        }
        k += n - 1;
    }
    c->n = length < want->nodes_max ? length : want->nodes_max;
    for (uint32_t i = 0; i < c->n; i++)
        c->nodes[i] = last ? from + length - c->n + i : from + i;
}

/* Not where what is left is more than the numbers say, as where jobs share, or less: where
 * somebody has a place above nodes for himself, or no more may be drawn. */
bool site_is_flat (const struct site *site, const struct site_want *want, enum site_when when)
{
    if (when == SITE_EVER || want->resources || site->nshort > 0 || site->nplaces > 0)
        return false;
    if (when == SITE_NOW && site->nflow > 0)
        return false;
    if (want->contiguous)
        return !(want->switches > 0 && site->has_switches);
    if (site->exact_ties || !order_of (site, want).nodes)
        return false;
    return when == SITE_FUTURE || ((want->nodes_min >= SITE_MANY || site->nlifted > 0) &&
                                   !(want->switches == 1 && site->has_switches) &&
                                   (!want->which_cores || site->known_cores) && !want->which_gres);
}

uint32_t site_count_leaves (struct site *site, const uint32_t *nodes, size_t n)
{
    uint32_t count = 0;

    memset (site->group, 0, (site->nleaves + 1) * sizeof (*site->group));
    for (size_t i = 0; i < n; i++) {
        uint32_t leaf = site->leaf[nodes[i]];

        if (leaf == GRAPH_NONE || site->group[leaf]++ == 0)
            count++;
    }
    return count;
}

/* No more nodes will do than are wanted: then all of them, whatever the policy. */
bool site_is_all (const struct site *site, const struct site_want *want)
{
    return !want->resources && !want->contiguous && want->switches == 0 && site->nshort == 0 &&
           site->nplaces == 0 && site->group[0] >= want->nodes_min &&
           site->group[0] <= want->nodes_max;
}

static bool is_free_core (const struct site *site, const struct site_part *p)
{
    return p->kind == SITE_CORE && site->claimed[p->vertex] == 0;
}

/* The part with which the last free cores begin that are as many as are wanted */
static uint32_t find_last (const struct site *site, const struct site_node *node, uint32_t cores)
{
    uint32_t i = node->nparts;

    while (cores > 0 && i > 0)
        cores -= is_free_core (site, &node->parts[--i]);
    return i;
}

/* All of a whole node; else by `low` and the like a node's first free cores, by `high` its last. */
static int read_cores (struct site *site, const struct site_want *want, bool last)
{
    for (size_t k = 0; k < site->choice.n; k++) {
        uint32_t number = site->choice.nodes[k];
        uint32_t cores = want->whole ? UINT32_MAX : want->cores;
        const struct site_node *node = &site->nodes[number];

        for (uint32_t i = last ? find_last (site, node, cores) : 0; cores > 0 && i < node->nparts;
             i++) {
            if (!is_free_core (site, &node->parts[i]))
                continue;
            if (site_add_cores (site, number, node->parts[i].base, 1) < 0)
                return -1;
            cores--;
        }
    }
    return 0;
}

int site_read_flat (struct site *site, const struct site_want *want, int64_t at, int64_t now,
                    flux_error_t *errp)
{
    struct site_choice *c = &site->choice;
    const uint32_t *order = order_of (site, want).nodes;

    if (!order)
        order = site->by_low;
    c->n = c->nextra = c->ncores = c->ndevices = c->cores_total = 0;
    c->at = at;
    if (site_room (&c->nodes, &site->nodes_room, want->nodes_max, sizeof (*c->nodes)) < 0)
        return errprintf (errp, "out of memory");
    if (want->contiguous)
        read_run (site, want, order == site->by_high);
    else
        read_group (site, want, order);
    if (want->which_cores && at == now && site->known_cores &&
        read_cores (site, want, order == site->by_high) < 0)
        return errprintf (errp, "out of memory");
    return 0;
}
