/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode3 (char *out, const unsigned char *in, size_t n)
{
    uint32_t v = in[0] << 16 | (n > 1 ? in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
    *out++ = alphabet[v >> 18];
    *out++ = alphabet[v >> 12 & 63];
    *out++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
    *out++ = n > 2 ? alphabet[v & 63] : '=';
    return out;
}

int base64_append_slices (struct buf *b, const struct base64_slice *s, size_t count)
{
    size_t total = 0;
    unsigned char carry[3];
    size_t ncarry = 0;

    for (size_t i = 0; i < count; i++)
        total += s[i].len;
    if (buf_reserve (b, (total + 2) / 3 * 4) < 0)
        return -1;
    char *out = b->data + b->len;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *p = s[i].data;
        size_t len = s[i].len;
        while (len > 0 && ncarry > 0) {
            carry[ncarry++] = *p++;
            len--;
            if (ncarry == 3) {
                out = encode3 (out, carry, 3);
                ncarry = 0;
            }
        }
        for (; len >= 3; len -= 3, p += 3)
            out = encode3 (out, p, 3);
        while (len-- > 0)
            carry[ncarry++] = *p++;
    }
    if (ncarry)
        out = encode3 (out, carry, ncarry);
    *out = '\0';
    b->len = out - b->data;
    return 0;
}

int base64_append (struct buf *b, const void *data, size_t len)
{
    struct base64_slice s = {data, len};
    return base64_append_slices (b, &s, 1);
}

void base64_encode (char *dst, const void *src, size_t len)
{
    const unsigned char *p = src;

    for (; len >= 3; len -= 3, p += 3)
        dst = encode3 (dst, p, 3);
    if (len > 0)
        encode3 (dst, p, len);
}

char *base64_encode_alloc (const void *src, size_t len)
{
    char *dst = malloc (BASE64_ENCODED_LENGTH (len) + 1);

    if (dst) {
        base64_encode (dst, src, len);
        dst[BASE64_ENCODED_LENGTH (len)] = '\0';
    }
    return dst;
}

/* 64: not in the alphabet */
static void decode_table (unsigned char table[256])
{
    memset (table, 64, 256);
    for (int i = 0; i < 64; i++)
        table[(unsigned char)alphabet[i]] = i;
}

void *base64_decode_alloc (const char *src, size_t srclen, size_t *lenp)
{
    unsigned char table[256];
    size_t pad = 0;

    decode_table (table);
    while (pad < 2 && srclen > pad && src[srclen - 1 - pad] == '=')
        pad++;
    if (srclen % 4 != 0) {
        errno = EPROTO;
        return NULL;
    }
    unsigned char *dst = malloc (srclen / 4 * 3 + 1);
    if (!dst)
        return NULL;
    uint32_t acc = 0;
    size_t len = 0;
    for (size_t i = 0; i < srclen; i++) {
        unsigned char v = i < srclen - pad ? table[(unsigned char)src[i]] : 0;
        if (v > 63) {
            free (dst);
            errno = EPROTO;
            return NULL;
        }
        acc = acc << 6 | v;
        if (i % 4 == 3) {
            dst[len++] = acc >> 16;
            dst[len++] = acc >> 8;
            dst[len++] = acc;
        }
    }
    len -= pad;
    dst[len] = '\0';
    *lenp = len;
    return dst;
}
