/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/util/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void base64_encode (char *dst, const void *src, size_t len)
{
    const unsigned char *s = src;

    for (; len >= 3; len -= 3, s += 3) {
        uint32_t n = s[0] << 16 | s[1] << 8 | s[2];
        *dst++ = alphabet[n >> 18];
        *dst++ = alphabet[n >> 12 & 63];
        *dst++ = alphabet[n >> 6 & 63];
        *dst++ = alphabet[n & 63];
    }
    if (len > 0) {
        uint32_t n = s[0] << 16 | (len > 1 ? s[1] << 8 : 0);
        *dst++ = alphabet[n >> 18];
        *dst++ = alphabet[n >> 12 & 63];
        *dst++ = len > 1 ? alphabet[n >> 6 & 63] : '=';
        *dst++ = '=';
    }
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

static int value_of (unsigned char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

void *base64_decode_alloc (const char *src, size_t srclen, size_t *lenp)
{
    size_t pad = 0;

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
        int v = i < srclen - pad ? value_of (src[i]) : 0;
        if (v < 0) {
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
