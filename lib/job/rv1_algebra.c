/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Two resource sets at once, and sets by ranks and hosts. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/rv1_private.h"
#include "lib/util/errprintf.h"

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

struct idset *rv1_hosts_to_ranks (const struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (hosts);
    struct idset *ranks = NULL, *seen = NULL;

    if (!hl) {
        errprintf (errp, "'%s' is no hostlist", hosts ? hosts : "");
        return NULL;
    }
    hostlist_uniq (hl);
    ranks = idset_create (0, IDSET_FLAG_AUTOGROW);
    seen = idset_create (0, IDSET_FLAG_AUTOGROW); // names of hl that are in the set
    if (!ranks || !seen)
        goto error;
    for (size_t i = 0; i < rs->nnodes; i++) {
        int n = *rs->node[i].host ? hostlist_find (hl, rs->node[i].host) : -1;
        if (n >= 0 && (idset_set (ranks, rs->node[i].rank) < 0 || idset_set (seen, n) < 0))
            goto error;
    }
    if (idset_count (seen) < (size_t)hostlist_count (hl)) {
        int n = 0;
        while (idset_test (seen, n))
            n++;
        errprintf (errp, "host %s is not there", hostlist_nth (hl, n));
        errno = ENOENT;
        goto out;
    }
    hostlist_destroy (hl);
    idset_destroy (seen);
    return ranks;
error:
    errprintf (errp, "out of memory");
out:
    hostlist_destroy (hl);
    idset_destroy (seen);
    idset_destroy (ranks);
    return NULL;
}

/* Decode a list of as many hosts as there are nodes. */
static struct hostlist *decode_hosts (const struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = hostlist_decode (hosts);

    if (!hl) {
        errprintf (errp, "'%s' is no hostlist", hosts ? hosts : "");
        return NULL;
    }
    if ((size_t)hostlist_count (hl) == rs->nnodes)
        return hl;
    errno = (size_t)hostlist_count (hl) > rs->nnodes ? EOVERFLOW : ENOSPC;
    errprintf (errp, "%d hosts for %zu ranks", hostlist_count (hl), rs->nnodes);
    hostlist_destroy (hl);
    return NULL;
}

int rv1_assign_hosts (struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = decode_hosts (rs, hosts, errp);

    if (!hl)
        return -1;
    const char *host = hostlist_first (hl);
    for (size_t i = 0; i < rs->nnodes; i++, host = hostlist_next (hl)) {
        const char *name = rv1_name (rs, host);
        if (!name) {
            hostlist_destroy (hl);
            return errprintf (errp, "out of memory");
        }
        rs->node[i].host = name;
    }
    hostlist_destroy (hl);
    return 0;
}

/* Ranks of a property after each node's rank went from old[i] to node[i].rank. */
static struct idset *map_ranks (const struct rv1 *rs, const struct idset *ranks,
                                const uint32_t *old)
{
    struct idset *new = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (size_t i = 0; new &&i < rs->nnodes; i++) {
        if (idset_test (ranks, old[i]) && idset_set (new, rs->node[i].rank) < 0) {
            idset_destroy (new);
            return NULL;
        }
    }
    return new;
}

/* Give node i the rank new[i]. */
static int change_ranks (struct rv1 *rs, const uint32_t *new)
{
    uint32_t *old = calloc (rs->nnodes + 1, sizeof (*old));
    int rc = old ? 0 : -1;

    for (size_t i = 0; old && i < rs->nnodes; i++) {
        old[i] = rs->node[i].rank;
        rs->node[i].rank = new[i];
    }
    for (struct rv1_property *p = rs->props; p && rc == 0; p = p->hh.next) {
        struct idset *ranks = map_ranks (rs, p->ranks, old);
        if (ranks) {
            idset_destroy (p->ranks);
            p->ranks = ranks;
        } else
            rc = -1;
    }
    free (old);
    return rc < 0 ? -1 : rv1_normalize (rs);
}

