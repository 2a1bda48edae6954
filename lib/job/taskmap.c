/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 34. A map is an array of blocks, as in its text. */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "lib/job/decode.h"
#include "lib/job/limits.h"
#include "lib/job/taskmap_private.h"
#include "lib/util/array_room.h"
#include "lib/util/errprintf.h"

static int invalid_block (void)
{
    errno = EINVAL;
    return -1;
}

struct taskmap *taskmap_create (void)
{
    return calloc (1, sizeof (struct taskmap));
}

void taskmap_destroy (struct taskmap *map)
{
    if (map) {
        int saved_errno = errno;
        idset_destroy (map->taskids);
        free (map->block);
        free (map);
        errno = saved_errno;
    }
}

static bool same_nodes (const struct taskmap_block *a, const struct taskmap_block *b)
{
    return a->nodeid == b->nodeid && a->nnodes == b->nnodes && a->ppn == b->ppn;
}

int taskmap_push (struct taskmap *map, struct taskmap_block b)
{
    if (b.nodeid < 0 || b.nnodes < 1 || b.ppn < 1 || b.repeat < 1 ||
        b.nodeid > TASKMAP_MAX_NODES - b.nnodes || map->nblocks >= TASKMAP_MAX_BLOCKS)
        return invalid_block ();
    int64_t tasks = (int64_t)b.nnodes * b.ppn;
    if (tasks > TASKMAP_MAX_TASKS || tasks * b.repeat > TASKMAP_MAX_TASKS - map->ntasks)
        return invalid_block ();
    if (ARRAY_ROOM (map->block, map->nblocks, map->size, 4) < 0)
        return -1;
    map->block[map->nblocks++] = b;
    map->ntasks += tasks * b.repeat;
    if (b.nodeid + b.nnodes > map->nnodes)
        map->nnodes = b.nodeid + b.nnodes;
    return 0;
}

/* Join the last block to the one before: same nodes once more, or the nodes that follow. */
static void join_last (struct taskmap *map)
{
    struct taskmap_block *last = &map->block[map->nblocks - 1], *before = last - 1;

    if (map->nblocks < 2)
        return;
    if (before->repeat == 1 && last->repeat == 1 && before->ppn == last->ppn &&
        before->nodeid + before->nnodes == last->nodeid) {
        before->nnodes += last->nnodes;
        map->nblocks--;
        join_last (map); // which may now be a repetition
    } else if (same_nodes (before, last)) {
        before->repeat += last->repeat;
        map->nblocks--;
    }
}

int taskmap_append (struct taskmap *map, int nodeid, int nnodes, int ppn)
{
    if (!map) {
        errno = EINVAL;
        return -1;
    }
    if (taskmap_push (map, (struct taskmap_block){nodeid, nnodes, ppn, 1}) < 0)
        return -1;
    join_last (map);
    return 0;
}

bool taskmap_unknown (const struct taskmap *map)
{
    return !map || map->nblocks == 0;
}

static bool check_known (const struct taskmap *map)
{
    if (taskmap_unknown (map))
        errno = EINVAL;
    return !taskmap_unknown (map);
}

int taskmap_nnodes (const struct taskmap *map)
{
    return check_known (map) ? map->nnodes : -1;
}

int taskmap_total_ntasks (const struct taskmap *map)
{
    return check_known (map) ? map->ntasks : -1;
}

static bool in_block (const struct taskmap_block *b, int nodeid)
{
    return nodeid >= b->nodeid && nodeid < b->nodeid + b->nnodes;
}

int taskmap_ntasks (const struct taskmap *map, int nodeid)
{
    int sum = 0;

    if (!check_known (map) || nodeid < 0) {
        errno = EINVAL;
        return -1;
    }
    for (size_t i = 0; i < map->nblocks; i++) {
        if (in_block (&map->block[i], nodeid))
            sum += map->block[i].ppn * map->block[i].repeat;
    }
    if (nodeid >= map->nnodes) {
        errno = ENOENT;
        return -1;
    }
    return sum;
}

int taskmap_nodeid (const struct taskmap *map, int taskid)
{
    int first = 0;

    if (!check_known (map) || taskid < 0) {
        errno = EINVAL;
        return -1;
    }
    for (size_t i = 0; i < map->nblocks; i++) {
        const struct taskmap_block *b = &map->block[i];
        int n = b->nnodes * b->ppn * b->repeat;
        if (taskid - first < n)
            return b->nodeid + (taskid - first) / b->ppn % b->nnodes;
        first += n;
    }
    errno = ENOENT;
    return -1;
}

struct idset *taskmap_make_ids (const struct taskmap *map, int nodeid)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    int first = 0;

    for (size_t i = 0; ids && i < map->nblocks; i++) {
        const struct taskmap_block *b = &map->block[i];
        for (int r = 0; in_block (b, nodeid) && r < b->repeat; r++) {
            int lo = first + (r * b->nnodes + nodeid - b->nodeid) * b->ppn;
            if (idset_range_set (ids, lo, lo + b->ppn - 1) < 0) {
                idset_destroy (ids);
                return NULL;
            }
        }
        first += b->nnodes * b->ppn * b->repeat;
    }
    return ids;
}

const struct idset *taskmap_taskids (const struct taskmap *map, int nodeid)
{
    struct taskmap *cache = (struct taskmap *)map; // only for `taskids`

    if (!check_known (map) || nodeid < 0) {
        errno = EINVAL;
        return NULL;
    }
    if (nodeid >= map->nnodes) {
        errno = ENOENT;
        return NULL;
    }
    idset_destroy (cache->taskids);
    return cache->taskids = taskmap_make_ids (map, nodeid);
}

int taskmap_check (const struct taskmap *a, const struct taskmap *b, flux_error_t *errp)
{
    if (!a || !b)
        return decode_invalid (errp, "taskmap", "none given");
    errno = EINVAL;
    if (a->ntasks != b->ntasks)
        return errprintf (errp, "taskmap: %d tasks against %d", a->ntasks, b->ntasks);
    if (a->nnodes != b->nnodes)
        return errprintf (errp, "taskmap: %d nodes against %d", a->nnodes, b->nnodes);
    return 0;
}
