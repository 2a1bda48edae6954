/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/util/errprintf.h"
#include "shell/service/uplink/choose.h"

static bool is_idle (const struct rv1_node *node, const struct rv1 *idle)
{
    const struct rv1_node *free = rv1_find (idle, node->rank);

    return free && idset_count (rv1_node_cores (free)) == idset_count (rv1_node_cores (node)) &&
           idset_count (rv1_node_gpus (free)) == idset_count (rv1_node_gpus (node));
}

static int add_node (struct rv1 *less, const struct rv1_node *node)
{
    return rv1_add_node (less, node->rank, node->host, rv1_node_cores (node), rv1_node_gpus (node));
}

static int take_ranks (struct rv1 *less, const struct rv1 *all, const struct rv1 *idle,
                       const struct idset *ranks, flux_error_t *errp)
{
    for (unsigned int r = idset_first (ranks); r != IDSET_INVALID_ID; r = idset_next (ranks, r)) {
        const struct rv1_node *node = rv1_find (all, r);
        errno = EINVAL;
        if (r == 0)
            return errprintf (errp,
                              "rank 0 cannot be given back: the instance's services are there");
        if (!node)
            return errprintf (errp, "the instance has nothing on rank %u", r);
        errno = EBUSY;
        if (!is_idle (node, idle))
            return errprintf (errp, "jobs run on rank %u (%s)", r, node->host);
        if (add_node (less, node) < 0)
            return errprintf (errp, "out of memory");
    }
    return 0;
}

static int take_nodes (struct rv1 *less, const struct rv1 *all, const struct rv1 *idle,
                       uint32_t want, flux_error_t *errp)
{
    uint32_t got = 0;

    for (size_t i = all->nnodes; i-- > 0 && got < want;) {
        const struct rv1_node *node = &all->node[i];
        if (node->rank == 0 || !is_idle (node, idle))
            continue;
        if (add_node (less, node) < 0)
            return errprintf (errp, "out of memory");
        got++;
    }
    if (got == want || want == UINT32_MAX)
        return 0;
    errno = EBUSY;
    return errprintf (errp, "%u of the nodes besides that of rank 0 %s idle, not %u", got,
                      got == 1 ? "is" : "are", want);
}

/* The last ids, but `keep`. */
static struct idset *last_ids (const struct idset *ids, uint32_t keep, uint32_t *want)
{
    struct idset *out = idset_create (0, IDSET_FLAG_AUTOGROW);
    size_t n = idset_count (ids);

    for (unsigned int id = idset_last (ids); out && id != IDSET_INVALID_ID && n > keep && *want > 0;
         id = idset_prev (ids, id), n--) {
        idset_set (out, id);
        (*want)--;
    }
    return out;
}

static int take_parts (struct rv1 *less, const struct rv1 *all, const struct rv1 *idle,
                       const struct choose_wish *wish, flux_error_t *errp)
{
    uint32_t cores = wish->cores, gpus = wish->gpus;

    for (size_t i = idle->nnodes; i-- > 0 && cores + gpus > 0;) {
        const struct rv1_node *node = &idle->node[i], *whole = rv1_find (all, node->rank);
        size_t busy = idset_count (rv1_node_cores (whole)) - idset_count (rv1_node_cores (node));
        struct idset *c = last_ids (rv1_node_cores (node), node->rank == 0 && busy == 0, &cores);
        bool whole_node = c && idset_count (c) == idset_count (rv1_node_cores (whole));
        uint32_t any = UINT32_MAX; // GPUs without a core are no use
        struct idset *g = last_ids (rv1_node_gpus (node), 0, whole_node ? &any : &gpus);
        int rc = c && g && (!idset_empty (c) || !idset_empty (g))
                     ? rv1_add_node (less, node->rank, node->host, c, g)
                     : 0;
        idset_destroy (c);
        idset_destroy (g);
        if (rc < 0)
            return errprintf (errp, "out of memory");
    }
    if (wish->all || cores + gpus == 0)
        return 0;
    errno = EBUSY;
    return errprintf (errp, "only %u cores and %u GPUs are idle and can be spared",
                      wish->cores - cores, wish->gpus - gpus);
}

struct rv1 *choose_less (const struct rv1 *all, const struct rv1 *idle,
                         const struct choose_wish *wish, flux_error_t *errp)
{
    struct choose_wish everything = {.cores = UINT32_MAX / 2, .gpus = UINT32_MAX / 2, .all = true};
    struct rv1 *less = rv1_create ();
    int rc;

    if (!less) {
        errprintf (errp, "out of memory");
        return NULL;
    }
    if (wish->ranks)
        rc = take_ranks (less, all, idle, wish->ranks, errp);
    else if (wish->nodes > 0)
        rc = take_nodes (less, all, idle, wish->nodes, errp);
    else
        rc = take_parts (less, all, idle, wish->all ? &everything : wish, errp);
    if (rc == 0 && less->nnodes == 0) {
        errno = EBUSY;
        rc = errprintf (errp, "nothing is idle that could be given back");
    }
    if (rc == 0)
        return less;
    rv1_destroy (less);
    return NULL;
}
