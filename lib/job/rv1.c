/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Resource sets in memory. Text: rv1_decode.c and rv1_encode.c; algebra: rv1_algebra.c. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/limits.h"
#include "lib/job/rv1_private.h"
#include "lib/set/hostlist_codec.h"
#include "lib/util/array_room.h"

/* Host names lie one after another in blocks that only go with the set. */
struct rv1_names {
    struct rv1_names *next;
    size_t used;
    size_t size;
    char text[];
};

const char *rv1_name (struct rv1 *rs, const char *host)
{
    size_t len = host ? strlen (host) : 0;
    struct rv1_names *n = rs->names;

    if (len == 0)
        return "";
    if (!n || n->size - n->used <= len) {
        size_t size = n ? n->size * 2 : 64;
        if (size <= len)
            size = len + 1;
        if (!(n = malloc (sizeof (*n) + size)))
            return NULL;
        *n = (struct rv1_names){.next = rs->names, .size = size};
        rs->names = n;
    }
    char *copy = memcpy (n->text + n->used, host, len + 1);
    n->used += len + 1;
    return copy;
}

struct rv1_children *rv1_children_create (struct idset *core, struct idset *gpu)
{
    struct rv1_children *c = calloc (1, sizeof (*c));

    if (!c || idset_empty (core)) {
        idset_destroy (core);
        core = NULL;
    }
    if (!c || idset_empty (gpu)) {
        idset_destroy (gpu);
        gpu = NULL;
    }
    if (c)
        *c = (struct rv1_children){.refs = 1, .core = core, .gpu = gpu};
    return c;
}

void rv1_children_decref (struct rv1_children *c)
{
    if (c && --c->refs == 0) {
        int saved_errno = errno;
        idset_destroy (c->core);
        idset_destroy (c->gpu);
        free (c);
        errno = saved_errno;
    }
}

struct rv1 *rv1_create (void)
{
    return calloc (1, sizeof (struct rv1));
}

void rv1_destroy (struct rv1 *rs)
{
    struct rv1_property *p, *tmp;

    if (!rs)
        return;
    int saved_errno = errno;
    for (size_t i = 0; i < rs->nnodes; i++)
        rv1_children_decref (rs->node[i].children);
    free (rs->node);
    for (struct rv1_names *n = rs->names, *next; n; n = next) {
        next = n->next;
        free (n);
    }
    HASH_ITER (hh, rs->props, p, tmp)
    rv1_property_delete (rs, p);
    json_decref (rs->scheduling);
    free (rs);
    errno = saved_errno;
}

int rv1_push (struct rv1 *rs, uint32_t rank, const char *host, struct rv1_children *c)
{
    if (rs->nnodes >= RV1_MAX_RANKS) {
        errno = EFBIG;
        return -1;
    }
    if (ARRAY_ROOM (rs->node, rs->nnodes, rs->size, 4) < 0)
        return -1;
    const char *name = rv1_name (rs, host);
    if (!name)
        return -1;
    rs->node[rs->nnodes++] =
        (struct rv1_node){.rank = rank, .host = name, .children = rv1_children_incref (c)};
    return 0;
}

struct rv1 *rv1_copy (const struct rv1 *rs)
{
    struct rv1 *cpy = rv1_create ();

    if (!cpy || rv1_add (cpy, rs) < 0) {
        rv1_destroy (cpy);
        return NULL;
    }
    cpy->starttime = rs->starttime;
    cpy->expiration = rs->expiration;
    cpy->nslots = rs->nslots;
    return cpy;
}

static int compare_rank (const void *x, const void *y)
{
    const struct rv1_node *a = x, *b = y;
    return a->rank < b->rank ? -1 : a->rank > b->rank;
}

static struct idset *join_ids (const struct idset *a, const struct idset *b)
{
    if (!a || !b)
        return idset_copy (a ? a : b);
    return idset_union (a, b);
}

/* Add the children of b to node a. */
static int join_nodes (struct rv1_node *a, const struct rv1_node *b)
{
    const struct rv1_children *x = a->children, *y = b->children;

    if (*a->host == '\0')
        a->host = b->host;
    if (x == y)
        return 0;
    struct idset *core = x->core || y->core ? join_ids (x->core, y->core) : NULL;
    struct idset *gpu = x->gpu || y->gpu ? join_ids (x->gpu, y->gpu) : NULL;
    bool failed = ((x->core || y->core) && !core) || ((x->gpu || y->gpu) && !gpu);
    struct rv1_children *c = rv1_children_create (core, gpu);
    if (!c || failed) {
        rv1_children_decref (c);
        errno = ENOMEM;
        return -1;
    }
    rv1_children_decref (a->children);
    a->children = c;
    return 0;
}