/* A host and its place in a list. */
struct place {
    const char *host;
    uint32_t index;
};

static int compare_place (const void *x, const void *y)
{
    const struct place *a = x, *b = y;
    int rc = strcmp (a->host, b->host);
    return rc ? rc : (a->index > b->index) - (a->index < b->index);
}

/* Places of the nodes of rs, sorted by host. */
static struct place *sort_nodes (const struct rv1 *rs)
{
    struct place *place = calloc (rs->nnodes + 1, sizeof (*place));

    for (size_t i = 0; place && i < rs->nnodes; i++)
        place[i] = (struct place){rs->node[i].host, i};
    if (place)
        qsort (place, rs->nnodes, sizeof (*place), compare_place);
    return place;
}

/* Places of the names of hl, sorted by host; the text goes into `names`. */
static struct place *sort_hosts (struct hostlist *hl, struct rv1 *names)
{
    struct place *place = calloc (hostlist_count (hl) + 1, sizeof (*place));
    size_t n = 0;

    for (const char *host = hostlist_first (hl); place && host; host = hostlist_next (hl)) {
        place[n] = (struct place){rv1_name (names, host), n};
        if (!place[n++].host) {
            free (place);
            return NULL;
        }
    }
    if (place)
        qsort (place, n, sizeof (*place), compare_place);
    return place;
}

int rv1_rerank (struct rv1 *rs, const char *hosts, flux_error_t *errp)
{
    struct hostlist *hl = decode_hosts (rs, hosts, errp);
    struct rv1 *names = rv1_create ();
    uint32_t *new = calloc (rs->nnodes + 1, sizeof (*new));
    struct place *from = NULL, *to = NULL;
    int rc = -1;

    if (!hl || !names || !new || !(from = sort_nodes (rs)) || !(to = sort_hosts (hl, names)))
        goto out;
    for (size_t i = 0; i < rs->nnodes; i++) {
        if (strcmp (from[i].host, to[i].host) != 0) {
            // whichever comes first has no partner
            bool ours = strcmp (from[i].host, to[i].host) < 0;
            errno = ENOENT;
            errprintf (errp, "host %s is %s", ours ? from[i].host : to[i].host,
                       ours ? "not in the new order" : "in the new order only");
            goto out;
        }
        new[from[i].index] = to[i].index;
    }
    rc = change_ranks (rs, new);
out:;
    int saved_errno = errno;
    hostlist_destroy (hl);
    rv1_destroy (names);
    free (from);
    free (to);
    free (new);
    errno = saved_errno;
    return rc;
}

static struct idset *count_from_zero (const struct idset *ids)
{
    size_t n = idset_count (ids);
    struct idset *new = n ? idset_create (n, IDSET_FLAG_AUTOGROW) : NULL;

    if (new &&idset_range_set (new, 0, n - 1) < 0) {
        idset_destroy (new);
        return NULL;
    }
    return new;
}

int rv1_remap (struct rv1 *rs)
{
    struct rv1_children *from = NULL, *to = NULL;
    uint32_t *new = calloc (rs->nnodes + 1, sizeof (*new));
    int rc = new ? 0 : -1;

    for (size_t i = 0; i < rs->nnodes && rc == 0; i++) {
        struct rv1_children *c = rs->node[i].children;
        new[i] = i;
        if (c != from) {
            rv1_children_decref (from);
            rv1_children_decref (to);
            from = rv1_children_incref (c);
            to = rv1_children_create (count_from_zero (c->core), count_from_zero (c->gpu));
            if (!to || !to->core != !c->core || !to->gpu != !c->gpu) {
                rc = -1;
                break;
            }
        }
        rv1_children_decref (c);
        rs->node[i].children = rv1_children_incref (to);
    }
    rv1_children_decref (from);
    rv1_children_decref (to);
    if (rc == 0)
        rc = change_ranks (rs, new);
    free (new);
    return rc;
}
