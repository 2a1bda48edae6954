/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/shell/taskmap.h"
#include "lib/util/buf.h"
#include "lib/util/errprintf.h"

struct block {
    int nodeid;
    int nnodes;
    int ppn;
    int repeat;
};

static struct taskmap *taskmap_create (int nnodes, int ntasks)
{
    struct taskmap *map = calloc (1, sizeof (*map));

    if (!map || !(map->node = calloc (ntasks > 0 ? ntasks : 1, sizeof (int)))) {
        free (map);
        return NULL;
    }
    map->nnodes = nnodes;
    map->ntasks = ntasks;
    return map;
}

void taskmap_destroy (struct taskmap *map)
{
    if (map) {
        int saved_errno = errno;
        free (map->node);
        free (map);
        errno = saved_errno;
    }
}

static int total (const int *counts, int nnodes)
{
    long sum = 0;

    for (int i = 0; i < nnodes; i++)
        sum += counts[i];
    if (sum > TASKMAP_TASKS_MAX) {
        errno = EOVERFLOW;
        return -1;
    }
    return sum;
}

struct taskmap *taskmap_block (const int *counts, int nnodes)
{
    int ntasks = total (counts, nnodes), task = 0;
    struct taskmap *map = ntasks < 0 ? NULL : taskmap_create (nnodes, ntasks);

    for (int i = 0; map && i < nnodes; i++)
        for (int n = 0; n < counts[i]; n++)
            map->node[task++] = i;
    return map;
}

struct taskmap *taskmap_cyclic (const int *counts, int nnodes, int stride)
{
    int ntasks = total (counts, nnodes), task = 0;
    int *given = calloc (nnodes > 0 ? nnodes : 1, sizeof (int));
    struct taskmap *map = NULL;

    if (stride <= 0)
        errno = EINVAL;
    else if (given && ntasks >= 0)
        map = taskmap_create (nnodes, ntasks);
    while (map && task < ntasks)
        for (int i = 0; i < nnodes; i++)
            for (int n = 0; n < stride && given[i] < counts[i]; n++, given[i]++)
                map->node[task++] = i;
    free (given);
    return map;
}

static int unpack_block (json_t *o, struct block *b)
{
    if (json_unpack (o, "[iiii!]", &b->nodeid, &b->nnodes, &b->ppn, &b->repeat) < 0)
        return -1;
    if (b->nodeid < 0 || b->nnodes <= 0 || b->ppn <= 0 || b->repeat <= 0 ||
        b->nodeid > TASKMAP_TASKS_MAX || b->nnodes > TASKMAP_TASKS_MAX)
        return -1;
    return 0;
}

static int append_block (struct buf *nodes, const struct block *b, long *ntasks)
{
    long more = (long)b->nnodes * b->ppn;

    if (more > TASKMAP_TASKS_MAX || (*ntasks += more * b->repeat) > TASKMAP_TASKS_MAX)
        return -1;
    for (int r = 0; r < b->repeat; r++)
        for (int i = 0; i < b->nnodes; i++)
            for (int n = 0; n < b->ppn; n++) {
                int node = b->nodeid + i;
                buf_append (nodes, &node, sizeof (node));
            }
    return nodes->err ? -1 : 0;
}

struct taskmap *taskmap_decode (json_t *o, flux_error_t *errp)
{
    struct buf nodes = {0};
    struct taskmap *map = NULL;
    long ntasks = 0;
    int nnodes = 0, version = 1;
    size_t index;
    json_t *entry;

    if (json_is_object (o) && json_unpack (o, "{s:i s:o}", "version", &version, "map", &o) < 0)
        goto inval;
    if (version != 1 || !json_is_array (o))
        goto inval;
    json_array_foreach (o, index, entry)
    {
        struct block b;
        if (unpack_block (entry, &b) < 0 || append_block (&nodes, &b, &ntasks) < 0)
            goto inval;
        if (b.nodeid + b.nnodes > nnodes)
            nnodes = b.nodeid + b.nnodes;
    }
    if ((map = taskmap_create (nnodes, ntasks)) && ntasks > 0)
        memcpy (map->node, nodes.data, nodes.len);
    buf_clear (&nodes);
    return map;
inval:
    buf_clear (&nodes);
    errno = EINVAL;
    errprintf (errp, "invalid taskmap");
    return NULL;
}

struct taskmap *taskmap_decode_string (const char *s, flux_error_t *errp)
{
    json_t *o = json_loads (s, 0, NULL);
    struct taskmap *map = taskmap_decode (o, errp);
    json_decref (o);
    return map;
}

int taskmap_count (const struct taskmap *map, int node)
{
    int count = 0;

    for (int i = 0; i < map->ntasks; i++)
        count += map->node[i] == node;
    return count;
}

/* The longest block that starts with task i, without repetition. */
static struct block block_at (const struct taskmap *map, int i)
{
    struct block b = {.nodeid = map->node[i], .nnodes = 1, .ppn = 0, .repeat = 1};
    int next = i;

    for (; next < map->ntasks && map->node[next] == b.nodeid; next++)
        b.ppn++;
    for (;;) {
        int n = 0, node = b.nodeid + b.nnodes;
        while (next + n < map->ntasks && map->node[next + n] == node)
            n++;
        if (n != b.ppn)
            return b;
        b.nnodes++;
        next += n;
    }
}

static bool same_block (const struct block *a, const struct block *b)
{
    return a->nodeid == b->nodeid && a->nnodes == b->nnodes && a->ppn == b->ppn;
}

/* Calls f with one block after the other. */
static int foreach_block (const struct taskmap *map, int (*f) (const struct block *b, void *arg),
                          void *arg)
{
    int i = 0;

    while (i < map->ntasks) {
        struct block b = block_at (map, i);
        int size = b.nnodes * b.ppn;
        for (i += size; i < map->ntasks; i += size) {
            struct block next = block_at (map, i);
            if (!same_block (&b, &next))
                break;
            b.repeat++;
        }
        if (f (&b, arg) < 0)
            return -1;
    }
    return 0;
}

static int encode_block (const struct block *b, void *arg)
{
    json_t *o = json_pack ("[iiii]", b->nodeid, b->nnodes, b->ppn, b->repeat);
    return json_array_append_new (arg, o);
}

json_t *taskmap_encode (const struct taskmap *map)
{
    json_t *o = json_array ();

    if (o && foreach_block (map, encode_block, o) < 0) {
        json_decref (o);
        return NULL;
    }
    return o;
}

static int encode_pmi_block (const struct block *b, void *arg)
{
    struct buf *buf = arg;

    for (int i = 0; i < b->repeat && buf->len < 65536; i++)
        buf_printf (buf, ",(%d,%d,%d)", b->nodeid, b->nnodes, b->ppn);
    return 0;
}

char *taskmap_encode_pmi (const struct taskmap *map, size_t max)
{
    struct buf buf = {0};

    buf_puts (&buf, "(vector");
    foreach_block (map, encode_pmi_block, &buf);
    buf_putc (&buf, ')');
    if (buf.len > max)
        buf_reset (&buf);
    return buf_steal (&buf, NULL);
}
