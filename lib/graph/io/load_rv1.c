/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1: ranks with their children and the list of hosts. */

#include <ctype.h>
#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/rv1_priv.h"
#include "lib/graph/io/topo.h"
#include "lib/job/limits.h"
#include "lib/job/rv1_decode.h"
#include "lib/util/errprintf.h"

int rv1_bad (struct rv1_reader *r, const char *what)
{
    errno = EINVAL;
    return errprintf (r->errp, "R: %s", what);
}

static int collect_ranks (struct rv1_reader *r)
{
    size_t i;
    json_t *o;
    if (!(r->ranks = idset_create (0, IDSET_FLAG_AUTOGROW)))
        return errprintf (r->errp, "out of memory");
    json_array_foreach (r->rlite, i, o)
    {
        struct idset *ids;
        if (!json_is_string (json_object_get (o, "rank"))) // an integer will not do for Fluxion
            return rv1_bad (r, "rank must be an idset");
        if (rv1_decode_ranks (o, &ids, r->errp) < 0)
            return -1;
        int rc = idset_add (r->ranks, ids);
        idset_destroy (ids);
        if (rc < 0)
            return errprintf (r->errp, "out of memory");
    }
    return 0;
}

static int compare_ranks (const void *a, const void *b)
{
    const unsigned int *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static int list_ranks (struct rv1_reader *r)
{
    size_t n = 0;
    size_t room = idset_count (r->ranks) + 1;
    r->rank = calloc (room, sizeof (*r->rank));
    r->vertex = malloc (room * sizeof (*r->vertex));
    if (!r->rank || !r->vertex)
        return errprintf (r->errp, "out of memory");
    memset (r->vertex, 0xff, room * sizeof (*r->vertex));
    for (unsigned int id = idset_first (r->ranks); id != IDSET_INVALID_ID;
         id = idset_next (r->ranks, id))
        r->rank[n++] = id;
    return 0;
}

static int read_properties (struct rv1_reader *r, const json_t *properties)
{
    const char *name;
    json_t *value;
    if (properties && !json_is_object (properties))
        return rv1_bad (r, "properties must be an object");
    if (!(r->property = calloc (json_object_size (properties) + 1, sizeof (*r->property))))
        return errprintf (r->errp, "out of memory");
    json_object_foreach ((json_t *)properties, name, value)
    {
        struct rv1_names *p = &r->property[r->nproperties];
        p->name = name;
        if (rv1_decode_ids (value, "property", IDSET_MAX_UNIVERSE, &p->ranks, r->errp) < 0)
            return -1;
        r->nproperties += p->ranks != NULL;
    }
    return 0;
}

int rv1_open_reader (struct rv1_reader *r, const json_t *R)
{
    json_t *execution = json_object_get (R, "execution");
    if (!(r->rlite = rv1_decode_lite (R, r->errp)) || collect_ranks (r) < 0 || list_ranks (r) < 0)
        return -1;
    size_t n = idset_count (r->ranks);
    if (!(r->hosts = rv1_decode_nodelist (json_object_get (execution, "nodelist"), n, r->errp)))
        return -1;
    if ((size_t)hostlist_count (r->hosts) != n)
        return rv1_bad (r, "nodelist has not one host for each rank");
    return read_properties (r, json_object_get (execution, "properties"));
}

void rv1_close_reader (struct rv1_reader *r)
{
    hostlist_destroy (r->hosts);
    idset_destroy (r->ranks);
    free (r->rank);
    free (r->vertex);
    for (size_t i = 0; i < r->nproperties; i++)
        idset_destroy (r->property[i].ranks);
    free (r->property);
}

static int each_rank (struct rv1_reader *r, const json_t *entry, json_t *children)
{
    struct idset *ids;
    int rc = rv1_decode_ranks (entry, &ids, r->errp);
    for (unsigned int rank = idset_first (ids); rc == 0 && rank != IDSET_INVALID_ID;
         rank = idset_next (ids, rank)) {
        const unsigned int *at =
            bsearch (&rank, r->rank, idset_count (r->ranks), sizeof (*r->rank), compare_ranks);
        r->index = at - r->rank;
        rc = r->node (r, rank, hostlist_nth (r->hosts, at - r->rank), children);
    }
    idset_destroy (ids);
    return rc;
}

int rv1_each_node (struct rv1_reader *r)
{
    size_t i;
    json_t *o;
    json_array_foreach (r->rlite, i, o)
    {
        json_t *children = json_object_get (o, "children");
        if (!json_is_object (children))
            return rv1_bad (r, "an entry of R_lite has no children");
        if (each_rank (r, o, children) < 0)
            return -1;
    }
    return 0;
}

/* "name" or "name=value". */
static int set_one (struct graph *g, uint32_t v, const char *key, size_t len)
{
    char *name = strndup (key, len);
    char *eq = name ? strchr (name, '=') : NULL;
    if (eq)
        *eq = '\0';
    int rc = name ? graph_set_property (g, v, name, eq ? eq + 1 : "") : -1;
    free (name);
    return rc;
}

/* RFC 20: "name@type" is as it stands a property of the rank, hence of its node; and `name` is one
 * of what there is of that type on it. */
static int set_property (struct graph *g, uint32_t v, const char *key)
{
    const char *at = strchr (key, '@');
    int rc = 0;
    if (!strcmp (graph_type (g, v), "node"))
        rc = set_one (g, v, key, strlen (key));
    if (rc == 0 && at && !strcmp (graph_type (g, v), at + 1))
        rc = set_one (g, v, key, at - key);
    return rc;
}

static int set_properties (struct rv1_reader *r, uint32_t v, unsigned int rank)
{
    for (size_t i = 0; i < r->nproperties; i++)
        if (idset_test (r->property[i].ranks, rank) &&
            set_property (r->g, v, r->property[i].name) < 0)
            return rv1_bad (r, "a property cannot be set");
    return 0;
}

static int made (void *arg, uint32_t v)
{
    struct rv1_reader *r = arg;
    return set_properties (r, v, r->at);
}

static int decode_child (struct rv1_reader *r, const json_t *children, const char *type,
                         struct idset **ids)
{
    return rv1_decode_ids (json_object_get (children, type), type, RV1_MAX_ID, ids, r->errp);
}

static int add_ids (struct rv1_reader *r, uint32_t node, unsigned int rank, const char *type,
                    struct idset *ids)
{
    int rc = 0;
    for (unsigned int id = ids ? idset_first (ids) : IDSET_INVALID_ID;
         rc == 0 && id != IDSET_INVALID_ID; id = idset_next (ids, id)) {
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v;
        spec.type = type;
        spec.id = id;
        spec.rank = rank;
        rc = graph_add_vertex (r->g, &spec, &v, r->errp);
        if (rc == 0 && (rc = graph_add_edge (r->g, node, v, "containment", r->errp)) == 0)
            rc = set_properties (r, v, rank);
    }
    return rc;
}

/* Where the topology has a place for a core or a GPU, it goes there. */
static int add_topology (struct rv1_reader *r, uint32_t node, unsigned int rank,
                         const json_t *children, const json_t *topo)
{
    struct topo_node n = {.g = r->g, .node = node, .rank = rank, .made = made, .arg = r};
    int rc = decode_child (r, children, "core", &n.cores);
    if (rc == 0)
        rc = decode_child (r, children, "gpu", &n.gpus);
    if (rc == 0 && (rc = topo_add (&n, topo, r->errp)) == 0 &&
        (rc = add_ids (r, node, rank, "core", n.cores)) == 0)
        rc = add_ids (r, node, rank, "gpu", n.gpus);
    idset_destroy (n.cores);
    idset_destroy (n.gpus);
    return rc;
}

static int add_children (struct rv1_reader *r, uint32_t node, unsigned int rank, json_t *children)
{
    const json_t *topo = topo_find (r->R, rank);
    const char *type;
    json_t *value;
    r->at = rank;
    if (topo && add_topology (r, node, rank, children, topo) < 0)
        return -1;
    json_object_foreach (children, type, value)
    {
        struct idset *ids;
        if (topo && (!strcmp (type, "core") || !strcmp (type, "gpu")))
            continue;
        if (decode_child (r, children, type, &ids) < 0)
            return -1;
        int rc = add_ids (r, node, rank, type, ids);
        idset_destroy (ids);
        if (rc < 0)
            return -1;
    }
    return 0;
}

static int make_node (struct rv1_reader *r, unsigned int rank, const char *host, json_t *children)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    char basename[GRAPH_MAX_NAME + 1];
    size_t len = strlen (host);
    uint32_t v = r->vertex[r->index];
    if (v != GRAPH_NONE)
        return add_children (r, v, rank, children);
    if (len > GRAPH_MAX_NAME)
        return rv1_bad (r, "a host name is too long");
    while (len > 0 && isdigit ((unsigned char)host[len - 1]))
        len--;
    memcpy (basename, host, len);
    basename[len] = '\0';
    errno = 0;
    strtoll (host + len, NULL, 10);
    if (errno == ERANGE)
        return rv1_bad (r, "the number in a host name is too large");
    spec.type = "node";
    spec.basename = len ? basename : "node";
    spec.name = host;
    spec.id = host[len] && strlen (host + len) < 10 ? atoll (host + len) : -1;
    spec.rank = rank;
    if (graph_add_vertex (r->g, &spec, &v, r->errp) < 0 ||
        graph_add_edge (r->g, r->root, v, "containment", r->errp) < 0 ||
        set_properties (r, v, rank) < 0)
        return -1;
    r->vertex[r->index] = v;
    return add_children (r, v, rank, children);
}

int load_rv1 (struct graph *g, const json_t *R, flux_error_t *errp)
{
    struct rv1_reader r = {.g = g, .R = R, .errp = errp, .node = make_node};
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    spec.type = "cluster";
    spec.id = 0;
    int rc = rv1_open_reader (&r, R);
    if (rc == 0 && (rc = graph_begin (g, errp)) == 0) {
        if ((r.root = graph_root (g)) == GRAPH_NONE)
            rc = graph_add_vertex (g, &spec, &r.root, errp);
        if (rc == 0 && (rc = rv1_each_node (&r)) < 0)
            graph_abort (g);
        else if (rc == 0)
            rc = graph_commit (g, errp);
    }
    rv1_close_reader (&r);
    return rc;
}
