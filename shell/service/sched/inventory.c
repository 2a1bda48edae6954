/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The instance's resources as a graph, see inventory.h. */

#include <errno.h>
#include <flux/idset.h>
#include <stdio.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/sched/inventory.h"
#include "shell/service/sched/rset.h"

static int add_children (struct graph *g, uint32_t node, const struct bits *ids, const char *type,
                         int64_t rank, flux_error_t *errp)
{
    for (unsigned int i = 0; i < BITS_MAX; i++) {
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v;
        if (!bits_test (ids, i))
            continue;
        spec.type = type;
        spec.id = i;
        spec.rank = rank;
        if (graph_add_vertex (g, &spec, &v, errp) < 0 ||
            graph_add_edge (g, node, v, "containment", errp) < 0)
            return -1;
    }
    return 0;
}

static int add_node (struct graph *g, uint32_t root, const struct rnode *rn, flux_error_t *errp)
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
        add_children (g, node, &rn->cores, "core", rn->rank, errp) < 0 ||
        add_children (g, node, &rn->gpus, "gpu", rn->rank, errp) < 0)
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

static int add_missing (struct graph *g, const struct rset *rs, flux_error_t *errp)
{
    uint32_t root;

    if (get_root (g, &root, errp) < 0)
        return -1;
    for (size_t i = 0; i < rs->count; i++) {
        if (inventory_node (g, rs->nodes[i].rank) == GRAPH_NONE &&
            add_node (g, root, &rs->nodes[i], errp) < 0)
            return -1;
    }
    return 0;
}

/* R's properties: {"name":"ranks"} (RFC 20) */
static int set_properties (struct graph *g, const json_t *R, flux_error_t *errp)
{
    json_t *properties = json_object_get (json_object_get (R, "execution"), "properties"), *value;
    const char *name;

    json_object_foreach (properties, name, value)
    {
        struct idset *ranks =
            json_is_string (value) ? idset_decode (json_string_value (value)) : NULL;
        if (!ranks) {
            errno = EINVAL;
            return errprintf (errp, "R: property %s has no idset of ranks", name);
        }
        for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID;
             r = idset_next (ranks, r)) {
            uint32_t node = inventory_node (g, r);
            if (node != GRAPH_NONE)
                graph_set_property (g, node, name, "");
        }
        idset_destroy (ranks);
    }
    return 0;
}

int inventory_add (struct graph *g, const json_t *R, flux_error_t *errp)
{
    struct rset rs;

    if (rset_decode (&rs, R, errp) < 0)
        return -1;
    int rc = graph_begin (g, errp);
    if (rc == 0 && (rc = add_missing (g, &rs, errp)) < 0)
        graph_abort (g);
    else if (rc == 0)
        rc = graph_commit (g, errp);
    if (rc == 0)
        rc = set_properties (g, R, errp);
    rset_clear (&rs);
    return rc;
}

uint32_t inventory_node (const struct graph *g, uint32_t rank)
{
    const uint32_t *v;

    return graph_find_rank (g, rank, &v) > 0 ? v[0] : GRAPH_NONE;
}

uint32_t inventory_child (const struct graph *g, uint32_t node, const char *type, int64_t id)
{
    uint32_t n = graph_child_count (g, node);

    for (uint32_t i = 0; i < n; i++) {
        uint32_t v = graph_child (g, node, i);
        if (graph_id (g, v) == id && strcmp (graph_type (g, v), type) == 0)
            return v;
    }
    return GRAPH_NONE;
}
