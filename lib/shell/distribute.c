/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <flux/hostlist.h>
#include <flux/idset.h>

#include "lib/shell/distribute.h"
#include "lib/shell/maphosts.h"
#include "lib/shell/slots.h"
#include "lib/util/errprintf.h"

static int inval (flux_error_t *errp, const char *what)
{
    errno = EINVAL;
    return errprintf (errp, "%s", what);
}

struct node {
    int cores;
    int left;
    int tasks;
    int index;
};

/* Most cores first, then by index. */
static int node_cmp (const void *a, const void *b)
{
    const struct node *x = a, *y = b;

    if (x->cores != y->cores)
        return x->cores > y->cores ? -1 : 1;
    return x->index - y->index;
}

static void refill (struct node *nodes, int nnodes)
{
    for (int i = 0; i < nnodes; i++)
        nodes[i].left = nodes[i].cores;
}

/* One task to each node that has room. Returns how many were given. */
static int deal (struct node *nodes, int nnodes, int ntasks, int cores_per_task)
{
    int given = 0;

    for (int i = 0; i < nnodes && given < ntasks; i++) {
        if (nodes[i].left >= cores_per_task) {
            nodes[i].left -= cores_per_task;
            nodes[i].tasks++;
            given++;
        }
    }
    return given;
}

int distribute_tasks (const int *cores, int nnodes, int ntasks, int cores_per_task, int *counts)
{
    struct node *nodes = calloc (nnodes > 0 ? nnodes : 1, sizeof (*nodes));

    if (!nodes)
        return -1;
    if (nnodes < 1 || ntasks < 1 || ntasks > DISTRIBUTE_TASKS_MAX) {
        free (nodes);
        errno = EINVAL;
        return -1;
    }
    for (int i = 0; i < nnodes; i++)
        nodes[i] = (struct node){.cores = cores[i] > 0 ? cores[i] : 1, .index = i};
    qsort (nodes, nnodes, sizeof (*nodes), node_cmp);
    if (cores_per_task < 1)
        cores_per_task = 1;
    if (cores_per_task > nodes[nnodes - 1].cores)
        cores_per_task = nodes[nnodes - 1].cores;
    refill (nodes, nnodes);
    while (ntasks > 0) {
        int given = deal (nodes, nnodes, ntasks, cores_per_task);
        if (given == 0)
            refill (nodes, nnodes);
        ntasks -= given;
    }
    for (int i = 0; i < nnodes; i++)
        counts[nodes[i].index] = nodes[i].tasks;
    free (nodes);
    return 0;
}

static int idset_size (const char *s)
{
    size_t count = 0;

    return s && idset_decode_info (s, -1, &count, NULL, NULL) == 0 ? (int)count : 0;
}

static int set_string (char **dst, const char *s)
{
    free (*dst);
    return (*dst = strdup (s ? s : "")) ? 0 : -1;
}

/* Where broker rank `rank` is in the job. Both lists mostly ascend, so the search goes on from
 * where the last one ended. */
static int shell_of_rank (json_t *ranks, unsigned int rank, int *hint)
{
    int n = json_array_size (ranks);

    for (int i = 0; i < n; i++) {
        int at = (*hint + i) % n;
        if (json_integer_value (json_array_get (ranks, at)) == rank) {
            *hint = at + 1;
            return at;
        }
    }
    return -1;
}

/* One entry of R_lite. `host` counts ranks over all entries: the index into the nodelist. */
static int read_entry (struct shell_info *info, json_t *entry, int *cores, struct hostlist *hosts,
                       int *host)
{
    const char *rank = NULL, *core = NULL, *gpu = NULL;
    json_t *ranks = json_object_get (info->request, "ranks");
    int hint = 0;

    if (json_unpack (entry, "{s:s s?{s?s s?s}}", "rank", &rank, "children", "core", &core, "gpu",
                     &gpu) < 0)
        return -1;
    struct idset *ids = idset_decode (rank);
    if (!ids)
        return -1;
    int ncores = idset_size (core);
    int rc = 0;
    for (unsigned int id = idset_first (ids); id != IDSET_INVALID_ID && rc == 0;
         id = idset_next (ids, id), (*host)++) {
        int i = shell_of_rank (ranks, id, &hint);
        if (i < 0)
            continue;
        cores[i] = ncores;
        if (i != info->shell_rank)
            continue;
        const char *name = hosts ? hostlist_nth (hosts, *host) : NULL;
        info->ncores = ncores;
        info->ngpus = idset_size (gpu);
        if (set_string (&info->cores, core) < 0 || set_string (&info->gpus, gpu) < 0 ||
            (name && set_string (&info->hostname, name) < 0))
            rc = -1;
    }
    idset_destroy (ids);
    return rc;
}

