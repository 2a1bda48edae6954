/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* From the matcher's result to what a job gets, see grant.h. */

#include <errno.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/slots.h"
#include "shell/service/job_manager/job.h"
#include "shell/service/sched/grant.h"

static struct idset *collect_ids (const struct graph *g, const struct result *res,
                                  const struct result_rank *rr, const char *type)
{
    struct idset *ids = NULL;
    size_t cursor = 0;
    int64_t id;

    while (result_next_id (res, g, rr->first, rr->count, type, &cursor, &id)) {
        if (!ids && !(ids = idset_create (0, IDSET_FLAG_AUTOGROW)))
            return NULL;
        idset_set (ids, id);
    }
    return ids;
}

static int add_ranks (const struct grant *grant, struct rv1 *R)
{
    const struct graph *g = inventory_graph (grant->inv);
    struct result_rank rr;
    size_t cursor = 0;
    int rc = 0;

    while (rc == 0 && result_next_rank (grant->res, g, &cursor, &rr)) {
        struct idset *cores = collect_ids (g, grant->res, &rr, "core");
        struct idset *gpus = collect_ids (g, grant->res, &rr, "gpu");
        rc = rv1_add_node (R, rr.rank, inventory_host (grant->inv, rr.rank), cores, gpus);
        idset_destroy (cores);
        idset_destroy (gpus);
    }
    return rc;
}

/* The job has the properties that its ranks have in the instance's R. */
static int add_properties (const struct grant *grant, struct rv1 *R)
{
    const struct rv1 *all = inventory_R (grant->inv);
    json_t *properties = all && all->props ? rv1_properties_to_json (all) : NULL, *value;
    struct idset *ranks = properties ? rv1_ranks (R) : NULL;
    const char *name;
    int rc = 0;

    json_object_foreach (properties, name, value)
    {
        struct idset *mine = ranks ? idset_intersect (rv1_property (all, name), ranks) : NULL;
        if (rc == 0 && mine && !idset_empty (mine))
            rc = rv1_set_property (R, name, mine, NULL);
        idset_destroy (mine);
    }
    idset_destroy (ranks);
    json_decref (properties);
    return rc;
}

/* RFC 20: an allocation says how many slots it is. Slots of a job that grew are of the same size.
 */
static uint32_t count_slots (const struct grant *grant, const struct rv1 *R)
{
    const struct job *job = grant->job;
    const struct job_facts *f = &job->facts;
    struct slots_held held = {.cores = (int)rv1_ncores (R), .nodes = (int)R->nnodes};

    if (job->live && job->live->request)
        return slots_count (job->live->request, &held);
    uint32_t nslots = f->nslots > 0 ? f->nslots : 1;
    if (f->nnodes > 0)
        return R->nnodes * nslots;
    return grant->resized && f->cores > 0 ? held.cores / f->cores : nslots;
}

int grant_list (const struct rv1 *R, struct sched_alloc *alloc)
{
    struct idset *ranks = rv1_ranks (R);
    struct hostlist *hl = rv1_nodelist (R);

    struct buf b = {0};

    rv1_dump_buf (&b, R);
    alloc->summary = buf_steal (&b, NULL);
    alloc->nnodes = R->nnodes;
    alloc->ncores = rv1_ncores (R);
    alloc->ranks = ranks ? idset_encode (ranks, IDSET_FLAG_RANGE) : NULL;
    alloc->nodelist = hl ? hostlist_encode (hl) : NULL;
    if ((alloc->rank = calloc (R->nnodes + 1, sizeof (alloc->rank[0])))) {
        for (size_t i = 0; i < R->nnodes; i++)
            alloc->rank[i] = R->node[i].rank;
    }
    idset_destroy (ranks);
    hostlist_destroy (hl);
    return alloc->ranks && alloc->nodelist && alloc->rank && alloc->summary ? 0 : -1;
}

int grant_describe (const struct grant *grant, struct sched_alloc *alloc)
{
    struct rv1 *R = rv1_create ();
    int rc = -1;

    if (!R || add_ranks (grant, R) < 0 || add_properties (grant, R) < 0)
        goto out;
    R->nslots = count_slots (grant, R);
    R->starttime = grant->start;
    R->expiration = alloc->expiration = grant->expiration;
    if (grant->with_graph &&
        !(R->scheduling = grant_graph (inventory_graph (grant->inv), grant->res)))
        goto out;
    if (grant_list (R, alloc) == 0 && (alloc->R = rv1_encode (R)))
        rc = 0;
out:
    rv1_destroy (R);
    if (rc < 0)
        errno = ENOMEM;
    return rc;
}