int rv1_normalize (struct rv1 *rs)
{
    size_t n = 0;
    bool sorted = true;

    for (size_t i = 1; i < rs->nnodes && sorted; i++)
        sorted = rs->node[i - 1].rank < rs->node[i].rank;
    if (sorted)
        return 0;
    qsort (rs->node, rs->nnodes, sizeof (rs->node[0]), compare_rank);
    for (size_t i = 1; i < rs->nnodes; i++) {
        if (rs->node[i].rank != rs->node[n].rank) {
            rs->node[++n] = rs->node[i];
            continue;
        }
        if (join_nodes (&rs->node[n], &rs->node[i]) < 0) {
            // keep what is left in one piece
            memmove (&rs->node[n + 1], &rs->node[i], (rs->nnodes - i) * sizeof (rs->node[0]));
            rs->nnodes -= i - n - 1;
            return -1;
        }
        rv1_children_decref (rs->node[i].children);
    }
    rs->nnodes = n + 1;
    return 0;
}

int rv1_add_node (struct rv1 *rs, uint32_t rank, const char *host, const struct idset *cores,
                  const struct idset *gpus)
{
    struct rv1_children *last = rs->nnodes ? rs->node[rs->nnodes - 1].children : NULL;
    struct rv1_children *c;

    // equal to the node before: share its children
    if (last && idset_count (last->core) == idset_count (cores) &&
        (idset_empty (cores) || idset_equal (last->core, cores)) &&
        idset_count (last->gpu) == idset_count (gpus) &&
        (idset_empty (gpus) || idset_equal (last->gpu, gpus)))
        c = rv1_children_incref (last);
    else {
        struct idset *core = cores ? idset_copy (cores) : NULL;
        struct idset *gpu = gpus ? idset_copy (gpus) : NULL;
        c = rv1_children_create (core, gpu);
        if ((cores && !core) || (gpus && !gpu)) {
            rv1_children_decref (c);
            c = NULL;
        }
        if (!c) {
            errno = ENOMEM;
            return -1;
        }
    }
    int rc = rv1_push (rs, rank, host, c);
    rv1_children_decref (c);
    if (rc < 0)
        return -1;
    bool ascends = rs->nnodes < 2 || rs->node[rs->nnodes - 2].rank < rank;
    return ascends ? 0 : rv1_normalize (rs);
}

const struct rv1_node *rv1_find (const struct rv1 *rs, uint32_t rank)
{
    struct rv1_node key = {.rank = rank};

    if (rs->nnodes == 0)
        return NULL;
    return bsearch (&key, rs->node, rs->nnodes, sizeof (key), compare_rank);
}

const struct idset *rv1_node_cores (const struct rv1_node *node)
{
    return node->children->core;
}

const struct idset *rv1_node_gpus (const struct rv1_node *node)
{
    return node->children->gpu;
}

size_t rv1_ncores (const struct rv1 *rs)
{
    size_t sum = 0;

    for (size_t i = 0; i < rs->nnodes; i++)
        sum += idset_count (rs->node[i].children->core);
    return sum;
}

size_t rv1_ngpus (const struct rv1 *rs)
{
    size_t sum = 0;

    for (size_t i = 0; i < rs->nnodes; i++)
        sum += idset_count (rs->node[i].children->gpu);
    return sum;
}

struct idset *rv1_ranks (const struct rv1 *rs)
{
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (size_t i = 0; ranks && i < rs->nnodes; i++) {
        if (idset_set (ranks, rs->node[i].rank) < 0) {
            idset_destroy (ranks);
            return NULL;
        }
    }
    return ranks;
}

struct hostlist *rv1_nodelist (const struct rv1 *rs)
{
    struct hostlist *hl = hostlist_create ();

    for (size_t i = 0; hl && i < rs->nnodes; i++) {
        if (*rs->node[i].host == '\0') { // some unknown: then none is of use
            hostlist_destroy (hl);
            return hostlist_create ();
        }
        if (hostlist_append_host (hl, rs->node[i].host) < 0) {
            hostlist_destroy (hl);
            return NULL;
        }
    }
    return hl;
}

int rv1_shrink (struct rv1 *rs, bool drop_empty)
{
    struct rv1_property *p, *tmp;
    size_t n = 0;

    for (size_t i = 0; i < rs->nnodes; i++) {
        struct rv1_children *c = rs->node[i].children;
        if (!c || (drop_empty && !c->core && !c->gpu))
            rv1_children_decref (c);
        else
            rs->node[n++] = rs->node[i];
    }
    rs->nnodes = n;
    if (!rs->props)
        return 0;
    struct idset *ranks = rv1_ranks (rs);
    if (!ranks)
        return -1;
    HASH_ITER (hh, rs->props, p, tmp)
    {
        struct idset *left = idset_intersect (p->ranks, ranks);
        if (!left) {
            idset_destroy (ranks);
            return -1;
        }
        idset_destroy (p->ranks);
        p->ranks = left;
        if (idset_empty (left))
            rv1_property_delete (rs, p);
    }
    idset_destroy (ranks);
    return 0;
}
