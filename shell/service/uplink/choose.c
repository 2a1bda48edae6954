/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/uplink/choose.h"

static bool is_idle (const struct rv1_node *node, const struct rv1 *idle)
{
    const struct rv1_node *free = rv1_find (idle, node->rank);

    return free && idset_count (rv1_node_cores (free)) == idset_count (rv1_node_cores (node)) &&
           idset_count (rv1_node_gpus (free)) == idset_count (rv1_node_gpus (node));
}

static int add_node (struct rv1 *less, const struct rv1_node *node)
{
    return rv1_add_node (less, node->rank, node->host, rv1_node_cores (node), rv1_node_gpus (node));
}

static int take_ranks (struct rv1 *less, const struct rv1 *all, const struct rv1 *idle,
                       const struct idset *ranks, flux_error_t *errp)
{
    for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID; r = idset_next (ranks, r)) {
        const struct rv1_node *node = rv1_find (all, r);
        errno = EINVAL;
        if (r == 0)
            return errprintf (errp,
                              "rank 0 cannot be given back: the instance's services are there");
        if (!node)
            return errprintf (errp, "the instance has nothing on rank %u", r);
        errno = EBUSY;
        if (!is_idle (node, idle))
            return errprintf (errp, "jobs run on rank %u (%s)", r, node->host);
        if (add_node (less, node) < 0)
            return errprintf (errp, "out of memory");
    }
    return 0;
}

static int take_nodes (struct rv1 *less, const struct rv1 *all, const struct rv1 *idle,
                       uint32_t want, flux_error_t *errp)
{
    uint32_t got = 0;

    for (size_t i = all->nnodes; i-- > 0 && got < want;) {
        const struct rv1_node *node = &all->node[i];
        if (node->rank == 0 || !is_idle (node, idle))
            continue;
        if (add_node (less, node) < 0)
            return errprintf (errp, "out of memory");
        got++;
    }
    if (got == want || want == UINT32_MAX)
        return 0;
    errno = EBUSY;
    return errprintf (errp, "%u of the nodes besides that of rank 0 %s idle, not %u", got,
                      got == 1 ? "is" : "are", want);
}

/* The last ids, but `keep`. */
static struct idset *last_ids (const struct idset *ids, uint32_t keep, uint32_t *want)
{
    struct idset *out = idset_create (0, IDSET_FLAG_AUTOGROW);
    size_t n = idset_count (ids);

    for (unsigned int id = idset_last (ids); out && id != IDSET_INVALID_ID && n > keep && *want > 0;
         id = idset_prev (ids, id), n--) {
        idset_set (out, id);
        (*want)--;
    }
    return out;
}

static int take_parts (struct rv1 *less, const struct rv1 *all, const struct rv1 *idle,
                       const struct choose_wish *wish, flux_error_t *errp)
{
    uint32_t cores = wish->cores, gpus = wish->gpus;

    for (size_t i = idle->nnodes; i-- > 0 && cores + gpus > 0;) {
        const struct rv1_node *node = &idle->node[i], *whole = rv1_find (all, node->rank);
        size_t busy = idset_count (rv1_node_cores (whole)) - idset_count (rv1_node_cores (node));
        struct idset *c = last_ids (rv1_node_cores (node), node->rank == 0 && busy == 0, &cores);
        bool whole_node = c && idset_count (c) == idset_count (rv1_node_cores (whole));
        uint32_t any = UINT32_MAX; // GPUs without a core are no use
        struct idset *g = last_ids (rv1_node_gpus (node), 0, whole_node ? &any : &gpus);
        int rc = c && g && (!idset_empty (c) || !idset_empty (g))
                     ? rv1_add_node (less, node->rank, node->host, c, g)
                     : 0;
        idset_destroy (c);
        idset_destroy (g);
        if (rc < 0)
            return errprintf (errp, "out of memory");
    }
    if (wish->all || cores + gpus == 0)
        return 0;
    errno = EBUSY;
    return errprintf (errp, "only %u cores and %u GPUs are idle and can be spared",
                      wish->cores - cores, wish->gpus - gpus);
}

struct rv1 *choose_less (const struct rv1 *all, const struct rv1 *idle,
                         const struct choose_wish *wish, flux_error_t *errp)
{
    struct choose_wish everything = {.cores = UINT32_MAX / 2, .gpus = UINT32_MAX / 2, .all = true};
    struct rv1 *less = rv1_create ();
    int rc;

    if (!less) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (wish->ranks)
        rc = take_ranks (less, all, idle, wish->ranks, errp);
    else if (wish->nodes > 0)
        rc = take_nodes (less, all, idle, wish->nodes, errp);
    else
        rc = take_parts (less, all, idle, wish->all ? &everything : wish, errp);
    if (rc == 0 && less->nnodes == 0) {
        errno = EBUSY;
        rc = errprintf (errp, "nothing is idle that could be given back");
    }
    if (rc == 0)
        return less;
    rv1_destroy (less);
    return NULL;
}

/* ---- its graph ---- */

static bool is_left (const json_t *metadata, const struct rv1 *left)
{
    json_int_t rank = -1, id = -1;
    const char *type = "";

    if (json_unpack ((json_t *)metadata, "{s?s s?I s?I}", "type", &type, "rank", &rank, "id", &id) <
            0 ||
        rank < 0)
        return true;
    const struct rv1_node *node = rv1_find (left, (uint32_t)rank);
    if (!node)
        return false;
    if (strcmp (type, "core") == 0)
        return idset_test (rv1_node_cores (node), (unsigned int)id);
    return strcmp (type, "gpu") != 0 || idset_test (rv1_node_gpus (node), (unsigned int)id);
}

/* {"id": true} of the vertices that are left, which go to `to`. */
static json_t *pick_nodes (const json_t *nodes, const struct rv1 *left, json_t *to)
{
    json_t *ids = json_object (), *node;
    size_t i;

    json_array_foreach (nodes, i, node)
    {
        const char *id = json_string_value (json_object_get (node, "id"));
        if (id && is_left (json_object_get (node, "metadata"), left)) {
            json_array_append (to, node);
            json_object_set_new (ids, id, json_true ());
        }
    }
    return ids;
}

static void pick_edges (const json_t *edges, const json_t *ids, json_t *to)
{
    json_t *edge;
    size_t i;

    json_array_foreach (edges, i, edge)
    {
        const char *a = json_string_value (json_object_get (edge, "source"));
        const char *b = json_string_value (json_object_get (edge, "target"));
        if (a && b && json_object_get (ids, a) && json_object_get (ids, b))
            json_array_append (to, edge);
    }
}

json_t *choose_graph (const json_t *scheduling, const struct rv1 *left)
{
    const json_t *graph = json_object_get (scheduling, "graph");
    json_t *nodes = json_array (), *edges = json_array ();
    json_t *o = json_copy ((json_t *)scheduling);
    json_t *ids = pick_nodes (json_object_get (graph, "nodes"), left, nodes);

    pick_edges (json_object_get (graph, "edges"), ids, edges);
    if (graph && json_object_set_new (
                     o, "graph", json_pack ("{s:O s:O}", "nodes", nodes, "edges", edges)) < 0) {
        json_decref (o);
        o = NULL;
    }
    json_decref (ids);
    json_decref (nodes);
    json_decref (edges);
    return o;
}
