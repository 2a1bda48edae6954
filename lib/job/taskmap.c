/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* RFC 34. A map is an array of blocks, as in its text. */

#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/taskmap.h>

#include "lib/job/decode.h"
#include "lib/job/limits.h"
#include "lib/set/idset_codec.h"
#include "lib/util/errprintf.h"

struct block {
    int nodeid;
    int nnodes;
    int ppn;
    int repeat;
};

struct taskmap {
    struct block *block;
    size_t nblocks;
    size_t size;
    int nnodes;
    int ntasks;
    struct idset *taskids; // what taskmap_taskids() gave last
};

#define invalid(errp, what) decode_invalid ((errp), "taskmap", "%s", (what))

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

static bool same_nodes (const struct block *a, const struct block *b)
{
    return a->nodeid == b->nodeid && a->nnodes == b->nnodes && a->ppn == b->ppn;
}

/* Add a block as it is; the totals are checked. */
static int push (struct taskmap *map, struct block b)
{
    if (b.nodeid < 0 || b.nnodes < 1 || b.ppn < 1 || b.repeat < 1 ||
        b.nodeid > TASKMAP_MAX_NODES - b.nnodes || map->nblocks >= TASKMAP_MAX_BLOCKS)
        return invalid (NULL, "");
    int64_t tasks = (int64_t)b.nnodes * b.ppn;
    if (tasks > TASKMAP_MAX_TASKS || tasks * b.repeat > TASKMAP_MAX_TASKS - map->ntasks)
        return invalid (NULL, "");
    if (map->nblocks == map->size) {
        size_t size = map->size ? map->size * 2 : 4;
        struct block *block = reallocarray (map->block, size, sizeof (*block));
        if (!block)
            return -1;
        map->block = block;
        map->size = size;
    }
    map->block[map->nblocks++] = b;
    map->ntasks += tasks * b.repeat;
    if (b.nodeid + b.nnodes > map->nnodes)
        map->nnodes = b.nodeid + b.nnodes;
    return 0;
}

/* Join the last block to the one before: same nodes once more, or the nodes that follow. */
static void join_last (struct taskmap *map)
{
    struct block *last = &map->block[map->nblocks - 1], *before = last - 1;

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
    if (push (map, (struct block){nodeid, nnodes, ppn, 1}) < 0)
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

static bool in_block (const struct block *b, int nodeid)
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
        const struct block *b = &map->block[i];
        int n = b->nnodes * b->ppn * b->repeat;
        if (taskid - first < n)
            return b->nodeid + (taskid - first) / b->ppn % b->nnodes;
        first += n;
    }
    errno = ENOENT;
    return -1;
}

static struct idset *make_taskids (const struct taskmap *map, int nodeid)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);
    int first = 0;

    for (size_t i = 0; ids && i < map->nblocks; i++) {
        const struct block *b = &map->block[i];
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
    return cache->taskids = make_taskids (map, nodeid);
}

int taskmap_check (const struct taskmap *a, const struct taskmap *b, flux_error_t *errp)
{
    if (!a || !b)
        return invalid (errp, "none given");
    errno = EINVAL;
    if (a->ntasks != b->ntasks)
        return errprintf (errp, "taskmap: %d tasks against %d", a->ntasks, b->ntasks);
    if (a->nnodes != b->nnodes)
        return errprintf (errp, "taskmap: %d nodes against %d", a->nnodes, b->nnodes);
    return 0;
}

/* Decoding: RFC 34's JSON. */

static int decode_json_block (struct taskmap *map, const json_t *o)
{
    int n[4];

    for (int i = 0; i < 4; i++) {
        json_t *val = json_array_get (o, i);
        if (!json_is_integer (val) || json_integer_value (val) < 0 ||
            json_integer_value (val) > INT32_MAX)
            return -1;
        n[i] = json_integer_value (val);
    }
    if (json_array_size (o) != 4)
        return -1;
    return push (map, (struct block){n[0], n[1], n[2], n[3]});
}

static int decode_array (struct taskmap *map, const char *s, flux_error_t *errp)
{
    json_error_t error;
    json_t *o = json_loads (s, 0, &error), *list = o, *block;
    size_t i;
    int rc = -1;

    if (!o)
        return invalid (errp, error.text);
    if (json_is_object (o)) {
        list = json_object_get (o, "map");
        if (json_integer_value (json_object_get (o, "version")) != 1) {
            invalid (errp, "version must be 1");
            goto out;
        }
    }
    if (!json_is_array (list)) {
        invalid (errp, "no array of blocks");
        goto out;
    }
    json_array_foreach (list, i, block)
    {
        if (decode_json_block (map, block) < 0) {
            invalid (errp, "a block is malformed or too large");
            goto out;
        }
    }
    rc = 0;
out:
    json_decref (o);
    return rc;
}

/* "(vector,(0,4,1),...)" */
static int decode_pmi (struct taskmap *map, const char *s, flux_error_t *errp)
{
    int used = 0, nodeid, nnodes, ppn;

    if (sscanf (s, " ( vector %n", &used) != 0 || used == 0)
        return invalid (errp, "does not begin with (vector");
    for (s += used; *s == ','; s += used) {
        used = 0;
        if (sscanf (s, " , ( %9d , %9d , %9d ) %n", &nodeid, &nnodes, &ppn, &used) != 3 ||
            used == 0 || taskmap_append (map, nodeid, nnodes, ppn) < 0)
            return invalid (errp, "a block is malformed or too large");
    }
    if (*s != ')' || s[1 + strspn (s + 1, " \n")] != '\0')
        return invalid (errp, "has no end");
    return 0;
}

