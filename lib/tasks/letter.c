/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <string.h>

#include "lib/codec/cursor.h"
#include "lib/tasks/letter.h"

#define LETTER_MAGIC 'M'
#define LETTER_VERSION 2

int letter_decode (struct letter *l, const void *buf, size_t size, const void **data, size_t *len)
{
    struct cursor c = cursor_init (buf, size);

    cursor_check (&c, cursor_u8 (&c) == LETTER_MAGIC);
    cursor_check (&c, cursor_u8 (&c) == LETTER_VERSION);
    l->kind = cursor_u8 (&c);
    size_t n = cursor_u8 (&c);
    l->from = cursor_be32 (&c);
    l->to = cursor_be32 (&c);
    l->tag = cursor_be32 (&c);
    l->epoch = cursor_be32 (&c);
    l->seq = cursor_be32 (&c);
    l->receipt.epoch = cursor_be32 (&c);
    l->receipt.received = cursor_be32 (&c);
    l->receipt.taken = cursor_be32 (&c);
    l->receipt.bytes = cursor_be32 (&c);
    const unsigned char *name = cursor_take (&c, n);
    cursor_check (&c, l->kind <= LETTER_DATA_ASK && n <= GROUP_NAME_MAX &&
                          l->from <= GROUP_RANK_MAX && l->to <= GROUP_RANK_MAX &&
                          c.left <= GROUP_MESSAGE_MAX);
    if (c.bad || memchr (name, '\0', n)) {
        errno = EPROTO;
        return -1;
    }
    memcpy (l->name, name, n);
    l->name[n] = '\0';
    *data = c.p;
    *len = c.left;
    return 0;
}

size_t letter_encode (const struct letter *l, unsigned char head[LETTER_HEAD_MAX])
{
    size_t n = strlen (l->name);
    unsigned char *p = head;

    p = put_u8 (p, LETTER_MAGIC);
    p = put_u8 (p, LETTER_VERSION);
    p = put_u8 (p, l->kind);
    p = put_u8 (p, n);
    p = put_be32 (p, l->from);
    p = put_be32 (p, l->to);
    p = put_be32 (p, l->tag);
    p = put_be32 (p, l->epoch);
    p = put_be32 (p, l->seq);
    p = put_be32 (p, l->receipt.epoch);
    p = put_be32 (p, l->receipt.received);
    p = put_be32 (p, l->receipt.taken);
    p = put_be32 (p, l->receipt.bytes);
    memcpy (p, l->name, n);
    return p + n - head;
}
