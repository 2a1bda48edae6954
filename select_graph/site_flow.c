/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Constrain=SUBSYSTEM:PROPERTY: each node in use draws so much (watts, GB/s ...) from all that is
 * above it in that subsystem. It follows from the nodes alone, so nothing of it needs to be saved.
 */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"

static int find_subsystem (const struct graph *g, const char *name)
{
    for (size_t i = 0; i < graph_subsystem_count (g); i++)
        if (strcmp (graph_subsystem (g, i), name) == 0)
            return (int)i;
    return -1;
}

static int make_flow (struct site *site, struct site_flow *flow, const struct conf_constrain *c,
                      int subsystem)
{
    uint32_t n = graph_limit (site->graph);

    *flow = (struct site_flow){.up = malloc (n * sizeof (*flow->up) + 1),
                               .drawn = calloc (n + 1, sizeof (*flow->drawn))};
    if (!flow->up || !flow->drawn) {
        free (flow->up);
        free (flow->drawn);
        return -1;
    }
    snprintf (flow->property, sizeof (flow->property), "%s", c->property);
    snprintf (flow->name, sizeof (flow->name), "%s", c->subsystem);
    for (uint32_t v = 0; v < n; v++)
        flow->up[v] = GRAPH_NONE;
    for (size_t k = 0; k < graph_edge_count (site->graph, subsystem); k++) {
        uint32_t src, dst;

        graph_edge (site->graph, subsystem, k, &src, &dst);
        flow->up[dst] = src;
    }
    return 0;
}

int site_make_flows (struct site *site, const struct graph_conf *conf, site_complain_f complain,
                     flux_error_t *errp)
{
    for (size_t i = 0; i < conf->nconstrain; i++) {
        int subsystem = find_subsystem (site->graph, conf->constrain[i].subsystem);

        if (subsystem < 0) {
            errno = EINVAL;
            return errprintf (errp, "Constrain: the graph has no subsystem %s",
                              conf->constrain[i].subsystem);
        }
        if (make_flow (site, &site->flow[site->nflow], &conf->constrain[i], subsystem) < 0)
            return errprintf (errp, "out of memory");
        site->nflow++;
    }
    return 0;
}

void site_free_flows (struct site *site)
{
    for (size_t i = 0; i < site->nflow; i++) {
        free (site->flow[i].up);
        free (site->flow[i].drawn);
    }
    site->nflow = 0;
}

static uint64_t draw_of (const struct site *site, const struct site_flow *flow, uint32_t node)
{
    const char *text = graph_property (site->graph, site->nodes[node].vertex, flow->property);
    return text ? strtoul (text, NULL, 10) : 0;
}

/* Along the way up; a cycle would have been refused when the graph was made. */
static void add (struct site *site, struct site_flow *flow, uint32_t node, bool more)
{
    uint64_t units = draw_of (site, flow, node);

    for (uint32_t v = flow->up[site->nodes[node].vertex]; v != GRAPH_NONE; v = flow->up[v])
        flow->drawn[v] += more ? units : -units;
}

void site_draw (struct site *site, uint32_t number, bool more)
{
    struct site_node *node = &site->nodes[number];

    if (more ? node->njobs++ == 0 : --node->njobs == 0)
        for (size_t i = 0; i < site->nflow; i++)
            add (site, &site->flow[i], number, more);
}

void site_add_draws (const struct site *site, uint32_t node, uint32_t *sums)
{
    for (size_t i = 0; i < site->nflow; i++) {
        const struct site_flow *flow = &site->flow[i];
        uint64_t units = draw_of (site, flow, node);

        for (uint32_t v = flow->up[site->nodes[node].vertex]; v != GRAPH_NONE; v = flow->up[v]) {
            uint64_t sum = sums[v] + units, size = graph_size (site->graph, v);
            sums[v] = sum < size ? sum : size;
        }
    }
}

bool site_is_limit (const struct site *site, uint32_t v)
{
    return graph_size (site->graph, v) != 1 || *graph_unit (site->graph, v);
}

static uint32_t find_full (const struct site *site, const struct site_flow *flow, uint32_t node,
                           uint64_t units)
{
    for (uint32_t v = flow->up[site->nodes[node].vertex]; v != GRAPH_NONE; v = flow->up[v])
        if (flow->drawn[v] + units > graph_size (site->graph, v) && site_is_limit (site, v))
            return v;
    return GRAPH_NONE;
}

bool site_may_draw_one (const struct site *site, uint32_t node)
{
    if (site->nodes[node].vertex == GRAPH_NONE || site->nodes[node].njobs > 0)
        return true;
    for (size_t i = 0; i < site->nflow; i++)
        if (find_full (site, &site->flow[i], node, draw_of (site, &site->flow[i], node)) !=
            GRAPH_NONE)
            return false;
    return true;
}

static int say_full (const struct site *site, const struct site_flow *flow, uint32_t v,
                     flux_error_t *errp)
{
    char name[GRAPH_MAX_NAME + 1] = "";

    graph_name (site->graph, v, name, sizeof (name));
    errno = EBUSY;
    return errprintf (errp, "%s of %.60s: %llu of %u are drawn already", flow->name, name,
                      (unsigned long long)flow->drawn[v], graph_size (site->graph, v));
}

static int may_draw (struct site *site, struct site_flow *flow, const uint32_t *nodes, size_t n,
                     flux_error_t *errp)
{
    uint32_t full = GRAPH_NONE;
    size_t i;

    for (i = 0; i < n && full == GRAPH_NONE; i++) {
        if (site_vertex (site, nodes[i]) == GRAPH_NONE || site->nodes[nodes[i]].njobs > 0)
            continue;
        if ((full = find_full (site, flow, nodes[i], draw_of (site, flow, nodes[i]))) == GRAPH_NONE)
            add (site, flow, nodes[i], true);
    }
    if (full != GRAPH_NONE)
        i--;
    while (i-- > 0)
        if (site_vertex (site, nodes[i]) != GRAPH_NONE && site->nodes[nodes[i]].njobs == 0)
            add (site, flow, nodes[i], false);
    return full == GRAPH_NONE ? 0 : say_full (site, flow, full, errp);
}

int site_may_draw (const struct site *site, const uint32_t *nodes, size_t n, flux_error_t *errp)
{
    struct site *s = (struct site *)site; // it is as it was afterwards

    for (size_t i = 0; i < s->nflow; i++)
        if (may_draw (s, &s->flow[i], nodes, n, errp) < 0)
            return -1;
    return 0;
}
