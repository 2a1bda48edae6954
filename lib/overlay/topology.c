/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The shape of the tree, as arrays over the ranks that are filled once. */

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "lib/overlay/topology.h"
#include "lib/util/errprintf.h"

#define MINCRIT_FANOUT 1024
#define LEVEL_MAX 4096 // bounds the recursion of topology_json, and kary:1

struct node {
    int parent;
    int first;   // child
    int sibling; // next
    int descendants;
    int level;
};

struct topology {
    char *uri;
    uint32_t size;
    int maxlevel;
    struct node node[];
};

/* "kary" and the like, an optional ":K", and what fills in the parents. */
struct shape {
    const char *name;
    bool needs_k;
    bool allows_k;
    void (*fill) (struct topology *topo, int k);
};

static void fill_flat (struct topology *topo)
{
    topo->node[0].parent = -1;
    for (uint32_t i = 1; i < topo->size; i++)
        topo->node[i].parent = 0;
}

static void fill_kary (struct topology *topo, int k)
{
    for (uint32_t i = 1; k > 0 && i < topo->size; i++)
        topo->node[i].parent = (int)((i - 1) / (uint32_t)k);
}

/* The parent of a rank is the rank without its highest bit. */
static void fill_binomial (struct topology *topo, int k)
{
    for (uint32_t i = 1; i < topo->size; i++)
        topo->node[i].parent = (int)(i & ~(1u << (31 - __builtin_clz (i))));
}

static int mincrit_routers (int size)
{
    int k = 2;

    if (size <= MINCRIT_FANOUT + 1)
        return 0;
    while ((size - 2) / k > MINCRIT_FANOUT) // the leaves of one router, rounded up
        k++;
    return k;
}

/* The leaves go to the routers in turn. */
static void fill_mincrit (struct topology *topo, int k)
{
    if (k < 0)
        k = mincrit_routers ((int)topo->size);
    for (uint32_t i = k + 1; k > 0 && i < topo->size; i++)
        topo->node[i].parent = (int)(i - k - 1) % k + 1;
}

static const struct shape shapes[] = {
    {"kary", true, true, fill_kary},
    {"binomial", false, false, fill_binomial},
    {"mincrit", false, true, fill_mincrit},
};

static int parse_k (const char *s, int *k)
{
    char *end;
    long val;

    if (*s < '0' || *s > '9')
        return -1;
    errno = 0;
    val = strtol (s, &end, 10);
    if (errno != 0 || *end != '\0' || val > (long)TOPOLOGY_SIZE_MAX)
        return -1;
    *k = (int)val;
    return 0;
}

static int fill_by_uri (struct topology *topo, flux_error_t *errp)
{
    size_t len = strcspn (topo->uri, ":");
    const char *path = topo->uri[len] ? topo->uri + len + 1 : "";
    int k = -1;

    for (size_t i = 0; i < sizeof (shapes) / sizeof (shapes[0]); i++) {
        const struct shape *s = &shapes[i];
        if (strlen (s->name) != len || strncmp (s->name, topo->uri, len) != 0)
            continue;
        if (!s->allows_k && *path)
            return errprintf (errp, "topology %s takes no value, but got '%s'", s->name, path);
        if ((s->needs_k || *path) && parse_k (path, &k) < 0)
            return errprintf (errp, "topology %s wants an integer >= 0, not '%s'", s->name, path);
        s->fill (topo, k);
        return 0;
    }
    return errprintf (errp, "unknown topology '%s'", topo->uri);
}

static int fill_custom (struct topology *topo, const int *parents, flux_error_t *errp)
{
    if (!parents)
        return errprintf (errp, "topology custom needs the parent of each rank");
    for (uint32_t i = 0; i < topo->size; i++) {
        int p = parents[i];
        if (i == 0 ? p != -1 : p < 0 || p >= (int)topo->size || p == (int)i)
            return errprintf (errp, "topology custom: rank %u cannot have parent %d", i, p);
        topo->node[i].parent = p;
    }
    return 0;
}

