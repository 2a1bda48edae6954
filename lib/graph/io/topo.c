/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Domains become vertices named by their keys; cores and GPUs keep their ids, which count through
 * the node, and so do domains. Memory and storage are pools that jobs take parts of. */

#include <errno.h>
#include <flux/idset.h>
#include <math.h>
#include <string.h>

#include "lib/graph/io/topo.h"
#include "lib/util/errprintf.h"

enum { MAX_DEPTH = 16, MAX_KINDS = 32 };

struct maker {
    struct topo_node *n;
    flux_error_t *errp;
    struct {
        const char *type;
        int64_t next;
    } kind[MAX_KINDS]; // ids given to domains so far
    size_t nkinds;
};

static int bad (struct maker *m, const char *what, const char *key)
{
    errno = EINVAL;
    return errprintf (m->errp, "R: scheduling: %s: %.64s", what, key);
}

const json_t *topo_find (const json_t *R, unsigned int rank)
{
    json_t *scheduling = json_object_get (R, "scheduling"), *o;
    const char *writer = json_string_value (json_object_get (scheduling, "writer"));
    size_t i;
    if (!writer || strcmp (writer, "TreePool") != 0)
        return NULL;
    json_array_foreach (json_object_get (scheduling, "children"), i, o)
    {
        const char *text = json_string_value (json_object_get (o, "ranks"));
        struct idset *ids = text ? idset_decode (text) : NULL;
        bool found = ids && idset_test (ids, rank);
        idset_destroy (ids);
        if (found)
            return json_object_get (o, "topo");
    }
    return NULL;
}

static int next_id (struct maker *m, const char *type, int64_t *id)
{
    size_t i = 0;
    while (i < m->nkinds && strcmp (m->kind[i].type, type) != 0)
        i++;
    if (i == MAX_KINDS)
        return bad (m, "too many kinds of domains", type);
    if (i == m->nkinds) {
        m->kind[i].type = type;
        m->kind[m->nkinds++].next = 0;
    }
    *id = m->kind[i].next++;
    return 0;
}

static int add (struct maker *m, uint32_t parent, const struct graph_vertex *spec, uint32_t *v)
{
    if (graph_add_vertex (m->n->g, spec, v, m->errp) < 0)
        return -1;
    return graph_add_edge (m->n->g, parent, *v, "containment", m->errp);
}

static bool is_resource (const char *key)
{
    return !strcmp (key, "cores") || !strcmp (key, "gpus") || !strcmp (key, "memory") ||
           !strcmp (key, "storage");
}

static bool any_of (const json_t *ids, const struct idset *set)
{
    struct idset *want = json_is_string (ids) ? idset_decode (json_string_value (ids)) : NULL;
    bool any = false;
    for (unsigned int id = want ? idset_first (want) : IDSET_INVALID_ID;
         !any && id != IDSET_INVALID_ID; id = idset_next (want, id))
        any = set && idset_test (set, id);
    idset_destroy (want);
    return any;
}

/* R gives something of the domain. What is malformed counts, so that it is found out. */
static bool is_given (const struct maker *m, const json_t *domain, int depth)
{
    const char *key;
    json_t *value, *o;
    size_t i;
    if (depth > MAX_DEPTH || any_of (json_object_get (domain, "cores"), m->n->cores) ||
        any_of (json_object_get (domain, "gpus"), m->n->gpus))
        return true;
    json_object_foreach ((json_t *)domain, key, value)
    {
        if (is_resource (key))
            continue;
        if (!json_is_array (value))
            return true;
        json_array_foreach (value, i, o)
        {
            if (is_given (m, o, depth + 1))
                return true;
        }
    }
    return false;
}

static int add_units (struct maker *m, uint32_t parent, const char *type, const char *key,
                      const json_t *value, struct idset *given)
{
    struct idset *ids = json_is_string (value) ? idset_decode (json_string_value (value)) : NULL;
    int rc = ids ? 0 : bad (m, "not an idset", key);
    for (unsigned int id = ids ? idset_first (ids) : IDSET_INVALID_ID;
         rc == 0 && id != IDSET_INVALID_ID; id = idset_next (ids, id)) {
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v;
        if (!given || !idset_test (given, id))
            continue; // of another job, or placed already
        idset_clear (given, id);
        spec.type = type;
        spec.id = id;
        spec.rank = m->n->rank;
        if ((rc = add (m, parent, &spec, &v)) == 0)
            rc = m->n->made (m->n->arg, v);
    }
    idset_destroy (ids);
    return rc;
}

