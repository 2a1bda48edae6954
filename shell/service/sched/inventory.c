/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The instance's resources, see inventory.h. */

#include <errno.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/graph/io/load.h"
#include "lib/util/errprintf.h"
#include "shell/service/sched/inventory.h"
#include "shell/service/sched/ranks.h"

#define RANKS_MAX (1u << 20)

struct inventory {
    struct graph *g;
    struct rv1 *R;      // without its graph; NULL: none yet
    json_t *scheduling; // the graph as it came, or NULL
    struct idset *down; // also ranks that are not known yet
    struct idset *gone; // not in R any more, but held by jobs
    bool rich;
    bool topology; // from R's TreePool
    bool rich_R;   // and it came with R
};

struct inventory *inventory_create (void)
{
    struct inventory *inv = calloc (1, sizeof (*inv));

    if (!inv || !(inv->g = graph_create ()) ||
        !(inv->down = idset_create (0, IDSET_FLAG_AUTOGROW)) ||
        !(inv->gone = idset_create (0, IDSET_FLAG_AUTOGROW))) {
        inventory_destroy (inv);
        return NULL;
    }
    return inv;
}

void inventory_destroy (struct inventory *inv)
{
    if (inv) {
        int saved_errno = errno;
        graph_destroy (inv->g);
        rv1_destroy (inv->R);
        json_decref (inv->scheduling);
        idset_destroy (inv->down);
        idset_destroy (inv->gone);
        free (inv);
        errno = saved_errno;
    }
}

struct graph *inventory_graph (struct inventory *inv)
{
    return inv->g;
}

bool inventory_is_rich (const struct inventory *inv)
{
    return inv->rich;
}

const struct rv1 *inventory_R (const struct inventory *inv)
{
    return inv->R;
}

void inventory_set_end (struct inventory *inv, double end)
{
    if (inv->R)
        inv->R->expiration = end;
}

const char *inventory_host (const struct inventory *inv, uint32_t rank)
{
    const struct rv1_node *node = inv->R ? rv1_find (inv->R, rank) : NULL;

    return node ? node->host : "";
}

/* ---- status ---- */

static void apply_status (struct inventory *inv, uint32_t rank)
{
    uint32_t v = ranks_node (inv->g, rank);
    bool up = !idset_test (inv->down, rank) && inv->R && rv1_find (inv->R, rank);

    if (v != GRAPH_NONE)
        graph_set_status (inv->g, v, up ? GRAPH_UP : GRAPH_DOWN);
}

int inventory_set_up (struct inventory *inv, const char *ranks, bool up)
{
    struct idset *ids = idset_decode (ranks);
    int rc = -1;

    if (!ids || idset_empty (ids) || idset_last (ids) >= RANKS_MAX)
        errno = EINVAL;
    else
        rc = up ? idset_subtract (inv->down, ids) : idset_add (inv->down, ids);
    for (unsigned int r = rc == 0 ? idset_first (ids) : IDSET_INVALID_ID; r != IDSET_INVALID_ID;
         r = idset_next (ids, r))
        apply_status (inv, r);
    idset_destroy (ids);
    return rc;
}

/* ---- a new R ---- */

/* Ranks whose cores or GPUs are not what they were, or that the other has not. */
static struct idset *ranks_only_in (const struct rv1 *a, const struct rv1 *b)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    size_t k = 0;

    for (size_t i = 0; ids && a && i < a->nnodes; i++) {
        while (b && k < b->nnodes && b->node[k].rank < a->node[i].rank)
            k++;
        if (b && k < b->nnodes && b->node[k].rank == a->node[i].rank &&
            ranks_equal (&a->node[i], &b->node[k]))
            continue;
        if (idset_set (ids, a->node[i].rank) < 0) {
            idset_destroy (ids);
            return NULL;
        }
    }
    return ids;
}

/* Ranks of which a part came or went; those with which it can be done now are not in `ranks` any
 * more. */
