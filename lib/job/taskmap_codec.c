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
#include "lib/set/rangestr.h"
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

/* Tasks lo to hi, which run on a node. */
struct run {
    int lo, hi;
    int nodeid;
};

static int compare_run (const void *x, const void *y)
{
    const struct run *a = x, *b = y;
    return (a->lo > b->lo) - (a->lo < b->lo);
}

/* The runs of "0-1,4;2-3,5", which the caller frees, and their number. NULL with errno. */
static struct run *take_runs (const char *s, size_t *np)
{
    struct buf b = {0};
    struct rangestr_elem e;

    for (int nodeid = 0;; nodeid++) {
        struct rangestr rs = {s, s + strcspn (s, ";")};
        const char *end = rs.end;
        int rc, n = 0;
        for (; (rc = rangestr_next (&rs, &e)) > 0; n++) {
            struct run run = {e.lo, e.hi, nodeid};
            if (e.padded || e.hi < e.lo || e.hi >= TASKMAP_MAX_TASKS)
                goto inval;
            buf_append (&b, &run, sizeof (run));
        }
        if (rc < 0 || n == 0)
            goto inval;
        if (*end == '\0')
            break;
        s = end + 1;
    }
    *np = b.len / sizeof (struct run);
    return (struct run *)buf_take (&b);
inval:
    buf_clear (&b);
    errno = EINVAL;
    return NULL;
}

/* Tasks of each node, divided by semicolons. */
static int decode_raw (struct taskmap *map, const char *s, flux_error_t *errp)
{
    size_t n, m;
    int rc = -1, next = 0;
    struct run *run = take_runs (s, &n);

    if (!run)
        return invalid (errp, "is neither JSON nor PMI nor a list of idsets");
    qsort (run, n, sizeof (*run), compare_run);
    for (size_t i = 0; i < n; i += m) {
        int lo = run[i].lo;
        for (m = 0; i + m < n && run[i + m].nodeid == run[i].nodeid && run[i + m].lo == next; m++)
            next = run[i + m].hi + 1;
        if (m == 0) {
            invalid (errp, "tasks must be 0 to the last, and each once");
            goto out;
        }
        if (taskmap_append (map, run[i].nodeid, 1, next - lo) < 0) {
            invalid (errp, "too large");
            goto out;
        }
    }
    rc = 0;
out:
    free (run);
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