static struct hostlist *read_nodelist (json_t *nodelist)
{
    struct hostlist *hl = hostlist_create ();
    size_t index;
    json_t *o;

    json_array_foreach (nodelist, index, o) if (hl && json_is_string (o))
        hostlist_append (hl, json_string_value (o));
    return hl;
}

static int read_R (struct shell_info *info, int *cores, flux_error_t *errp)
{
    json_t *lite = NULL, *nodelist = NULL, *entry;
    size_t index;
    int host = 0, rc = 0;

    if (json_unpack (info->R, "{s:{s:o s?o s?F}}", "execution", "R_lite", &lite, "nodelist",
                     &nodelist, "expiration", &info->expiration) < 0)
        return inval (errp, "malformed R");
    struct hostlist *hosts = read_nodelist (nodelist);
    json_array_foreach (lite, index,
                        entry) if (rc == 0 && read_entry (info, entry, cores, hosts, &host) < 0)
        rc = inval (errp, "malformed R: R_lite");
    hostlist_destroy (hosts);
    if (rc == 0 && ((!info->cores && set_string (&info->cores, NULL) < 0) ||
                    (!info->gpus && set_string (&info->gpus, NULL) < 0)))
        rc = -1;
    return rc;
}

/* attributes.system.shell.options.per-resource puts a number of tasks on each node or core. */
static bool per_resource (struct shell_info *info, const int *cores, int *counts)
{
    const char *type = NULL;
    int count = 1;

    if (json_unpack (info->options, "{s:{s:s s?i}}", "per-resource", "type", &type, "count",
                     &count) < 0 ||
        count < 1)
        return false;
    for (int i = 0; i < info->nshells; i++)
        counts[i] = !strcmp (type, "core") ? count * cores[i] : count;
    return true;
}

static int count_tasks (struct shell_info *info, const int *cores, int *counts, flux_error_t *errp)
{
    json_t *resources = json_object_get (info->jobspec, "resources"), *count = NULL;
    struct slots_held held = {.nodes = info->nshells};
    int ntasks = 0;

    if (per_resource (info, cores, counts))
        return 0;
    for (int i = 0; i < info->nshells; i++)
        held.cores += cores[i];
    int nslots = slots_count (resources, &held);
    if (nslots < 1)
        return inval (errp, "malformed jobspec: no slot in resources");
    if (json_unpack (info->jobspec, "{s:[{s:o}]}", "tasks", "count", &count) < 0)
        return inval (errp, "malformed jobspec: tasks have no count");
    if (json_unpack (count, "{s:i}", "total", &ntasks) < 0) {
        int per_slot = 0;
        if (json_unpack (count, "{s:i}", "per_slot", &per_slot) < 0 || per_slot < 1)
            return inval (errp, "malformed jobspec: count of tasks");
        ntasks = per_slot * nslots;
    }
    if (distribute_tasks (cores, info->nshells, ntasks, held.cores / nslots, counts) < 0)
        return inval (errp, "malformed jobspec: count of tasks");
    return 0;
}

/* All tasks of the first node, then those of the second ... */
static int append_block (struct taskmap *map, const int *counts, int nnodes)
{
    for (int i = 0; i < nnodes; i++)
        if (counts[i] > 0 && taskmap_append (map, i, 1, counts[i]) < 0)
            return -1;
    return 0;
}

