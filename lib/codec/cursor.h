/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A bounded cursor over bytes that a peer sent. Nothing is read past the end: the first read that
 * does not fit, or a failed check, sets `bad`, and every later read gives zero. One test of `bad`
 * at the end of a run of reads is enough. */

#ifndef FLUX_CODEC_CURSOR_H
#define FLUX_CODEC_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cursor {
    const unsigned char *p;
    size_t left;
    bool bad;
};

static inline struct cursor cursor_init (const void *data, size_t len)
{
    return (struct cursor){.p = data, .left = len};
}

/* The next n bytes, or NULL. */
static inline const unsigned char *cursor_take (struct cursor *c, size_t n)
{
    if (c->bad || n > c->left) {
        c->bad = true;
        return NULL;
    }
    const unsigned char *p = c->p;
    c->p += n;
    c->left -= n;
    return p;
}

static inline uint8_t cursor_u8 (struct cursor *c)
{
    const unsigned char *p = cursor_take (c, 1);
    return p ? *p : 0;
}

static inline uint32_t cursor_be32 (struct cursor *c)
{
    const unsigned char *p = cursor_take (c, 4);
    return p ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3] : 0;
}

static inline void cursor_check (struct cursor *c, bool ok)
{
    if (!ok)
        c->bad = true;
}

/* The way out. */
static inline unsigned char *put_u8 (unsigned char *p, uint8_t v)
{
    *p = v;
    return p + 1;
}

static inline unsigned char *put_be32 (unsigned char *p, uint32_t v)
{
    p[0] = v >> 24;
    p[1] = v >> 16;
    p[2] = v >> 8;
    p[3] = v;
    return p + 4;
}

#endif /* !FLUX_CODEC_CURSOR_H */