/* Levels, descendants and the lists of children follow from the parents. */
static int derive (struct topology *topo, flux_error_t *errp)
{
    for (uint32_t i = 0; i < topo->size; i++)
        topo->node[i].first = topo->node[i].sibling = -1;
    for (uint32_t i = topo->size - 1; i > 0; i--) {
        struct node *parent = &topo->node[topo->node[i].parent];
        topo->node[i].sibling = parent->first;
        parent->first = (int)i;
    }
    for (uint32_t i = 1; i < topo->size; i++) {
        int level = 0;
        for (int p = topo->node[i].parent; p >= 0; p = topo->node[p].parent) {
            topo->node[p].descendants++;
            if (++level > LEVEL_MAX)
                return errprintf (errp, "topology %s: rank %u is in a cycle or below level %d",
                                  topo->uri, i, LEVEL_MAX);
        }
        topo->node[i].level = level;
        if (level > topo->maxlevel)
            topo->maxlevel = level;
    }
    return 0;
}

struct topology *topology_create (const char *uri, uint32_t size, const int *parents,
                                  flux_error_t *errp)
{
    struct topology *topo;
    int rc;

    if (size < 1 || size > TOPOLOGY_SIZE_MAX) {
        errprintf (errp, "a tree of %u brokers is not possible", size);
        errno = EINVAL;
        return NULL;
    }
    if (!(topo = calloc (1, sizeof (*topo) + size * sizeof (topo->node[0]))) ||
        !(topo->uri = strdup (uri ? uri : TOPOLOGY_DEFAULT))) {
        free (topo);
        errprintf (errp, "out of memory");
        errno = ENOMEM;
        return NULL;
    }
    topo->size = size;
    fill_flat (topo);
    if (strcmp (topo->uri, "custom") == 0)
        rc = fill_custom (topo, parents, errp);
    else
        rc = fill_by_uri (topo, errp);
    if (rc < 0 || derive (topo, errp) < 0) {
        topology_destroy (topo);
        errno = EINVAL;
        return NULL;
    }
    return topo;
}

void topology_destroy (struct topology *topo)
{
    if (topo) {
        int saved = errno;
        free (topo->uri);
        free (topo);
        errno = saved;
    }
}

const char *topology_uri (const struct topology *topo)
{
    return topo->uri;
}

uint32_t topology_size (const struct topology *topo)
{
    return topo->size;
}

int topology_parent (const struct topology *topo, uint32_t rank)
{
    return rank < topo->size ? topo->node[rank].parent : -1;
}

int topology_child_first (const struct topology *topo, uint32_t rank)
{
    return rank < topo->size ? topo->node[rank].first : -1;
}

int topology_child_next (const struct topology *topo, uint32_t rank, int child)
{
    if (child < 0 || topology_parent (topo, (uint32_t)child) != (int)rank)
        return -1;
    return topo->node[child].sibling;
}

int topology_child_count (const struct topology *topo, uint32_t rank)
{
    int count = 0;

    for (int c = topology_child_first (topo, rank); c >= 0; c = topology_child_next (topo, rank, c))
        count++;
    return count;
}

int topology_descendants (const struct topology *topo, uint32_t rank)
{
    return rank < topo->size ? topo->node[rank].descendants : 0;
}

int topology_child_route (const struct topology *topo, uint32_t rank, uint32_t dst)
{
    int r = dst < topo->size ? (int)dst : -1;

    while (r >= 0 && topo->node[r].parent != (int)rank)
        r = topo->node[r].parent;
    return r;
}

bool topology_is_below (const struct topology *topo, uint32_t rank, uint32_t ancestor)
{
    return topology_child_route (topo, ancestor, rank) >= 0;
}

int topology_level (const struct topology *topo, uint32_t rank)
{
    return rank < topo->size ? topo->node[rank].level : -1;
}

int topology_maxlevel (const struct topology *topo)
{
    return topo->maxlevel;
}

json_t *topology_json (const struct topology *topo, uint32_t rank)
{
    json_t *children, *o;

    if (rank >= topo->size) {
        errno = EINVAL;
        return NULL;
    }
    children = json_array ();
    for (int c = topo->node[rank].first; c >= 0; c = topo->node[c].sibling) {
        if (json_array_append_new (children, topology_json (topo, (uint32_t)c)) < 0) {
            json_decref (children);
            errno = ENOMEM;
            return NULL;
        }
    }
    o = json_pack ("{s:i s:i s:o}", "rank", (int)rank, "size", topo->node[rank].descendants + 1,
                   "children", children);
    if (!o)
        errno = ENOMEM;
    return o;
}
