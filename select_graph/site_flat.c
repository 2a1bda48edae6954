/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Jobs of many nodes under a policy that is nothing but an order of nodes: what the matcher would
 * choose is the first ones that fit, and whether one does follows from what is left of it. A look
 * at each node costs less than a walk through thousands of them. The unit tests compare the two. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "select_graph/site_priv.h"

enum { FEWEST = 64 }; // nodes; for fewer the matcher's index is faster

/* ---- What is left of each node ---- */

void site_take (const struct site *site, const struct site_use *use, bool more,
                struct site_left *left, int64_t *gres)
{
    int64_t amount = (int64_t)use->amount * use->scale;

    if (use->node >= site->nnodes)
        return;
    if (more)
        amount = -amount;
    if (use->kind == SITE_CORE)
        left[use->node].cores += amount;
    else if (use->kind == SITE_MEMORY)
        left[use->node].memory += amount;
    else
        gres[use->node * site->ngres + use->gres] += amount;
}

static void add_part (struct site *site, uint32_t number, const struct site_part *p)
{
    struct site_use use = {.amount = graph_size (site->graph, p->vertex),
                           .node = number,
                           .scale = p->scale ? p->scale : 1,
                           .kind = p->kind,
                           .gres = p->gres};

    site_take (site, &use, false, site->left, site->left_gres);
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
    if (!list || !site->left || !site->left_gres || !site->by_low || !site->by_high ||
        !site->good) {
        free (list);
        return -1;
    }
    for (uint32_t i = 0; i < site->nnodes; i++) {
        struct site_node *node = &site->nodes[i];

        if (node->vertex == GRAPH_NONE)
            continue;
        node->up = is_up (site->graph, node->vertex);
        for (uint32_t k = 0; k < node->nparts; k++) {
            node->up = node->up && is_up (site->graph, node->parts[k].vertex);
            add_part (site, i, &node->parts[k]);
        }
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
}

/* ---- Choosing ---- */

bool site_node_fits (const struct site *site, const struct site_want *want, uint32_t node,
                     const struct site_left *left, const int64_t *gres, uint32_t njobs)
{
    if (!site->nodes[node].up || left->cores < (int64_t)want->cores ||
        left->memory < (int64_t)want->memory || (want->whole && njobs > 0))
        return false;
    for (size_t k = 0; k < site->ngres; k++)
        if (gres[k] < (int64_t)want->gres[k])
            return false;
    return true;
}

uint32_t site_mark_good (struct site *site, const struct site_want *want)
{
    uint32_t n = 0;

    memset (site->good, 0, site->nnodes);
    for (size_t i = 0; i < want->nranges; i++)
        for (uint32_t k = want->ranges[i].first; k <= want->ranges[i].last && k < site->nnodes; k++)
            n += site->good[k] =
                site_node_fits (site, want, k, &site->left[k], &site->left_gres[k * site->ngres],
                                site->nodes[k].njobs);
    return n;
}

static int read_good (struct site *site, const struct site_want *want, const uint32_t *order)
{
    struct site_choice *c = &site->choice;

    c->n = c->nextra = c->ncores = c->ndevices = c->cores_total = 0;
    if (site_room (&c->nodes, &site->nodes_room, want->nodes_max, sizeof (*c->nodes)) < 0)
        return -1;
    for (uint32_t i = 0; i < site->nordered && c->n < want->nodes_max; i++)
        if (site->good[order[i]])
            c->nodes[c->n++] = order[i];
    return 0;
}

static const uint32_t *order_of (const struct site *site, const struct site_want *want)
{
    const char *text = policy_text (want->policy ? want->policy : matcher_policy (site->matcher));

    if (text && strcmp (text, "low") == 0)
        return site->by_low;
    return text && strcmp (text, "high") == 0 ? site->by_high : NULL;
}

/* Not where what is left is more than the numbers say, as where jobs share, or less: where
 * somebody has a place above nodes for himself, or no more may be drawn. */
bool site_is_flat (const struct site *site, const struct site_want *want, enum site_when when)
{
    return when != SITE_EVER && want->nodes_min >= FEWEST && !want->resources &&
           !(want->one_switch && site->has_switches) && !want->which_cores && !want->which_gres &&
           site->nflow == 0 && site->nshort == 0 && site->nplaces == 0 && order_of (site, want);
}

int site_choose_flat (struct site *site, const struct site_want *want, enum site_when when,
                      int64_t now, flux_error_t *errp)
{
    int64_t at = now;

    if (when == SITE_FUTURE)
        at = site_when (site, want, now);
    else if (site_mark_good (site, want) < want->nodes_min)
        at = -1;
    if (at < 0 || at > now + site->horizon) {
        errno = EBUSY;
        return errprintf (errp, when == SITE_NOW ? "the resources are not free now"
                                                 : "not within the horizon");
    }
    site->choice.at = at;
    if (read_good (site, want, order_of (site, want)) == 0)
        return 0;
    return errprintf (errp, "out of memory");
}
