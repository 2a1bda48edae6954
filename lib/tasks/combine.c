/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/tasks/combine.h"

#define PART_HEAD 8 // rank and length

int combine_init (struct combine *c)
{
    memset (c, 0, sizeof (*c));
    c->op = -1;
    return (c->have = idset_create (0, IDSET_FLAG_AUTOGROW)) ? 0 : -1;
}

void combine_clear (struct combine *c)
{
    idset_destroy (c->have);
    buf_clear (&c->parts);
    c->have = NULL;
}

void combine_fail (struct combine *c, int errnum)
{
    if (c->errnum == 0)
        c->errnum = errnum;
    c->nparts = 0;
    buf_clear (&c->parts);
}

void combine_get (const struct combine *c, struct group_frame *f)
{
    f->op = c->op < 0 ? GROUP_BARRIER : c->op;
    f->errnum = c->errnum;
    f->have = c->have;
    f->nparts = c->nparts;
    f->parts = c->parts.data;
    f->parts_len = c->parts.len;
}

static double to_real (uint64_t v)
{
    double d;

    memcpy (&d, &v, sizeof (d));
    return d;
}

static uint64_t from_real (double d)
{
    uint64_t v;

    memcpy (&v, &d, sizeof (v));
    return v;
}

static uint64_t combine_values (int op, uint64_t a, uint64_t b)
{
    switch (op) {
    case GROUP_SUM_INT:
        return a + b; // wraps
    case GROUP_MIN_INT:
        return (int64_t)a < (int64_t)b ? a : b;
    case GROUP_MAX_INT:
        return (int64_t)a > (int64_t)b ? a : b;
    case GROUP_AND_INT:
        return a & b;
    case GROUP_OR_INT:
        return a | b;
    case GROUP_SUM_REAL:
        return from_real (to_real (a) + to_real (b));
    case GROUP_MIN_REAL:
        return to_real (b) < to_real (a) ? b : a;
    default:
        return to_real (b) > to_real (a) ? b : a;
    }
}

static void add_numbers (struct combine *c, const struct group_frame *f)
{
    unsigned char *a = (unsigned char *)c->parts.data;
    const unsigned char *b = f->parts;

    if (f->nparts != 1 || (f->parts_len - PART_HEAD) % 8 != 0) {
        combine_fail (c, EINVAL);
    } else if (c->nparts == 0) {
        buf_append (&c->parts, f->parts, f->parts_len);
        c->nparts = 1;
    } else if (c->parts.len != f->parts_len) {
        combine_fail (c, EINVAL);
    } else {
        for (size_t i = PART_HEAD; i < f->parts_len; i += 8)
            group_put_u64 (a + i,
                           combine_values (c->op, group_get_u64 (a + i), group_get_u64 (b + i)));
    }
}

/* All parts, or those of ranks that are new. */
static void add_parts (struct combine *c, const struct group_frame *f, bool overlap)
{
    struct group_part p;
    size_t pos = 0;

    if (!overlap) {
        buf_append (&c->parts, f->parts, f->parts_len);
        c->nparts += f->nparts;
        return;
    }
    while (group_part_next (f->parts, f->parts_len, &pos, &p)) {
        if (!idset_test (c->have, p.rank)) {
            group_part_put (&c->parts, p.rank, p.data, p.len);
            c->nparts++;
        }
    }
}

static bool is_subset (const struct idset *a, const struct idset *of)
{
    for (unsigned int id = idset_first (a); id != IDSET_INVALID_ID; id = idset_next (a, id)) {
        if (!idset_test (of, id))
            return false;
    }
    return true;
}

static void add_data (struct combine *c, const struct group_frame *f)
{
    bool overlap = idset_has_intersection (c->have, f->have);

    if (c->op != f->op)
        combine_fail (c, EINVAL);
    else if (c->parts.len + f->parts_len > GROUP_DATA_MAX)
        combine_fail (c, EMSGSIZE);
    else if (f->op == GROUP_GATHER)
        add_parts (c, f, overlap);
    else if (f->op == GROUP_BARRIER)
        return;
    else if (!overlap)
        add_numbers (c, f);
    else if (!is_subset (f->have, c->have))
        combine_fail (c, EAGAIN);
}

int combine_add (struct combine *c, const struct group_frame *f)
{
    if (c->op < 0)
        c->op = f->op;
    if (f->errnum)
        combine_fail (c, f->errnum);
    if (c->errnum == 0)
        add_data (c, f);
    if (c->parts.err || (f->have && idset_add (c->have, f->have) < 0)) {
        errno = ENOMEM;
        return -1;
    }
    return 0;
}
