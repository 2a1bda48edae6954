/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Payloads of group messages and heads of letters: what is decoded says the same when it is encoded
 * again, and joins with what came before. The first two bytes are the length of the first of two.
 */

#include "lib/tasks/combine.h"
#include "lib/tasks/letter.h"
#include "testsuite/fuzz/fuzz.h"

static void walk (const struct group_frame *f)
{
    struct group_part part;
    size_t pos = 0;
    uint32_t n = 0;

    while (group_part_next (f->parts, f->parts_len, &pos, &part)) {
        MUST (part.rank <= GROUP_RANK_MAX && part.len <= f->parts_len);
        n++;
    }
    MUST (n == f->nparts && pos == f->parts_len);
}

static void again (const struct group_frame *f)
{
    struct group_frame g;
    struct buf b = {0};

    group_frame_encode (f, &b);
    MUST (group_frame_decode (&g, b.data, b.len) == 0);
    MUST (g.op == f->op && g.errnum == f->errnum && g.uid == f->uid && g.seq == f->seq &&
          strcmp (g.name, f->name) == 0 && g.nparts == f->nparts && g.parts_len == f->parts_len &&
          idset_equal (g.have, f->have) == idset_equal (f->have, f->have));
    group_frame_clear (&g);
    buf_clear (&b);
}

static void try (struct combine *c, const uint8_t *data, size_t size)
{
    struct group_frame f, all = {0};

    if (group_frame_decode (&f, data, size) < 0)
        return;
    walk (&f);
    again (&f);
    MUST (combine_add (c, &f) == 0);
    combine_get (c, &all);
    walk (&all);
    group_frame_clear (&f);
}

/* The head of a letter between members. */
static void try_letter (const uint8_t *data, size_t size)
{
    unsigned char head[LETTER_HEAD_MAX];
    struct letter l, again;
    const void *rest;
    size_t len;

    if (letter_decode (&l, data, size, &rest, &len) < 0)
        return;
    MUST ((const uint8_t *)rest + len == data + size);
    size_t n = letter_encode (&l, head);
    MUST (n + len == size && memcmp (head, data, n) == 0);
    MUST (letter_decode (&again, head, n, &rest, &len) == 0 && len == 0);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    struct combine c;

    try_letter (data, size);
    if (size < 2)
        return 0;
    size_t first = data[0] << 8 | data[1];
    data += 2;
    size -= 2;
    if (first > size)
        first = size;
    MUST (combine_init (&c) == 0);
    try (&c, data, first);
    try (&c, data + first, size - first);
    combine_clear (&c);
    return 0;
}
