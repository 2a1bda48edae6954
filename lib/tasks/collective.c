/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Collective operations: one request to the own broker, which answers when all have come. */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/tasks/private.h"

void collective_clear (struct flux_group *g)
{
    if (g->coll.matchtag)
        tasks_forget (g->tasks, g->coll.matchtag);
    group_frame_clear (&g->coll.frame);
    free (g->coll.data);
    memset (&g->coll, 0, sizeof (g->coll));
}

static int keep_result (struct collective *c, const void *data, size_t len)
{
    if (!(c->data = malloc (len + 1)))
        return ENOMEM;
    if (len > 0)
        memcpy (c->data, data, len);
    c->len = len;
    return group_frame_decode (&c->frame, c->data, len) < 0 ? errno : 0;
}

static void reduce_cb (struct flux_tasks *t, const flux_msg_t *response, void *arg)
{
    struct flux_group *g = arg;
    struct collective *c = &g->coll;
    const void *data = NULL;
    size_t len = 0;
    int errnum = ECONNRESET;

    if (response && flux_msg_get_errnum (response, &errnum) == 0 && errnum == 0) {
        errnum = EPROTO;
        if (flux_msg_get_payload (response, &data, &len) == 0)
            errnum = keep_result (c, data, len);
        if (errnum == 0) {
            errnum = c->frame.errnum;
            g->seq++;
        }
    }
    c->matchtag = 0;
    c->errnum = errnum;
    c->done = true;
}

static int contribute (struct flux_group *g, int op, int root, const struct buf *parts)
{
    struct group_frame f = {.op = op, .uid = g->tasks->uid, .seq = g->seq};
    struct buf b = {0};
    int rc = -1;

    strcpy (f.name, g->name);
    if (parts->len > 0) {
        f.nparts = 1;
        f.parts = parts->data;
        f.parts_len = parts->len;
    }
    if ((f.have = idset_create (0, IDSET_FLAG_AUTOGROW)) && idset_set (f.have, g->rank) == 0) {
        group_frame_encode (&f, &b);
        g->coll = (struct collective){.pending = true, .op = op, .root = root};
        if (!b.err && !parts->err)
            g->coll.matchtag = tasks_call (g->tasks, "group.reduce", FLUX_NODEID_ANY, 0, b.data,
                                           b.len, reduce_cb, g);
        if (g->coll.matchtag > 0)
            rc = 0;
        else
            collective_clear (g);
    }
    group_frame_clear (&f);
    buf_clear (&b);
    return rc;
}

/* Contribute, unless that was done in a call whose time was up, and wait. After success the result
 * is in g->coll; the caller clears it. parts is cleared. */
static int run (struct flux_group *g, int op, int root, struct buf *parts, double timeout)
{
    double deadline = tasks_deadline (timeout);
    int rc = group_check (g);

    if (rc == 0 && g->coll.pending && (g->coll.op != op || g->coll.root != root)) {
        errno = EBUSY;
        rc = -1;
    } else if (rc == 0 && !g->coll.pending) {
        rc = contribute (g, op, root, parts);
    }
    buf_clear (parts);
    while (rc == 0 && !g->coll.done)
        rc = tasks_step (g->tasks, deadline);
    if (rc == 0 && g->coll.errnum) {
        errno = g->coll.errnum;
        collective_clear (g);
        rc = -1;
    }
    return rc;
}

int flux_group_barrier (flux_group_t *g, double timeout)
{
    struct buf parts = {0};
    int rc = run (g, GROUP_BARRIER, -1, &parts, timeout);

    if (rc == 0)
        collective_clear (g);
    return rc;
}

static int copy_part (struct flux_group_message *m, const struct group_part *part)
{
    memset (m, 0, sizeof (*m));
    if (!(m->data = calloc (1, part->len + 1)))
        return -1;
    if (part->len > 0)
        memcpy (m->data, part->data, part->len);
    m->len = part->len;
    m->from = part->rank;
    return 0;
}

int flux_group_bcast (flux_group_t *g, int root, const void *data, size_t len,
                      struct flux_group_message *m, double timeout)
{
    struct buf parts = {0};
    struct group_part part;
    size_t pos = 0;

