/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Encode and decode the records of the wire-up. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/bootstrap/limits.h"
#include "lib/bootstrap/record.h"

static const char magic[4] = {'F', 'L', 'X', 'w'};
#define RECORD_VERSION 1
#define RECORD_NUMBERS 5

static const uint32_t string_limit[WIRE_STRINGS] = {
    [WIRE_NONCE] = WIREUP_MAX_STRING,      [WIRE_HOST] = WIREUP_MAX_STRING,
    [WIRE_HOSTLIST] = WIREUP_MAX_HOSTLIST, [WIRE_URI] = WIREUP_MAX_STRING,
    [WIRE_PUBKEY] = WIREUP_MAX_STRING,     [WIRE_SECRET] = WIREUP_MAX_STRING,
    [WIRE_TEXT] = WIREUP_MAX_STRING,
};

/* What has not been read yet. */
struct cursor {
    const unsigned char *p;
    size_t left;
};

void wire_put_u32 (void *p, uint32_t value)
{
    unsigned char *c = p;
    for (int i = 0; i < 4; i++)
        c[i] = value >> (24 - 8 * i);
}

uint32_t wire_get_u32 (const void *p)
{
    const unsigned char *c = p;
    return (uint32_t)c[0] << 24 | (uint32_t)c[1] << 16 | (uint32_t)c[2] << 8 | c[3];
}

static int append_u32 (struct buf *b, uint32_t value)
{
    char c[4];
    wire_put_u32 (c, value);
    return buf_append (b, c, sizeof (c));
}

static int append_string (struct buf *b, const char *s, uint32_t limit)
{
    size_t len = s ? strlen (s) : 0;

    if (len > limit) {
        errno = E2BIG;
        return -1;
    }
    if (append_u32 (b, len) < 0)
        return -1;
    return len > 0 ? buf_append (b, s, len) : 0;
}

int wire_record_encode (struct buf *b, const struct wire_record *rec)
{
    const uint32_t number[RECORD_NUMBERS] = {rec->jobid, rec->stepid, rec->rank, rec->size,
                                             rec->parent};

    buf_append (b, magic, sizeof (magic));
    buf_putc (b, RECORD_VERSION);
    buf_putc (b, rec->kind);
    for (int i = 0; i < RECORD_NUMBERS; i++)
        append_u32 (b, number[i]);
    for (int i = 0; i < WIRE_STRINGS; i++) {
        if (append_string (b, rec->str[i], string_limit[i]) < 0)
            return -1;
    }
    return 0;
}

static const unsigned char *take (struct cursor *c, size_t n)
{
    const unsigned char *p = c->p;

    if (n > c->left) {
        errno = EPROTO;
        return NULL;
    }
    c->p += n;
    c->left -= n;
    return p;
}

static int take_u32 (struct cursor *c, uint32_t *value)
{
    const unsigned char *p = take (c, 4);

    if (!p)
        return -1;
    *value = wire_get_u32 (p);
    return 0;
}

static int take_string (struct cursor *c, uint32_t limit, char **sp)
{
    uint32_t len;
    const unsigned char *p;

    if (take_u32 (c, &len) < 0)
        return -1;
    if (len > limit || !(p = take (c, len)) || memchr (p, '\0', len)) {
        errno = EPROTO;
        return -1;
    }
    return (*sp = strndup ((const char *)p, len)) ? 0 : -1;
}

static int take_head (struct cursor *c, struct wire_record *rec)
{
    uint32_t *number[RECORD_NUMBERS] = {&rec->jobid, &rec->stepid, &rec->rank, &rec->size,
                                        &rec->parent};
    const unsigned char *p = take (c, sizeof (magic) + 2);

    if (!p || memcmp (p, magic, sizeof (magic)) != 0 || p[4] != RECORD_VERSION ||
        p[5] < WIRE_HERE || p[5] > WIRE_FAILED) {
        errno = EPROTO;
        return -1;
    }
    rec->kind = p[5];
    for (int i = 0; i < RECORD_NUMBERS; i++) {
        if (take_u32 (c, number[i]) < 0)
            return -1;
    }
    return 0;
}

int wire_record_decode (struct wire_record *rec, const void *data, size_t len)
{
    struct cursor c = {data, len};

    memset (rec, 0, sizeof (*rec));
    if (take_head (&c, rec) < 0)
        goto error;
    for (int i = 0; i < WIRE_STRINGS; i++) {
        if (take_string (&c, string_limit[i], &rec->str[i]) < 0)
            goto error;
    }
    if (c.left != 0) {
        errno = EPROTO;
        goto error;
    }
    return 0;
error:
    wire_record_clear (rec);
    return -1;
}

void wire_record_clear (struct wire_record *rec)
{
    int saved = errno;

    if (rec->str[WIRE_SECRET])
        explicit_bzero (rec->str[WIRE_SECRET], strlen (rec->str[WIRE_SECRET]));
    for (int i = 0; i < WIRE_STRINGS; i++)
        free (rec->str[i]);
    memset (rec, 0, sizeof (*rec));
    errno = saved;
}
