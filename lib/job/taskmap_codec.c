/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Task maps to and from text: RFC 34's JSON, PMI's (RFC 13), and the raw form. */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jansson.h>

#include "lib/job/decode.h"
#include "lib/job/limits.h"
#include "lib/job/taskmap_private.h"
#include "lib/set/idset_codec.h"
#include "lib/util/errprintf.h"

#define invalid(errp, what) decode_invalid ((errp), "taskmap", "%s", (what))

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
    return taskmap_push (map, (struct taskmap_block){n[0], n[1], n[2], n[3]});
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
        const struct taskmap_block *k = &map->block[i];
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
        const struct taskmap_block *k = &map->block[i];
        for (int r = 0; r < k->repeat && !b->err; r++)
            buf_printf (b, ",(%d,%d,%d)", k->nodeid, k->nnodes, k->ppn);
    }
    buf_putc (b, ')');
}

static void put_raw (struct buf *b, const struct taskmap *map, int flags)
{
    for (int i = 0; i < map->nnodes && !b->err; i++) {
        struct idset *ids = taskmap_make_ids (map, i);
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
