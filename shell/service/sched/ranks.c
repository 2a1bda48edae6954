/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Ranks of R as vertices of a graph, see ranks.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/sched/ranks.h"

uint32_t ranks_node (const struct graph *g, uint32_t rank)
{
    const uint32_t *v;

    return graph_find_rank (g, rank, &v) > 0 ? v[0] : GRAPH_NONE;
}

static bool same_ids (const struct idset *a, const struct idset *b)
{
    return idset_count (a) == idset_count (b) && (idset_empty (a) || idset_equal (a, b));
}

bool ranks_equal (const struct rv1_node *a, const struct rv1_node *b)
{
    return a->children == b->children || (same_ids (rv1_node_cores (a), rv1_node_cores (b)) &&
                                          same_ids (rv1_node_gpus (a), rv1_node_gpus (b)));
}

static int add_children (struct graph *g, uint32_t node, const struct idset *ids, const char *type,
                         int64_t rank, flux_error_t *errp)
{
    for (unsigned int i = idset_first (ids); i != IDSET_INVALID_ID; i = idset_next (ids, i)) {
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v;
        spec.type = type;
        spec.id = i;
        spec.rank = rank;
        if (graph_add_vertex (g, &spec, &v, errp) < 0 ||
            graph_add_edge (g, node, v, "containment", errp) < 0)
            return -1;
    }
    return 0;
}

static int add_node (struct graph *g, uint32_t root, const struct rv1_node *rn, flux_error_t *errp)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    char name[32];
    uint32_t node;

    /* Hosts may appear more than once (several brokers on one); vertices may not. */
    snprintf (name, sizeof (name), "node%u", (unsigned)rn->rank);
    spec.type = "node";
    spec.name = name;
    spec.id = rn->rank;
    spec.rank = rn->rank;
    if (graph_add_vertex (g, &spec, &node, errp) < 0 ||
        graph_add_edge (g, root, node, "containment", errp) < 0 ||
        add_children (g, node, rv1_node_cores (rn), "core", rn->rank, errp) < 0 ||
        add_children (g, node, rv1_node_gpus (rn), "gpu", rn->rank, errp) < 0)
        return -1;
    return 0;
}

static int get_root (struct graph *g, uint32_t *root, flux_error_t *errp)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;

    if ((*root = graph_root (g)) != GRAPH_NONE)
        return 0;
    spec.type = "cluster";
    spec.id = 0;
    return graph_add_vertex (g, &spec, root, errp);
}

static int add_missing (struct graph *g, const struct rv1 *R, flux_error_t *errp)
{
    uint32_t root;

    if (get_root (g, &root, errp) < 0)
        return -1;
    for (size_t i = 0; i < R->nnodes; i++) {
        if (ranks_node (g, R->node[i].rank) == GRAPH_NONE &&
            add_node (g, root, &R->node[i], errp) < 0)
            return -1;
    }
    return 0;
}

int ranks_add (struct graph *g, const struct rv1 *R, flux_error_t *errp)
{
    if (graph_begin (g, errp) < 0)
        return -1;
    if (add_missing (g, R, errp) == 0)
        return graph_commit (g, errp);
    graph_abort (g);
    return -1;
}

/* Cores and GPUs below a vertex. */
struct devices {
    uint32_t *v;
    size_t n;
};

static int list_devices (const struct graph *g, uint32_t v, struct devices *d)
{
    uint32_t n = graph_child_count (g, v);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = graph_child (g, v, i), *more;
        const char *type = graph_type (g, c);
        if (strcmp (type, "core") == 0 || strcmp (type, "gpu") == 0) {
            if (!(more = realloc (d->v, (d->n + 1) * sizeof (*more))))
                return -1;
            d->v = more;
            d->v[d->n++] = c;
        }
        if (list_devices (g, c, d) < 0)
            return -1;
    }
    return 0;
}

static bool is_in (const struct graph *g, uint32_t v, const struct rv1_node *rn)
{
    const struct idset *ids =
        strcmp (graph_type (g, v), "core") == 0 ? rv1_node_cores (rn) : rv1_node_gpus (rn);

    return ids && idset_test (ids, graph_id (g, v));
}

static int drop_devices (struct graph *g, const struct devices *d, const struct rv1_node *rn,
                         flux_error_t *errp)
{
    for (size_t i = 0; i < d->n; i++) {
        if (!is_in (g, d->v[i], rn) && graph_njobs (g, d->v[i]) > 0) {
            errno = EBUSY;
            return errprintf (errp, "rank %u: jobs hold what is to go", (unsigned)rn->rank);
        }
    }
    for (size_t i = 0; i < d->n; i++) {
        if (!is_in (g, d->v[i], rn) && graph_remove (g, d->v[i], errp) < 0)
            return -1;
    }
    return 0;
}

/* Those of a type that the graph does not have yet. */
static struct idset *find_missing (const struct graph *g, const struct devices *d, const char *type,
                                   const struct idset *ids)
{
    struct idset *missing = ids ? idset_copy (ids) : idset_create (0, IDSET_FLAG_AUTOGROW);

    for (size_t i = 0; missing && i < d->n; i++)
        if (graph_alive (g, d->v[i]) && strcmp (graph_type (g, d->v[i]), type) == 0)
            idset_clear (missing, graph_id (g, d->v[i]));
    return missing;
}