    if (root < 0 || len > GROUP_DATA_MAX / 2) {
        errno = root < 0 ? EINVAL : EMSGSIZE;
        return -1;
    }
    if (g->rank == root)
        group_part_put (&parts, root, data, len);
    if (run (g, GROUP_GATHER, root, &parts, timeout) < 0)
        return -1;
    int rc = -1;
    errno = ENOENT; // root is no member
    if (group_part_next (g->coll.frame.parts, g->coll.frame.parts_len, &pos, &part))
        rc = copy_part (m, &part);
    collective_clear (g);
    return rc;
}

void flux_group_parts_free (struct flux_group_message *parts, size_t count)
{
    for (size_t i = 0; parts && i < count; i++)
        flux_group_message_clear (&parts[i]);
    free (parts);
}

static int compare_from (const void *a, const void *b)
{
    return ((const struct flux_group_message *)a)->from -
           ((const struct flux_group_message *)b)->from;
}

static int copy_parts (const struct group_frame *f, struct flux_group_message **parts,
                       size_t *count)
{
    struct flux_group_message *list = calloc (f->nparts + 1, sizeof (*list));
    struct group_part part;
    size_t pos = 0, n = 0;

    while (list && n < f->nparts && group_part_next (f->parts, f->parts_len, &pos, &part)) {
        if (copy_part (&list[n], &part) < 0) {
            flux_group_parts_free (list, n);
            return -1;
        }
        n++;
    }
    if (!list)
        return -1;
    qsort (list, n, sizeof (*list), compare_from);
    *parts = list;
    *count = n;
    return 0;
}

int flux_group_gather (flux_group_t *g, const void *data, size_t len,
                       struct flux_group_message **parts, size_t *count, double timeout)
{
    struct buf b = {0};

    if (len > GROUP_DATA_MAX / 2) {
        errno = EMSGSIZE;
        return -1;
    }
    group_part_put (&b, g->rank, data, len);
    if (run (g, GROUP_GATHER, -1, &b, timeout) < 0)
        return -1;
    int rc = copy_parts (&g->coll.frame, parts, count);
    collective_clear (g);
    return rc;
}

static const signed char int_ops[] = {
    -1, GROUP_SUM_INT, GROUP_MIN_INT, GROUP_MAX_INT, GROUP_AND_INT, GROUP_OR_INT};
static const signed char real_ops[] = {-1, GROUP_SUM_REAL, GROUP_MIN_REAL, GROUP_MAX_REAL, -1, -1};

/* Values are 8 bytes each, in the host's order. */
static int allreduce (flux_group_t *g, const signed char *ops, int op, void *values, size_t count,
                      double timeout)
{
    unsigned char data[8 * TASKS_VALUES_MAX];
    struct buf b = {0};
    struct group_part part;
    size_t pos = 0;
    uint64_t v;

    if (op < FLUX_GROUP_SUM || op > FLUX_GROUP_OR || ops[op] < 0 || !values || count == 0 ||
        count > TASKS_VALUES_MAX) {
        errno = EINVAL;
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        memcpy (&v, (char *)values + 8 * i, 8);
        group_put_u64 (data + 8 * i, v);
    }
    group_part_put (&b, g->rank, data, 8 * count);
    if (run (g, ops[op], -1, &b, timeout) < 0)
        return -1;
    int rc = -1;
    errno = EPROTO;
    if (group_part_next (g->coll.frame.parts, g->coll.frame.parts_len, &pos, &part) &&
        part.len == 8 * count) {
        for (size_t i = 0; i < count; i++) {
            v = group_get_u64 ((const unsigned char *)part.data + 8 * i);
            memcpy ((char *)values + 8 * i, &v, 8);
        }
        rc = 0;
    }
    collective_clear (g);
    return rc;
}

int flux_group_allreduce_int (flux_group_t *g, int op, int64_t *values, size_t count,
                              double timeout)
{
    return allreduce (g, int_ops, op, values, count, timeout);
}

int flux_group_allreduce_real (flux_group_t *g, int op, double *values, size_t count,
                               double timeout)
{
    return allreduce (g, real_ops, op, values, count, timeout);
}