static void adjust (struct inventory *inv, const struct rv1 *rs, struct idset *ranks)
{
    struct idset *all = idset_copy (ranks);

    for (unsigned int r = all ? idset_first (all) : IDSET_INVALID_ID; r != IDSET_INVALID_ID;
         r = idset_next (all, r)) {
        const struct rv1_node *node = rs ? rv1_find (rs, r) : NULL;
        uint32_t v = ranks_node (inv->g, r);
        if (node && v != GRAPH_NONE &&
            ranks_adjust (inv->g, v, node, inv->rich && !inv->rich_R, NULL) == 0)
            idset_clear (ranks, r);
    }
    idset_destroy (all);
}

/* What cannot be removed now has to go later. */
static void take_out (struct inventory *inv, const struct idset *ranks)
{
    for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID; r = idset_next (ranks, r)) {
        uint32_t v = ranks_node (inv->g, r);
        if (v == GRAPH_NONE || (inv->rich && !inv->rich_R)) // a file's graph has all there may be
            continue;
        if (graph_njobs (inv->g, v) > 0 || graph_remove (inv->g, v, NULL) < 0)
            idset_set (inv->gone, r);
    }
}

void inventory_sweep (struct inventory *inv)
{
    struct idset *left = idset_empty (inv->gone) ? NULL : idset_copy (inv->gone);

    if (!left)
        return;
    idset_subtract (inv->gone, left);
    take_out (inv, left);
    /* A rank that came back with other resources while jobs held the old ones. */
    for (unsigned int r = idset_first (left); r != IDSET_INVALID_ID; r = idset_next (left, r)) {
        if (ranks_node (inv->g, r) == GRAPH_NONE && rv1_find (inv->R, r) &&
            ranks_add (inv->g, inv->R, NULL) == 0)
            apply_status (inv, r);
    }
    idset_destroy (left);
}

/* R with the topology of its nodes (RFC 49). */
static bool has_topology (const struct rv1 *R)
{
    const char *writer = json_string_value (json_object_get (R->scheduling, "writer"));

    return writer && strcmp (writer, "TreePool") == 0 && R->nnodes > 0 && *R->node[0].host;
}

/* The ranks that the graph has not. */
static int add_topology (struct inventory *inv, const struct rv1 *R, flux_error_t *errp)
{
    struct idset *known = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct rv1 *new = rv1_copy (R);
    json_t *o = NULL;
    int rc = -1;

    for (size_t i = 0; known && i < R->nnodes; i++)
        if (ranks_node (inv->g, R->node[i].rank) != GRAPH_NONE)
            idset_set (known, R->node[i].rank);
    if (known && new &&rv1_remove_ranks (new, known) == 0 && new->nnodes == 0) {
        rc = 0;
    } else if (known && new) {
        json_decref (new->scheduling);
        new->scheduling = json_incref (R->scheduling);
        rc = (o = rv1_to_json (new)) ? load_rv1 (inv->g, o, errp)
                                     : errprintf (errp, "out of memory");
    }
    json_decref (o);
    rv1_destroy (new);
    idset_destroy (known);
    return rc;
}

static int make_graph (struct inventory *inv, const struct rv1 *R, flux_error_t *errp)
{
    bool known = json_equal (inv->scheduling, R->scheduling) && ranks_check (inv->g, R, NULL) == 0;
    bool with_graph = json_object_get (R->scheduling, "graph") != NULL;

    if (with_graph && !known && (inv->rich || graph_count (inv->g) == 0)) {
        if (load_jgf (inv->g, R->scheduling, errp) < 0)
            return -1;
        inv->rich = inv->rich_R = true;
    }
    if (has_topology (R) && (inv->topology || graph_count (inv->g) == 0)) {
        if (add_topology (inv, R, errp) < 0)
            return -1;
        inv->rich = inv->topology = true;
    }
    return inv->rich ? ranks_check (inv->g, R, errp) : ranks_add (inv->g, R, errp);
}

