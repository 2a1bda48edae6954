/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>
#include <stdlib.h>

#include "lib/codec/cursor.h"
#include "lib/tasks/frame.h"

#define FRAME_MAGIC 'G'
#define FRAME_VERSION 1

static void get_text (struct cursor *c, char *s, size_t size)
{
    uint32_t len = cursor_be32 (c);

    cursor_check (c, len < size);
    const unsigned char *p = cursor_take (c, len);
    if (p && memchr (p, '\0', len))
        c->bad = true;
    if (c->bad)
        return;
    memcpy (s, p, len);
    s[len] = '\0';
}

/* NULL for the empty set. */
static struct idset *get_set (struct cursor *c)
{
    uint32_t len = cursor_be32 (c);
    size_t count = 0;
    unsigned int maxid = 0;

    cursor_check (c, len <= GROUP_SET_TEXT_MAX);
    const char *p = (const char *)cursor_take (c, len);
    if (!p || len == 0)
        return NULL;
    if (idset_decode_info (p, len, &count, &maxid, NULL) < 0 || count == 0 ||
        maxid > GROUP_RANK_MAX) {
        c->bad = true;
        return NULL;
    }
    struct idset *set = idset_decode_ex (p, len, 0, IDSET_FLAG_AUTOGROW, NULL);
    cursor_check (c, set != NULL);
    return set;
}

static void check_parts (struct cursor *c, uint32_t count)
{
    cursor_check (c, count <= GROUP_PARTS_MAX);
    for (uint32_t i = 0; i < count && !c->bad; i++) {
        cursor_check (c, cursor_be32 (c) <= GROUP_RANK_MAX);
        cursor_take (c, cursor_be32 (c));
    }
    cursor_check (c, c->left == 0);
}

int group_frame_decode (struct group_frame *f, const void *data, size_t len)
{
    struct cursor c = cursor_init (data, len);

    memset (f, 0, sizeof (*f));
    cursor_check (&c, cursor_u8 (&c) == FRAME_MAGIC);
    cursor_check (&c, cursor_u8 (&c) == FRAME_VERSION);
    f->op = cursor_u8 (&c);
    cursor_check (&c, f->op < GROUP_OP_COUNT);
    unsigned int again = cursor_u8 (&c);
    cursor_check (&c, again <= 1);
    f->again = again;
    f->errnum = cursor_be32 (&c) & 0xffff;
    f->uid = cursor_be32 (&c);
    f->seq = cursor_be32 (&c);
    get_text (&c, f->name, sizeof (f->name));
    f->have = get_set (&c);
    f->need = get_set (&c);
    f->nparts = cursor_be32 (&c);
    f->parts = c.p;
    f->parts_len = c.left;
    check_parts (&c, f->nparts);
    if (c.bad) {
        group_frame_clear (f);
        errno = EPROTO;
        return -1;
    }
    return 0;
}

void group_frame_clear (struct group_frame *f)
{
    idset_destroy (f->have);
    idset_destroy (f->need);
    f->have = f->need = NULL;
}

static void put_u32 (struct buf *b, uint32_t v)
{
    unsigned char p[4];

    put_be32 (p, v);
    buf_append (b, p, 4);
}

static void put_text (struct buf *b, const char *s)
{
    put_u32 (b, strlen (s));
    buf_puts (b, s);
}

static void put_set (struct buf *b, const struct idset *set)
{
    char *s = set ? idset_encode (set, IDSET_FLAG_RANGE) : NULL;

    if (set && !s)
        b->err = ENOMEM;
    put_text (b, s ? s : "");
    free (s);
}

void group_frame_encode (const struct group_frame *f, struct buf *b)
{
    const unsigned char head[4] = {FRAME_MAGIC, FRAME_VERSION, f->op, f->again};

    buf_reserve (b, 64 + f->parts_len);
    buf_append (b, head, sizeof (head));
    put_u32 (b, f->errnum);
    put_u32 (b, f->uid);
    put_u32 (b, f->seq);
    put_text (b, f->name);
    put_set (b, f->have);
    put_set (b, f->need);
    put_u32 (b, f->nparts);
    buf_append (b, f->parts, f->parts_len);
}

void group_part_put (struct buf *parts, uint32_t rank, const void *data, size_t len)
{
    put_u32 (parts, rank);
    put_u32 (parts, len);
    buf_append (parts, data, len);
}

bool group_part_next (const void *parts, size_t len, size_t *pos, struct group_part *p)
{
    if (*pos >= len)
        return false;
    struct cursor c = cursor_init ((const char *)parts + *pos, len - *pos);
    p->rank = cursor_be32 (&c);
    p->len = cursor_be32 (&c);
    p->data = cursor_take (&c, p->len);
    *pos = len - c.left;
    return !c.bad;
}

void group_put_u64 (unsigned char *p, uint64_t v)
{
    put_be32 (put_be32 (p, v >> 32), v);
}

uint64_t group_get_u64 (const unsigned char *p)
{
    struct cursor c = cursor_init (p, 8);
    uint64_t high = cursor_be32 (&c);

    return high << 32 | cursor_be32 (&c);
}