/* Put the node of each task of the idset at s into node[]. Returns the number of tasks, or -1. */
static int place_raw (const char *s, size_t len, int nodeid, int *node, int max)
{
    struct idset *ids = idset_decode_ex (s, len, 0, IDSET_FLAG_AUTOGROW, NULL);
    int n = 0;

    for (unsigned int id = idset_first (ids); id != IDSET_INVALID_ID; id = idset_next (ids, id)) {
        if (id >= (unsigned int)max || node[id] >= 0) { // beyond the end, or there twice
            n = 0;
            break;
        }
        node[id] = nodeid;
        n++;
    }
    idset_destroy (ids);
    return n > 0 ? n : -1;
}

/* How many tasks a raw map has, or -1. */
static int64_t count_raw (const char *s)
{
    int64_t sum = 0;

    for (;;) {
        size_t len = strcspn (s, ";"), count;
        if (idset_decode_info (s, len, &count, NULL, NULL) < 0 || count > TASKMAP_RAW_MAX ||
            (sum += count) > TASKMAP_RAW_MAX)
            return -1;
        if (s[len] == '\0')
            return sum;
        s += len + 1;
    }
}

/* "0-1;2-3" */
static int decode_raw (struct taskmap *map, const char *s, flux_error_t *errp)
{
    int64_t total = count_raw (s);
    int *node = total > 0 ? malloc (total * sizeof (*node)) : NULL;
    int rc = -1;

    if (total <= 0)
        return invalid (errp, "is neither JSON nor PMI nor a list of idsets");
    if (!node)
        return errprintf (errp, "out of memory");
    memset (node, 0xff, total * sizeof (*node)); // all -1
    for (int nodeid = 0;; nodeid++) {
        size_t len = strcspn (s, ";");
        if (place_raw (s, len, nodeid, node, total) < 0) {
            invalid (errp, "tasks must be 0 to the last, each once, and some on each node");
            goto out;
        }
        if (s[len] == '\0')
            break;
        s += len + 1;
    }
    for (int i = 0, n; i < total; i += n) {
        for (n = 1; i + n < total && node[i + n] == node[i]; n++)
            ;
        if (taskmap_append (map, node[i], 1, n) < 0) {
            invalid (errp, "too large");
            goto out;
        }
    }
    rc = 0;
out:
    free (node);
    return rc;
}

struct taskmap *taskmap_decode (const char *s, flux_error_t *errp)
{
    struct taskmap *map = taskmap_create ();
    int rc;

    if (!map || !s) {
        taskmap_destroy (map);
        if (!s)
            invalid (errp, "none given");
        return NULL;
    }
    s += strspn (s, " \n");
    if (*s == '(')
        rc = decode_pmi (map, s, errp);
    else if (*s == '{' || *s == '[')
        rc = decode_array (map, s, errp);
    else
        rc = *s ? decode_raw (map, s, errp) : 0;
    if (rc < 0) {
        taskmap_destroy (map);
        return NULL;
    }
    return map;
}

/* Encoding. */

static void put_json (struct buf *b, const struct taskmap *map)
{
    buf_putc (b, '[');
    for (size_t i = 0; i < map->nblocks; i++) {
        const struct block *k = &map->block[i];
        buf_printf (b, "%s[%d,%d,%d,%d]", i ? "," : "", k->nodeid, k->nnodes, k->ppn, k->repeat);
    }
    buf_putc (b, ']');
}

static void put_pmi (struct buf *b, const struct taskmap *map)
{
    if (map->nblocks == 0)
        return;
    buf_puts (b, "(vector");
    for (size_t i = 0; i < map->nblocks; i++) {
        const struct block *k = &map->block[i];
        for (int r = 0; r < k->repeat && !b->err; r++)
            buf_printf (b, ",(%d,%d,%d)", k->nodeid, k->nnodes, k->ppn);
    }
    buf_putc (b, ')');
}

static void put_raw (struct buf *b, const struct taskmap *map, int flags)
{
    for (int i = 0; i < map->nnodes && !b->err; i++) {
        struct idset *ids = make_taskids (map, i);
        if (i > 0)
            buf_putc (b, ';');
        idset_encode_buf (b, ids, flags);
        if (!ids)
            b->err = ENOMEM;
        idset_destroy (ids);
    }
}

char *taskmap_encode (const struct taskmap *map, int flags)
{
    struct buf b = {0};

    if (!map)
        flags = -1;
    switch (flags) {
    case 0:
        put_json (&b, map);
        break;
    case TASKMAP_ENCODE_WRAPPED:
        buf_puts (&b, "{\"version\":1,\"map\":");
        put_json (&b, map);
        buf_putc (&b, '}');
        break;
    case TASKMAP_ENCODE_PMI:
        put_pmi (&b, map);
        break;
    case TASKMAP_ENCODE_RAW:
        put_raw (&b, map, IDSET_FLAG_RANGE);
        break;
    case TASKMAP_ENCODE_RAW_DERANGED:
        put_raw (&b, map, 0);
        break;
    default:
        errno = EINVAL;
        return NULL;
    }
    return buf_take (&b);
}