static int decode (const json_t *R, struct rv1 **rs, flux_error_t *errp)
{
    if (!(*rs = rv1_from_json (R, errp)))
        return -1;
    size_t n = (*rs)->nnodes;
    uint32_t last = n > 0 ? (*rs)->node[n - 1].rank : 0;
    if (last < RANKS_MAX)
        return 0;
    rv1_destroy (*rs);
    errno = EINVAL;
    return errprintf (errp, "R: rank %u is too large", (unsigned)last);
}

int inventory_set (struct inventory *inv, const json_t *R, flux_error_t *errp)
{
    struct rv1 *new, *old = inv->R;

    if (decode (R, &new, errp) < 0)
        return -1;
    struct idset *gone = ranks_only_in (old, new), *came = ranks_only_in (new, old);
    if (!gone || !came)
        goto nomem;
    if (!inv->rich)
        adjust (inv, new, gone);
    take_out (inv, gone);
    if (make_graph (inv, new, errp) < 0) {
        if (old && !inv->rich && ranks_add (inv->g, old, NULL) == 0)
            adjust (inv, old, came);
        goto error;
    }
    if (inv->rich)
        adjust (inv, new, came);
    idset_subtract (came, gone); // those that are back, as they were
    idset_subtract (inv->gone, came);
    inv->R = new;
    json_decref (inv->scheduling);
    inv->scheduling = new->scheduling; // it is large, and R is copied often
    new->scheduling = NULL;
    ranks_set_properties (inv->g, old, new);
    for (unsigned int r = idset_first (gone); r != IDSET_INVALID_ID; r = idset_next (gone, r))
        apply_status (inv, r);
    for (size_t i = 0; i < new->nnodes; i++)
        apply_status (inv, new->node[i].rank);
    rv1_destroy (old);
    idset_destroy (gone);
    idset_destroy (came);
    return 0;
nomem:
    errprintf (errp, "out of memory");
error:
    idset_destroy (gone);
    idset_destroy (came);
    rv1_destroy (new);
    return -1;
}

int inventory_load (struct inventory *inv, const json_t *doc, bool is_R, flux_error_t *errp)
{
    if ((is_R ? load_rv1 (inv->g, doc, errp) : load_jgf (inv->g, doc, errp)) < 0)
        return -1;
    inv->rich = true;
    return 0;
}

/* ---- looking ---- */

struct rv1 *inventory_down (struct inventory *inv)
{
    return inv->R ? rv1_copy_ranks (inv->R, inv->down) : rv1_create ();
}

struct rv1 *inventory_allocated (struct inventory *inv)
{
    struct idset *busy = idset_create (0, IDSET_FLAG_AUTOGROW);
    struct rv1 *held = rv1_create (), *rs = NULL;

    for (size_t i = 0; busy && held && inv->R && i < inv->R->nnodes; i++) {
        const struct rv1_node *node = &inv->R->node[i];
        uint32_t v = ranks_node (inv->g, node->rank);
        if (v != GRAPH_NONE && graph_njobs (inv->g, v) > 0 &&
            (idset_set (busy, node->rank) < 0 || ranks_held (inv->g, v, node, held) < 0))
            goto out;
    }
    /* by way of R, so that properties and hosts come along */
    struct rv1 *all = busy && held && inv->R ? rv1_copy_ranks (inv->R, busy) : rv1_create ();
    rs = all ? rv1_intersect (all, held) : NULL;
    rv1_destroy (all);
out:
    rv1_destroy (held);
    idset_destroy (busy);
    return rs;
}

static void ranks_of (const char *host, void (*found) (uint32_t rank, void *arg), void *arg,
                      void *data)
{
    struct inventory *inv = data;

    for (size_t i = 0; inv->R && i < inv->R->nnodes; i++) {
        if (strcmp (inv->R->node[i].host, host) == 0)
            found (inv->R->node[i].rank, arg);
    }
}

struct constraint_hosts inventory_hosts (struct inventory *inv)
{
    return (struct constraint_hosts){ranks_of, inv};
}
