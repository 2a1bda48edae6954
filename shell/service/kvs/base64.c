/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"
#include "shell/service/kvs/base64.h"
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static char *encode3 (char *out, const uint8_t *in, size_t n)
{
    uint32_t v = in[0] << 16 | (n > 1 ? in[1] << 8 : 0) | (n > 2 ? in[2] : 0);
    *out++ = alphabet[v >> 18];
    *out++ = alphabet[v >> 12 & 63];
    *out++ = n > 1 ? alphabet[v >> 6 & 63] : '=';
    *out++ = n > 2 ? alphabet[v & 63] : '=';
    return out;
}

int base64_append_slices (struct buf *b, const struct slice *s, size_t count)
{
    size_t total = 0;
    uint8_t carry[3];
    size_t ncarry = 0;

    for (size_t i = 0; i < count; i++)
        total += s[i].len;
    if (buf_reserve (b, (total + 2) / 3 * 4) < 0)
        return -1;
    char *out = b->data + b->len;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = s[i].data;
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
    struct slice s = {data, len};
    return base64_append_slices (b, &s, 1);
}

/* 64 = not in the alphabet */
static void decode_table (uint8_t table[256])
{
    for (int i = 0; i < 256; i++)
        table[i] = 64;
    for (int i = 0; i < 64; i++)
        table[(uint8_t)alphabet[i]] = i;
}

int base64_decode (const char *s, size_t slen, char **datap, size_t *lenp)
{
    uint8_t table[256];
    size_t pad = 0, n = 0;
    char *out;

    if (slen % 4)
        goto proto;
    while (pad < 2 && slen > pad && s[slen - 1 - pad] == '=')
        pad++;
    if (!(out = malloc (slen / 4 * 3 + 1)))
        return -1;
    decode_table (table);
    for (size_t i = 0; i < slen; i += 4) {
        uint32_t v = 0;
        for (size_t k = 0; k < 4; k++) {
            uint8_t d = i + k >= slen - pad ? 0 : table[(uint8_t)s[i + k]];
            if (d > 63) {
                free (out);
                goto proto;
            }
            v = v << 6 | d;
        }
        out[n++] = v >> 16;
        out[n++] = v >> 8;
        out[n++] = v;
    }
    n -= pad;
    out[n] = '\0';
    *datap = out;
    *lenp = n;
    return 0;
proto:
    errno = EPROTO;
    return -1;
}
