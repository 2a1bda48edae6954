/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* R version 1: ranks with their children and the list of hosts. */

#include <ctype.h>
#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/load.h"
#include "lib/util/errprintf.h"

struct rv1_reader {
    struct graph *g;
    json_t *rlite;
    json_t *properties;
    struct hostlist *hosts;
    struct idset *ranks; // all of R: the n-th rank has the n-th host
    unsigned int *rank;  // the same as an array
    flux_error_t *errp;
    /* what to do with a node, and with each of its children */
    int (*node) (struct rv1_reader *r, unsigned int rank, const char *host, json_t *children);
    uint32_t root;
    struct result_item *items;
    size_t nitems, room;
};

static int bad (struct rv1_reader *r, const char *what)
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
        const char *text = json_string_value (json_object_get (o, "rank"));
        struct idset *ids = text ? idset_decode (text) : NULL;
        if (!ids)
            return bad (r, "a rank is not an idset");
        for (unsigned int id = idset_first (ids); id != IDSET_INVALID_ID; id = idset_next (ids, id))
            idset_set (r->ranks, id);
        idset_destroy (ids);
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
    if (!(r->rank = calloc (idset_count (r->ranks) + 1, sizeof (*r->rank))))
        return errprintf (r->errp, "out of memory");
    for (unsigned int id = idset_first (r->ranks); id != IDSET_INVALID_ID;
         id = idset_next (r->ranks, id))
        r->rank[n++] = id;
    return 0;
}

static int open_reader (struct rv1_reader *r, const json_t *R)
{
    json_t *execution = json_object_get (R, "execution"), *nodelist, *o;
    size_t i;
    r->rlite = json_object_get (execution, "R_lite");
    r->properties = json_object_get (execution, "properties");
    nodelist = json_object_get (execution, "nodelist");
    if (!json_is_array (r->rlite) || !json_is_array (nodelist))
        return bad (r, "execution.R_lite or execution.nodelist is missing");
    if (collect_ranks (r) < 0 || list_ranks (r) < 0)
        return -1;
    if (!(r->hosts = hostlist_create ()))
        return errprintf (r->errp, "out of memory");
    json_array_foreach (nodelist, i, o)
    {
        if (!json_is_string (o) || hostlist_append (r->hosts, json_string_value (o)) < 0)
            return bad (r, "nodelist is not a list of host lists");
    }
    if ((size_t)hostlist_count (r->hosts) != idset_count (r->ranks))
        return bad (r, "nodelist has not one host for each rank");
    return 0;
}

static void close_reader (struct rv1_reader *r)
{
    hostlist_destroy (r->hosts);
    idset_destroy (r->ranks);
    free (r->rank);
}

static int each_rank (struct rv1_reader *r, const char *ranks, json_t *children)
{
    struct idset *ids = idset_decode (ranks);
    int rc = 0;
    for (unsigned int rank = idset_first (ids); rc == 0 && rank != IDSET_INVALID_ID;
         rank = idset_next (ids, rank)) {
        const unsigned int *at =
            bsearch (&rank, r->rank, idset_count (r->ranks), sizeof (*r->rank), compare_ranks);
        rc = r->node (r, rank, hostlist_nth (r->hosts, at - r->rank), children);
    }
    idset_destroy (ids);
    return rc;
}

static int each_node (struct rv1_reader *r)
{
    size_t i;
    json_t *o;
    json_array_foreach (r->rlite, i, o)
    {
        json_t *children = json_object_get (o, "children");
        if (!json_is_object (children))
            return bad (r, "an entry of R_lite has no children");
        if (each_rank (r, json_string_value (json_object_get (o, "rank")), children) < 0)
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
    const char *key;
    json_t *value;
    json_object_foreach (r->properties, key, value)
    {
        struct idset *ids =
            json_is_string (value) ? idset_decode (json_string_value (value)) : NULL;
        int rc = ids ? 0 : -1;
        if (ids && idset_test (ids, rank))
            rc = set_property (r->g, v, key);
        idset_destroy (ids);
        if (rc < 0)
            return bad (r, "a property has no idset of ranks, or cannot be set");
    }
    return 0;
}

static int add_children (struct rv1_reader *r, uint32_t node, unsigned int rank, const char *type,
                         const char *text)
{
    struct idset *ids = text ? idset_decode (text) : NULL;
    int rc = ids ? 0 : bad (r, "children are not idsets");
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
    idset_destroy (ids);
    return rc;
}

static int make_node (struct rv1_reader *r, unsigned int rank, const char *host, json_t *children)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    char basename[GRAPH_MAX_NAME + 1];
    size_t len = strlen (host);
    const char *type;
    json_t *ids;
    uint32_t v;
    if (len > GRAPH_MAX_NAME)
        return bad (r, "a host name is too long");
    while (len > 0 && isdigit ((unsigned char)host[len - 1]))
        len--;
    memcpy (basename, host, len);
    basename[len] = '\0';
    errno = 0;
    strtoll (host + len, NULL, 10);
    if (errno == ERANGE)
        return bad (r, "the number in a host name is too large");
    spec.type = "node";
    spec.basename = len ? basename : "node";
    spec.name = host;
    spec.id = host[len] && strlen (host + len) < 10 ? atoll (host + len) : -1;
    spec.rank = rank;
    if (graph_add_vertex (r->g, &spec, &v, r->errp) < 0 ||
        graph_add_edge (r->g, r->root, v, "containment", r->errp) < 0 ||
        set_properties (r, v, rank) < 0)
        return -1;
    json_object_foreach (children, type, ids)
    {
        if (add_children (r, v, rank, type, json_string_value (ids)) < 0)
            return -1;
    }
    return 0;
}