static int add_devices (struct graph *g, uint32_t node, const struct devices *d,
                        const struct rv1_node *rn, flux_error_t *errp)
{
    struct idset *cores = find_missing (g, d, "core", rv1_node_cores (rn));
    struct idset *gpus = find_missing (g, d, "gpu", rv1_node_gpus (rn));
    int rc = -1;

    if (!cores || !gpus)
        errprintf (errp, "out of memory");
    else if (idset_empty (cores) && idset_empty (gpus))
        rc = 0;
    else if (graph_begin (g, errp) == 0) {
        if (add_children (g, node, cores, "core", rn->rank, errp) < 0 ||
            add_children (g, node, gpus, "gpu", rn->rank, errp) < 0)
            graph_abort (g);
        else
            rc = graph_commit (g, errp);
    }
    idset_destroy (cores);
    idset_destroy (gpus);
    return rc;
}

int ranks_adjust (struct graph *g, uint32_t node, const struct rv1_node *rn, bool mark,
                  flux_error_t *errp)
{
    struct devices d = {0};
    int rc = list_devices (g, node, &d);

    if (rc < 0)
        errprintf (errp, "out of memory");
    else if (!mark && (rc = drop_devices (g, &d, rn, errp)) == 0)
        rc = add_devices (g, node, &d, rn, errp);
    for (size_t i = 0; rc == 0 && mark && i < d.n; i++)
        graph_set_status (g, d.v[i], is_in (g, d.v[i], rn) ? GRAPH_UP : GRAPH_DOWN);
    free (d.v);
    return rc;
}

int ranks_check (const struct graph *g, const struct rv1 *R, flux_error_t *errp)
{
    for (size_t i = 0; i < R->nnodes; i++) {
        if (ranks_node (g, R->node[i].rank) == GRAPH_NONE) {
            errno = EINVAL;
            return errprintf (errp, "rank %u (%s) is not in the resource graph",
                              (unsigned)R->node[i].rank, R->node[i].host);
        }
    }
    return 0;
}

/* R's properties: {"name":"ranks"} (RFC 20) */
static void each_property (struct graph *g, const struct rv1 *R, bool set)
{
    json_t *properties = R ? rv1_properties_to_json (R) : NULL, *value;
    const char *name;

    json_object_foreach (properties, name, value)
    {
        const struct idset *ranks = rv1_property (R, name);
        for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID;
             r = idset_next (ranks, r)) {
            uint32_t v = ranks_node (g, r);
            if (v != GRAPH_NONE && set)
                graph_set_property (g, v, name, "");
            else if (v != GRAPH_NONE)
                graph_unset_property (g, v, name);
        }
    }
    json_decref (properties);
}

void ranks_set_properties (struct graph *g, const struct rv1 *old, const struct rv1 *new)
{
    each_property (g, old, false);
    each_property (g, new, true);
}

static int collect_held (const struct graph *g, uint32_t v, struct idset *cores, struct idset *gpus)
{
    uint32_t n = graph_child_count (g, v);
    int rc = 0;

    for (uint32_t i = 0; i < n && rc == 0; i++) {
        uint32_t c = graph_child (g, v, i);
        const char *type = graph_type (g, c);
        if (graph_njobs (g, c) == 0)
            continue;
        if (graph_used (g, c) > 0 && strcmp (type, "core") == 0)
            rc = idset_set (cores, graph_id (g, c));
        else if (graph_used (g, c) > 0 && strcmp (type, "gpu") == 0)
            rc = idset_set (gpus, graph_id (g, c));
        if (rc == 0)
            rc = collect_held (g, c, cores, gpus);
    }
    return rc;
}

int ranks_held (const struct graph *g, uint32_t v, const struct rv1_node *node, struct rv1 *held)
{
    struct idset *cores = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct idset *gpus = idset_create (0, IDSET_FLAG_AUTOGROW);
    int rc = -1;

    if (cores && gpus && collect_held (g, v, cores, gpus) == 0)
        rc = rv1_add_node (held, node->rank, node->host, cores, gpus);
    idset_destroy (cores);
    idset_destroy (gpus);
    return rc;
}

static size_t take_items (const struct graph *g, uint32_t v, const struct rv1_node *node,
                          struct result_item *items)
{
    uint32_t children = graph_child_count (g, v);
    size_t n = 0;

    for (uint32_t i = 0; i < children; i++) {
        uint32_t c = graph_child (g, v, i);
        const char *type = graph_type (g, c);
        const struct idset *ids = strcmp (type, "core") == 0  ? rv1_node_cores (node)
                                  : strcmp (type, "gpu") == 0 ? rv1_node_gpus (node)
                                                              : NULL;
        if (ids && idset_test (ids, graph_id (g, c)))
            items[n++] = (struct result_item){.vertex = c, .needs = 1, .exclusive = 1};
        n += take_items (g, c, node, items + n);
    }
    return n;
}

int ranks_items (const struct graph *g, const struct rv1 *R, struct result_item **items,
                 size_t *count)
{
    size_t max = rv1_ncores (R) + rv1_ngpus (R);

    *count = 0;
    if (!(*items = calloc (max + 1, sizeof (**items))))
        return -1;
    for (size_t i = 0; i < R->nnodes; i++) {
        uint32_t v = ranks_node (g, R->node[i].rank);
        if (v != GRAPH_NONE)
            *count += take_items (g, v, &R->node[i], *items + *count);
    }
    return 0;
}
