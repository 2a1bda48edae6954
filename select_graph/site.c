/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Builds cluster/node/core and asks the matcher; a node's rank is its number. */

#include "select_graph/site.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/graph/graph.h"
#include "lib/graph/match.h"
#include "lib/util/errprintf.h"

struct site_node {
    uint32_t vertex; // GRAPH_NONE: no such node
    uint32_t *cores; // their vertices
    uint32_t ncores;
    char *features;
};

struct site {
    struct graph *graph;
    struct matcher *matcher;
    uint32_t root;
    struct site_node *nodes; // by number
    uint32_t nnodes;
};

void site_destroy (struct site *site)
{
    int saved_errno = errno;

    if (!site)
        return;
    matcher_destroy (site->matcher);
    graph_destroy (site->graph);
    for (uint32_t i = 0; i < site->nnodes; i++) {
        free (site->nodes[i].cores);
        free (site->nodes[i].features);
    }
    free (site->nodes);
    free (site);
    errno = saved_errno;
}

struct site *site_create (flux_error_t *errp)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    struct site *site = calloc (1, sizeof (*site));

    spec.type = "cluster";
    spec.id = 0;
    if (site && (site->graph = graph_create ()) && graph_begin (site->graph, errp) == 0 &&
        graph_add_vertex (site->graph, &spec, &site->root, errp) == 0)
        return site;
    errprintf (errp, "out of memory");
    site_destroy (site);
    return NULL;
}

static int add_vertex (struct site *site, uint32_t parent, const struct graph_vertex *spec,
                       uint32_t *vertex, flux_error_t *errp)
{
    if (graph_add_vertex (site->graph, spec, vertex, errp) < 0)
        return -1;
    return graph_add_edge (site->graph, parent, *vertex, "containment", errp);
}

/* Room for that number */
static struct site_node *site_slot (struct site *site, uint32_t number)
{
    if (number >= site->nnodes) {
        struct site_node *nodes = realloc (site->nodes, (number + 1) * sizeof (*nodes));

        if (!nodes)
            return NULL;
        site->nodes = nodes;
        for (; site->nnodes <= number; site->nnodes++)
            nodes[site->nnodes] = (struct site_node){.vertex = GRAPH_NONE};
    }
    return &site->nodes[number];
}

int site_add_node (struct site *site, uint32_t number, const char *name, uint32_t cores,
                   const char *features, flux_error_t *errp)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    struct site_node *node = site_slot (site, number);

    if (!node || !(node->cores = calloc (cores + 1, sizeof (*node->cores))) ||
        (features && !(node->features = strdup (features))))
        return errprintf (errp, "out of memory");
    spec.type = "node";
    spec.name = name;
    spec.id = spec.rank = number;
    if (add_vertex (site, site->root, &spec, &node->vertex, errp) < 0)
        return -1;
    spec.type = "core";
    spec.name = NULL;
    for (node->ncores = 0; node->ncores < cores; node->ncores++) {
        spec.id = node->ncores;
        if (add_vertex (site, node->vertex, &spec, &node->cores[node->ncores], errp) < 0)
            return -1;
    }
    return 0;
}

static int set_features (struct site *site, struct site_node *node)
{
    char *save = NULL;

    for (char *s = strtok_r (node->features, ",", &save); s; s = strtok_r (NULL, ",", &save))
        if (graph_set_property (site->graph, node->vertex, s, "") < 0)
            return -1;
    return 0;
}

int site_ready (struct site *site, const char *policy, flux_error_t *errp)
{
    if (graph_commit (site->graph, errp) < 0)
        return -1;
    for (uint32_t i = 0; i < site->nnodes; i++)
        if (site->nodes[i].features && set_features (site, &site->nodes[i]) < 0)
            return errprintf (errp, "a feature: %s", strerror (errno));
    site->matcher = matcher_create (site->graph, policy, 0, errp);
    return site->matcher ? 0 : -1;
}

int site_book (struct site *site, uint32_t job, const struct site_core *cores, size_t count,
               flux_error_t *errp)
{
    struct result_item *items = calloc (count + 1, sizeof (*items));
    int rc = -1;

    if (!items)
        return errprintf (errp, "out of memory");
    for (size_t i = 0; i < count; i++) {
        if (cores[i].node >= site->nnodes || cores[i].core >= site->nodes[cores[i].node].ncores) {
            errno = EINVAL;
            errprintf (errp, "no core %u on node number %u", cores[i].core, cores[i].node);
            goto done;
        }
        items[i].vertex = site->nodes[cores[i].node].cores[cores[i].core];
        items[i].needs = 1;
        items[i].request = GRAPH_NONE;
        items[i].exclusive = 1;
    }
    // When it ends is Slurm's affair: it is released then.
    rc = matcher_update (site->matcher, job, time (NULL), GRAPH_FOREVER, false, items, count, NULL,
                         errp);
done:
    free (items);
    return rc;
}

bool site_has (const struct site *site, uint32_t job)
{
    struct match_job info;

    return matcher_job (site->matcher, job, &info) == 0;
}

void site_release (struct site *site, uint32_t job)
{
    (void)matcher_cancel (site->matcher, job, NULL);
}

void site_release_node (struct site *site, uint32_t job, uint32_t node)
{
    bool full;

    if (node < site->nnodes && site->nodes[node].vertex != GRAPH_NONE)
        (void)matcher_cancel_partial (site->matcher, job, &site->nodes[node].vertex, 1, &full,
                                      NULL);
}

static struct constraint *only_these (const struct site_range *ranges, size_t count)
{
    struct constraint *c = constraint_create (CONSTRAINT_RANKS);

    for (size_t i = 0; c && i < count; i++) {
        if (constraint_add_ranks (c, ranges[i].first, ranges[i].last) < 0) {
            constraint_destroy (c);
            return NULL;
        }
    }
    return c;
}

static struct request *make_request (const struct site_request *want,
                                     const struct site_range *ranges, size_t count,
                                     flux_error_t *errp)
{
    struct request *req = request_create ();
    struct request_resource *node, *slot, *core;

    if (!req || !(req->constraint = only_these (ranges, count)) ||
        !(node = request_add (req, NULL, "node", errp)) ||
        !(slot = request_add (req, node, "slot", errp)) ||
        !(core = request_add (req, slot, "core", errp)) || request_set_label (slot, "job") < 0)
        goto fail;
    node->count.min = node->count.max = want->nodes;
    node->exclusive = want->whole ? REQUEST_TRUE : REQUEST_UNSET;
    core->count.min = core->count.max = want->cores;
    req->duration = 1; // now is what is asked, and what is booked has no end
    if (request_seal (req, errp) == 0)
        return req;
fail:
    request_destroy (req);
    return NULL;
}

int site_choose (struct site *site, const struct site_request *want,
                 const struct site_range *ranges, size_t count, uint32_t *chosen,
                 flux_error_t *errp)
{
    const struct result *res;
    struct result_rank rank;
    size_t cursor = 0;
    uint32_t n = 0;
    struct request *req = make_request (want, ranges, count, errp);
    int rc;

    if (!req)
        return -1;
    // 0 is no job's number, and nothing is booked.
    rc = matcher_match (site->matcher, req, MATCH_WITHOUT_ALLOCATING, 0, time (NULL), NULL, &res,
                        errp);
    while (rc == 0 && n < want->nodes && result_next_rank (res, site->graph, &cursor, &rank))
        chosen[n++] = (uint32_t)rank.rank;
    request_destroy (req);
    if (rc == 0 && n < want->nodes) {
        errno = EBUSY;
        return errprintf (errp, "%u of %u nodes", n, want->nodes);
    }
    return rc;
}
