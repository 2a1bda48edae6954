/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Two resource sets at once, and sets by ranks and hosts. */

#include <errno.h>
#include <stdlib.h>

#include "lib/job/rv1_private.h"

typedef struct idset *(*ids_f) (const struct idset *a, const struct idset *b);

static struct idset *ids_diff (const struct idset *a, const struct idset *b)
{
    return b ? idset_difference (a, b) : idset_copy (a);
}

static struct idset *ids_intersect (const struct idset *a, const struct idset *b)
{
    return b ? idset_intersect (a, b) : idset_create (1, 0);
}

/* The children of one node by those of another. Neighbours are mostly alike, so the last result is
 * kept and shared. */
struct memo {
    ids_f op;
    const struct rv1_children *a, *b;
    struct rv1_children *result; // a reference
};

static struct rv1_children *combine (struct memo *m, const struct rv1_children *a,
                                     const struct rv1_children *b)
{
    if (m->result && m->a == a && m->b == b)
        return rv1_children_incref (m->result);
    struct idset *core = a->core ? m->op (a->core, b->core) : NULL;
    struct idset *gpu = a->gpu ? m->op (a->gpu, b->gpu) : NULL;
    bool failed = (a->core && !core) || (a->gpu && !gpu);
    struct rv1_children *c = rv1_children_create (core, gpu);
    if (!c || failed) {
        rv1_children_decref (c);
        errno = ENOMEM;
        return NULL;
    }
    rv1_children_decref (m->result);
    *m = (struct memo){.op = m->op, .a = a, .b = b, .result = rv1_children_incref (c)};
    return c;
}

/* Apply op to each node of a that is in b as well. What is only in a is kept, or not. */
static int apply (struct rv1 *a, const struct rv1 *b, ids_f op, bool keep)
{
    struct memo m = {.op = op};
    int rc = 0;

    // m.a must not be a pointer that was freed and is used again: hold on to all until the end
    struct rv1_children **old = calloc (a->nnodes + 1, sizeof (*old));
    if (!old)
        return -1;
    for (size_t i = 0, k = 0; i < a->nnodes && rc == 0; i++) {
        struct rv1_node *x = &a->node[i];
        while (k < b->nnodes && b->node[k].rank < x->rank)
            k++;
        old[i] = x->children;
        if (k < b->nnodes && b->node[k].rank == x->rank) {
            struct rv1_children *c = combine (&m, x->children, b->node[k].children);
            if (c)
                x->children = c;
            else {
                old[i] = NULL;
                rc = -1;
            }
        } else if (keep)
            old[i] = NULL;
        else
            x->children = NULL;
    }
    for (size_t i = 0; i < a->nnodes; i++)
        rv1_children_decref (old[i]);
    free (old);
    rv1_children_decref (m.result);
    return rv1_shrink (a, true) < 0 ? -1 : rc;
}

int rv1_subtract (struct rv1 *a, const struct rv1 *b)
{
    if (a == b) {
        struct idset *ranks = rv1_ranks (a);
        int rc = ranks ? rv1_remove_ranks (a, ranks) : -1;
        idset_destroy (ranks);
        return rc;
    }
    return apply (a, b, ids_diff, true);
}

/* An empty result has nothing to be scheduled. */
static struct rv1 *drop_scheduling_if_empty (struct rv1 *rs)
{
    if (rs && rs->nnodes == 0) {
        json_decref (rs->scheduling);
        rs->scheduling = NULL;
    }
    return rs;
}

static struct rv1 *copy_and_apply (const struct rv1 *a, const struct rv1 *b, ids_f op, bool keep)
{
    struct rv1 *rs = rv1_copy (a);

    if (rs && apply (rs, b, op, keep) < 0) {
        rv1_destroy (rs);
        return NULL;
    }
    return drop_scheduling_if_empty (rs);
}

struct rv1 *rv1_diff (const struct rv1 *a, const struct rv1 *b)
{
    return copy_and_apply (a, b, ids_diff, true);
}

struct rv1 *rv1_intersect (const struct rv1 *a, const struct rv1 *b)
{
    return copy_and_apply (a, b, ids_intersect, false);
}

int rv1_add (struct rv1 *a, const struct rv1 *b)
{
    size_t n = b->nnodes;

    for (size_t i = 0; i < n; i++) {
        const struct rv1_node x = b->node[i];
        if (rv1_push (a, x.rank, x.host, x.children) < 0)
            return -1;
    }
    if (rv1_normalize (a) < 0)
        return -1;
    if (a == b)
        return 0;
    for (struct rv1_property *p = b->props; p; p = p->hh.next) {
        struct rv1_property *mine = rv1_property_get (a, p->name, true);
        if (!mine || idset_add (mine->ranks, p->ranks) < 0)
            return -1;
    }
    if (!a->scheduling)
        a->scheduling = json_incref (b->scheduling);
    return 0;
}

struct rv1 *rv1_union (const struct rv1 *a, const struct rv1 *b)
{
    struct rv1 *rs = rv1_copy (a);

    if (rs && rv1_add (rs, b) < 0) {
        rv1_destroy (rs);
        return NULL;
    }
    return rs;
}

static int filter_ranks (struct rv1 *rs, const struct idset *ranks, bool keep)
{
    for (size_t i = 0; i < rs->nnodes; i++) {
        struct rv1_node *node = &rs->node[i];
        if (idset_test (ranks, node->rank) != keep) {
            rv1_children_decref (node->children);
            node->children = NULL;
        }
    }
    return rv1_shrink (rs, false);
}

struct rv1 *rv1_copy_ranks (const struct rv1 *rs, const struct idset *ranks)
{
    struct rv1 *cpy = rv1_copy (rs);

    if (cpy && filter_ranks (cpy, ranks, true) < 0) {
        rv1_destroy (cpy);
        return NULL;
    }
    return drop_scheduling_if_empty (cpy);
}

int rv1_remove_ranks (struct rv1 *rs, const struct idset *ranks)
{
    return filter_ranks (rs, ranks, false);
}