/* `stride` tasks on each node in turn while it has any left. */
static int append_cyclic (struct taskmap *map, const int *counts, int nnodes, int stride)
{
    bool some = true;

    for (int given = 0; some; given += stride) {
        some = false;
        for (int i = 0; i < nnodes; i++) {
            int left = counts[i] - given;
            if (left <= 0)
                continue;
            some = true;
            if (taskmap_append (map, i, 1, left < stride ? left : stride) < 0)
                return -1;
        }
    }
    return 0;
}

struct taskmap *distribute_map (const int *counts, int nnodes, int stride)
{
    struct taskmap *map = taskmap_create ();

    if (map && (stride > 0 ? append_cyclic (map, counts, nnodes, stride)
                           : append_block (map, counts, nnodes)) < 0) {
        taskmap_destroy (map);
        return NULL;
    }
    return map;
}

static struct taskmap *map_hostfile (struct shell_info *info, const int *counts, const char *path,
                                     flux_error_t *errp)
{
    json_t *nodelist = NULL;
    int ntasks = 0;

    json_unpack (info->R, "{s:{s?o}}", "execution", "nodelist", &nodelist);
    for (int i = 0; i < info->nshells; i++)
        ntasks += counts[i];
    struct hostlist *hosts = read_nodelist (nodelist);
    struct taskmap *map = hosts ? maphosts_read (path, info->cwd, hosts, ntasks, errp) : NULL;
    hostlist_destroy (hosts);
    return map;
}

/* A map as written (RFC 34), of the job's tasks and nodes: no more and no fewer. */
static struct taskmap *map_manual (struct shell_info *info, const int *counts, const char *value,
                                   flux_error_t *errp)
{
    struct taskmap *map = taskmap_decode (value, errp);
    int ntasks = 0;

    for (int i = 0; i < info->nshells; i++)
        ntasks += counts[i];
    if (!map ||
        (taskmap_total_ntasks (map) == ntasks && taskmap_nnodes (map) == (int)info->nshells))
        return map;
    errprintf (errp, "taskmap %s is for %d tasks on %d nodes, the job has %d on %d", value,
               taskmap_total_ntasks (map), taskmap_nnodes (map), ntasks, (int)info->nshells);
    taskmap_destroy (map);
    errno = EINVAL;
    return NULL;
}

/* attributes.system.shell.options.taskmap: {"scheme":s, "value":s} */
static struct taskmap *make_map (struct shell_info *info, const int *counts, flux_error_t *errp)
{
    const char *scheme = "block", *value = "";
    json_t *o = json_object_get (info->options, "taskmap");

    if (o && json_unpack (o, "{s:s s?s}", "scheme", &scheme, "value", &value) < 0) {
        inval (errp, "malformed taskmap option");
        return NULL;
    }
    if (!strcmp (scheme, "block") && *value == '\0')
        return distribute_map (counts, info->nshells, 0);
    if (!strcmp (scheme, "cyclic") && (*value == '\0' || atoi (value) > 0))
        return distribute_map (counts, info->nshells, *value ? atoi (value) : 1);
    if (!strcmp (scheme, "hostfile"))
        return map_hostfile (info, counts, value, errp);
    if (!strcmp (scheme, "manual"))
        return map_manual (info, counts, value, errp);
    errno = EINVAL;
    errprintf (errp, "invalid taskmap: %s%s%s", scheme, *value ? ":" : "", value);
    return NULL;
}

/* A map that somebody wrote must put no task on a node that the job does not have. */
static int check_map (const struct shell_info *info, flux_error_t *errp)
{
    if (taskmap_unknown (info->map))
        return inval (errp, "invalid taskmap: no tasks");
    if (taskmap_nnodes (info->map) > info->nshells)
        return inval (errp, "invalid taskmap: more nodes than the job has");
    return 0;
}

int shell_info_distribute (struct shell_info *info, flux_error_t *errp)
{
    int *cores = calloc (info->nshells, sizeof (int));
    int *counts = calloc (info->nshells, sizeof (int));
    int rc = -1;

    if (cores && counts && read_R (info, cores, errp) == 0 &&
        count_tasks (info, cores, counts, errp) == 0 &&
        (info->map = make_map (info, counts, errp)) && check_map (info, errp) == 0)
        rc = 0;
    free (cores);
    free (counts);
    return rc;
}
