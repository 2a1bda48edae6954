/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The payload of the group messages that carry data, see flux-group-protocol(7):
 *
 *   | 'G' | version 1 | op | again |  errnum  |  uid  |  seq  |      4 x 4 bytes
 *   | name | have | need |                                    each: length, text
 *   | number of parts |  rank, length, data | rank, length, data | ...
 *
 * All numbers are big-endian and have 4 bytes. have and need are sets of ranks (RFC 22). */

#ifndef FLUX_TASKS_FRAME_H
#define FLUX_TASKS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/idset.h>

#include "lib/tasks/limits.h"
#include "lib/util/buf.h"

/* What a collective operation does. The numeric ones have one part: any number of values of 8 bytes
 * (integers, or IEEE 754), big-endian. */
enum group_op {
    GROUP_BARRIER = 0, // no parts
    GROUP_GATHER = 1,  // the parts of all
    GROUP_SUM_INT,
    GROUP_MIN_INT,
    GROUP_MAX_INT,
    GROUP_AND_INT,
    GROUP_OR_INT,
    GROUP_SUM_REAL,
    GROUP_MIN_REAL,
    GROUP_MAX_REAL,
    GROUP_OP_COUNT,
};

struct group_frame {
    int op;
    bool again; // it was sent before, over a link that was lost
    int errnum; // of an operation that failed
    uint32_t uid;
    uint32_t seq;
    char name[GROUP_NAME_MAX + 1];
    struct idset *have; // who has contributed
    struct idset *need; // NULL: the members of the group
    uint32_t nparts;
    const void *parts; // encoded
    size_t parts_len;
};

struct group_part {
    uint32_t rank;
    const void *data;
    size_t len;
};

#define GROUP_FRAME_AGAIN 3 // where that is in an encoded one

/* parts points into data. -1 with EPROTO or ENOMEM; f needs no clearing then. */
int group_frame_decode (struct group_frame *f, const void *data, size_t len);
void group_frame_clear (struct group_frame *f);
void group_frame_encode (const struct group_frame *f, struct buf *b);

/* Add a part to the encoded ones. */
void group_part_put (struct buf *parts, uint32_t rank, const void *data, size_t len);

/* Walk through encoded parts: *pos starts at 0. False at the end. */
bool group_part_next (const void *parts, size_t len, size_t *pos, struct group_part *p);

/* Values of 8 bytes on their way in and out. */
void group_put_u64 (unsigned char *p, uint64_t v);
uint64_t group_get_u64 (const unsigned char *p);

#endif /* !FLUX_TASKS_FRAME_H */