int load_rv1 (struct graph *g, const json_t *R, flux_error_t *errp)
{
    struct rv1_reader r = {.g = g, .errp = errp, .node = make_node};
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    spec.type = "cluster";
    spec.id = 0;
    int rc = open_reader (&r, R);
    if (rc == 0 && (rc = graph_begin (g, errp)) == 0) {
        if ((r.root = graph_root (g)) == GRAPH_NONE)
            rc = graph_add_vertex (g, &spec, &r.root, errp);
        if (rc == 0 && (rc = each_node (&r)) < 0)
            graph_abort (g);
        else if (rc == 0)
            rc = graph_commit (g, errp);
    }
    close_reader (&r);
    return rc;
}

/* ---- What a result holds ---- */
static int add_item (struct rv1_reader *r, uint32_t v)
{
    if (r->nitems == r->room) {
        size_t room = r->room ? r->room * 2 : 64;
        struct result_item *list = realloc (r->items, room * sizeof (*list));
        if (!list)
            return errprintf (r->errp, "out of memory");
        r->items = list;
        r->room = room;
    }
    r->items[r->nitems++] =
        (struct result_item){.vertex = v, .needs = graph_size (r->g, v), .exclusive = 1};
    return 0;
}

/* The children of a type below the rank's vertex, at any depth. */
static int take_below (struct rv1_reader *r, uint32_t v, const char *type, const struct idset *ids,
                       size_t *found)
{
    for (uint32_t i = 0; i < graph_child_count (r->g, v); i++) {
        uint32_t c = graph_child (r->g, v, i);
        if (!strcmp (graph_type (r->g, c), type) && graph_id (r->g, c) >= 0 &&
            idset_test (ids, graph_id (r->g, c))) {
            if (add_item (r, c) < 0)
                return -1;
            (*found)++;
        }
        if (take_below (r, c, type, ids, found) < 0)
            return -1;
    }
    return 0;
}

static int take_node (struct rv1_reader *r, unsigned int rank, const char *host, json_t *children)
{
    const uint32_t *top;
    const char *type;
    json_t *value;
    size_t all = 0;
    if (graph_find_rank (r->g, rank, &top) == 0) {
        errno = EINVAL;
        return errprintf (r->errp, "R: rank %u (%s) is not in the graph", rank, host);
    }
    json_object_foreach (children, type, value)
    {
        const char *text = json_string_value (value);
        struct idset *ids = text ? idset_decode (text) : NULL;
        size_t found = 0;
        int rc =
            ids ? take_below (r, top[0], type, ids, &found) : bad (r, "children are not idsets");
        if (rc == 0 && found != idset_count (ids)) {
            errno = EINVAL;
            rc = errprintf (r->errp, "R: rank %u has not all of %s %s", rank, type, text);
        }
        idset_destroy (ids);
        if (rc < 0)
            return -1;
        all += found;
    }
    return all > 0 && all == graph_child_count (r->g, top[0]) ? add_item (r, top[0]) : 0;
}

int load_rv1_items (struct graph *g, const json_t *R, struct result_item **items, size_t *count,
                    flux_error_t *errp)
{
    struct rv1_reader r = {.g = g, .errp = errp, .node = take_node};
    int rc = open_reader (&r, R);
    if (rc == 0)
        rc = each_node (&r);
    close_reader (&r);
    if (rc < 0) {
        free (r.items);
        return -1;
    }
    *items = r.items;
    *count = r.nitems;
    return 0;
}