static int add_pool (struct maker *m, uint32_t parent, const char *type, double size,
                     const char *unit, uint32_t *v)
{
    struct graph_vertex spec = GRAPH_VERTEX_INIT;
    spec.type = type;
    spec.unit = unit;
    spec.rank = m->n->rank;
    spec.divisible = true;
    if (!(size >= 0) || size > GRAPH_MAX_SIZE)
        return bad (m, "a size that is negative or too large", type);
    spec.size = (int64_t)floor (size);
    return next_id (m, type, &spec.id) < 0 ? -1 : add (m, parent, &spec, v);
}

static int add_storage (struct maker *m, uint32_t parent, const json_t *list)
{
    size_t i;
    json_t *o;
    uint32_t v;
    if (!json_is_array (list))
        return bad (m, "not an array", "storage");
    json_array_foreach (list, i, o)
    {
        const char *path, *unit = "GiB";
        double capacity;
        if (json_unpack (o, "{s:s s:F s?s}", "path", &path, "capacity", &capacity, "unit", &unit) <
            0)
            return bad (m, "path or capacity is missing", "storage");
        if (add_pool (m, parent, "storage", capacity, unit, &v) < 0)
            return -1;
        if (graph_set_property (m->n->g, v, "path", path) < 0)
            return bad (m, "cannot be set", "path");
    }
    return 0;
}

/* The ids of what is below it count all the same. is_given() has bounded the depth. */
static int skip_domain (struct maker *m, const json_t *domain)
{
    const char *key;
    json_t *value, *o;
    int64_t id;
    size_t i;
    json_object_foreach ((json_t *)domain, key, value)
    {
        json_array_foreach (value, i, o)
        {
            if (!is_resource (key) && (next_id (m, key, &id) < 0 || skip_domain (m, o) < 0))
                return -1;
        }
    }
    return 0;
}

static int add_domain (struct maker *m, uint32_t parent, const json_t *domain, int depth);

static int add_domains (struct maker *m, uint32_t parent, const char *type, const json_t *list,
                        int depth)
{
    size_t i;
    json_t *o;
    if (!json_is_array (list))
        return bad (m, "not an array of domains", type);
    json_array_foreach (list, i, o)
    {
        struct graph_vertex spec = GRAPH_VERTEX_INIT;
        uint32_t v;
        spec.type = type;
        spec.rank = m->n->rank;
        if (next_id (m, type, &spec.id) < 0)
            return -1;
        if (!is_given (m, o, depth)) {
            if (skip_domain (m, o) < 0)
                return -1;
            continue;
        }
        if (add (m, parent, &spec, &v) < 0 || add_domain (m, v, o, depth + 1) < 0)
            return -1;
    }
    return 0;
}

static int add_domain (struct maker *m, uint32_t parent, const json_t *domain, int depth)
{
    const char *key;
    json_t *value;
    uint32_t v;
    if (!json_is_object (domain) || depth > MAX_DEPTH)
        return bad (m, "a domain is not an object, or nested too deep", "topo");
    json_object_foreach ((json_t *)domain, key, value)
    {
        int rc;
        if (!strcmp (key, "cores"))
            rc = add_units (m, parent, "core", key, value, m->n->cores);
        else if (!strcmp (key, "gpus"))
            rc = add_units (m, parent, "gpu", key, value, m->n->gpus);
        else if (!strcmp (key, "memory"))
            rc = json_is_number (value)
                     ? add_pool (m, parent, "memory", json_number_value (value), "GiB", &v)
                     : bad (m, "not a number", key);
        else if (!strcmp (key, "storage"))
            rc = add_storage (m, parent, value);
        else
            rc = add_domains (m, parent, key, value, depth);
        if (rc < 0)
            return -1;
    }
    return 0;
}

int topo_add (struct topo_node *n, const json_t *topo, flux_error_t *errp)
{
    struct maker m = {.n = n, .errp = errp};
    return add_domain (&m, n->node, topo, 0);
}
