/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static inline char *encode3 (char *out, const unsigned char *in, size_t n)
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

/* Above 63: not in the alphabet */
static void decode_table (unsigned char table[256])
{
    memset (table, 255, 256);
    for (int i = 0; i < 64; i++)
        table[(unsigned char)alphabet[i]] = i;
}

/* Four characters at a time; bad becomes more than 63 where one of them is none of the alphabet. */
static unsigned char *decode_quads (unsigned char *dst, const char *src, size_t quads,
                                    const unsigned char table[256], unsigned char *bad)
{
    const unsigned char *p = (const unsigned char *)src;
    unsigned char seen = 0;

    for (size_t i = 0; i < quads; i++, p += 4, dst += 3) {
        unsigned char a = table[p[0]], b = table[p[1]], c = table[p[2]], d = table[p[3]];
        seen |= a | b | c | d;
        dst[0] = a << 2 | b >> 4;
        dst[1] = b << 4 | c >> 2;
        dst[2] = c << 6 | d;
    }
    *bad = seen;
    return dst;
}

static size_t count_pad (const char *src, size_t srclen)
{
    size_t pad = 0;

    while (pad < 2 && srclen > pad && src[srclen - 1 - pad] == '=')
        pad++;
    return pad;
}

void *base64_decode_alloc (const char *src, size_t srclen, size_t *lenp)
{
    unsigned char table[256], bad = 0, bad_end = 0;
    size_t pad = count_pad (src, srclen);
    unsigned char *dst, *end;

    if (srclen % 4 != 0) {
        errno = EPROTO;
        return NULL;
    }
    if (!(dst = malloc (srclen / 4 * 3 + 1)))
        return NULL;
    decode_table (table);
    end = decode_quads (dst, src, srclen / 4 - (pad > 0), table, &bad);
    if (pad > 0) {
        char last[4] = {'A', 'A', 'A', 'A'};
        memcpy (last, src + srclen - 4, 4 - pad);
        end = decode_quads (end, last, 1, table, &bad_end) - pad;
    }
    if ((bad | bad_end) > 63) {
        free (dst);
        errno = EPROTO;
        return NULL;
    }
    *end = '\0';
    *lenp = end - dst;
    return dst;
}
