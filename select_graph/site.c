/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors
 *
 * Life of a site: nodes are collected, then the graph is made of them or read from a file. */

#include "select_graph/site_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"

int site_room (void *list, size_t *room, size_t n, size_t size)
{
    void **p = list;
    size_t more = *room ? *room : 16;
    void *q;

    if (n <= *room)
        return 0;
    while (more < n)
        more *= 2;
    if (!(q = realloc (*p, more * size)))
        return -1;
    *p = q;
    *room = more;
    return 0;
}

static void drop_facts (struct site_node *node)
{
    struct site_facts *facts = node->facts;

    if (!facts)
        return;
    free ((char *)facts->name);
    free ((char *)facts->features);
    free ((char *)facts->place);
    free (facts);
    node->facts = NULL;
}

static void clear_node (struct site_node *node)
{
    drop_facts (node);
    free (node->parts);
}

void site_destroy (struct site *site)
{
    int saved_errno = errno;

    if (!site)
        return;
    site_free_jobs (site);
    site_free_flows (site);
    site_free_flat (site);
    policy_destroy (site->packing);
    matcher_destroy (site->matcher);
    graph_destroy (site->graph);
    for (uint32_t i = 0; i < site->nnodes; i++)
        clear_node (&site->nodes[i]);
    for (size_t i = 0; i < site->ngres; i++)
        free (site->gres[i]);
    free (site->nodes);
    free (site->claimed);
    free (site->choice.nodes);
    free (site->choice.extra);
    free (site->choice.cores);
    free (site->choice.devices);
    free (site);
    errno = saved_errno;
}

struct site *site_create (flux_error_t *errp)
{
    struct site *site = calloc (1, sizeof (*site));

    if (site && (site->graph = graph_create ()))
        return site;
    errprintf (errp, "out of memory");
    site_destroy (site);
    return NULL;
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

int site_add_gres (struct site *site, const char *name)
{
    int i = site_gres_number (site, name);

    if (i >= 0)
        return i;
    if (site->ngres == SITE_MAX_GRES || !(site->gres[site->ngres] = strdup (name)))
        return -1;
    return (int)site->ngres++;
}

int site_gres_number (const struct site *site, const char *name)
{
    for (size_t i = 0; i < site->ngres; i++)
        if (strcmp (site->gres[i], name) == 0)
            return (int)i;
    return -1;
}

static int copy_facts (struct site *site, struct site_facts *to, const struct site_facts *from)
{
    *to = *from;
    to->features = to->place = NULL;
    if (!(to->name = strdup (from->name)) ||
        (from->features && !(to->features = strdup (from->features))) ||
        (from->place && !(to->place = strdup (from->place))))
        return -1;
    for (size_t i = 0; i < to->ngres; i++) {
        int n = site_add_gres (site, from->gres[i].name);

        if (n < 0)
            return -1;
        to->gres[i].name = site->gres[n];
    }
    return 0;
}

int site_add_node (struct site *site, uint32_t number, const struct site_facts *facts,
                   flux_error_t *errp)
{
    struct site_node *node = site_slot (site, number);

    if (!node || !(node->facts = malloc (sizeof (*facts))) ||
        copy_facts (site, node->facts, facts) < 0)
        return errprintf (errp, "out of memory, or more than %d kinds of gres", SITE_MAX_GRES);
    site->mixed = site->mixed || (site->threads && site->threads != facts->threads);
    site->threads = facts->threads;
    return 0;
}

int site_add_part (struct site *site, struct site_node *node, const struct site_part *part)
{
    struct site_part *parts = node->parts;

    if (node->nparts % 4 == 0) {
        if (!(parts = realloc (parts, (node->nparts + 4) * sizeof (*parts))))
            return -1;
        node->parts = parts;
    }
    parts[node->nparts++] = *part;
    if (part->kind == SITE_CORE)
        node->ncores += part->count;
    site->has_memory = site->has_memory || part->kind == SITE_MEMORY;
    return 0;
}

static int set_features (struct site *site, struct site_node *node)
{
    char *save = NULL, *list = (char *)node->facts->features;

    for (char *s = strtok_r (list, ",", &save); s; s = strtok_r (NULL, ",", &save))
        if (graph_set_property (site->graph, node->vertex, s, "") < 0)
            return -1;
    return 0;
}

/* Slurm has more of it than the graph. */
static bool lacks_cores (const struct site_node *node)
{
    const struct site_facts *f = node->facts;

    return f && node->ncores + f->spare_cores < f->sockets * f->cores;
}

int site_ready (struct site *site, const struct graph_conf *conf, site_complain_f complain,
                flux_error_t *errp)
{
    int rc, flags;

    if (conf->graph)
        rc = site_load (site, conf->graph, complain, errp);
    else
        rc = site_build (site, conf, errp);
    if (rc < 0)
        return -1;
    for (uint32_t i = 0; i < site->nnodes; i++) {
        struct site_node *node = &site->nodes[i];

        if (node->vertex != GRAPH_NONE && node->facts && node->facts->features &&
            set_features (site, node) < 0)
            return errprintf (errp, "the features of %s: %s", node->facts->name, strerror (errno));
        site->partial = site->partial || lacks_cores (node);
        drop_facts (node);
    }
    site->horizon = conf->horizon;
    site->exact_ties = conf->fluxion_ties;
    if (!(site->claimed = calloc (graph_limit (site->graph), sizeof (*site->claimed))) ||
        site_make_flat (site) < 0)
        return errprintf (errp, "out of memory");
    if (site->has_switches && !(site->packing = policy_create ("pack level=switch", errp)))
        return -1;
    if (site_make_flows (site, conf, complain, errp) < 0)
        return -1;
    flags = MATCHER_THROUGH | (conf->fluxion_ties ? MATCHER_EXACT_TIES : 0);
    if (!(site->matcher = matcher_create (site->graph, conf->policy, flags, errp)))
        return -1;
    return conf->prune ? matcher_set_prune (site->matcher, conf->prune, errp) : 0;
}

bool site_has_memory (const struct site *site)
{
    return site->has_memory;
}

bool site_is_uniform (const struct site *site)
{
    return !site->mixed;
}

bool site_is_complete (const struct site *site)
{
    return !site->partial && !site->unsure && site->nshort == 0;
}

struct graph *site_graph (struct site *site)
{
    return site->graph;
}

uint32_t site_vertex (const struct site *site, uint32_t node)
{
    return node < site->nnodes ? site->nodes[node].vertex : GRAPH_NONE;
}
