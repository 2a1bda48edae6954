/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* SHA-256, HMAC and small helpers for secrets. Speed does not matter here: a broker proves itself a
 * few times in its life. */

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "lib/util/sha256.h"

static const uint32_t round_constant[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static uint32_t rotr (uint32_t x, int n)
{
    return x >> n | x << (32 - n);
}

static uint32_t be32 (const unsigned char *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void expand (const unsigned char *p, uint32_t w[64])
{
    for (int i = 0; i < 16; i++)
        w[i] = be32 (p + 4 * i);
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotr (w[i - 15], 7) ^ rotr (w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotr (w[i - 2], 17) ^ rotr (w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
}

/* v[] is a..h of the standard. */
static void compress (uint32_t h[8], const unsigned char *p)
{
    uint32_t w[64], v[8];

    expand (p, w);
    memcpy (v, h, sizeof (v));
    for (int i = 0; i < 64; i++) {
        uint32_t s1 = rotr (v[4], 6) ^ rotr (v[4], 11) ^ rotr (v[4], 25);
        uint32_t ch = (v[4] & v[5]) ^ (~v[4] & v[6]);
        uint32_t t1 = v[7] + s1 + ch + round_constant[i] + w[i];
        uint32_t s0 = rotr (v[0], 2) ^ rotr (v[0], 13) ^ rotr (v[0], 22);
        uint32_t maj = (v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]);
        memmove (v + 1, v, 7 * sizeof (v[0]));
        v[4] += t1;
        v[0] = t1 + s0 + maj;
    }
    for (int i = 0; i < 8; i++)
        h[i] += v[i];
    explicit_bzero (w, sizeof (w));
}

void sha256_init (struct sha256 *s)
{
    static const uint32_t first[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy (s->h, first, sizeof (first));
    s->len = 0;
}

void sha256_update (struct sha256 *s, const void *data, size_t len)
{
    const unsigned char *p = data;

    while (len > 0) {
        size_t used = s->len % 64;
        size_t n = len < 64 - used ? len : 64 - used;
        memcpy (s->block + used, p, n);
        s->len += n;
        p += n;
        len -= n;
        if (s->len % 64 == 0)
            compress (s->h, s->block);
    }
}

void sha256_final (struct sha256 *s, unsigned char out[SHA256_SIZE])
{
    uint64_t bits = s->len * 8;
    unsigned char tail[8];

    sha256_update (s, "\x80", 1);
    while (s->len % 64 != 56)
        sha256_update (s, "", 1);
    for (int i = 0; i < 8; i++)
        tail[i] = (unsigned char)(bits >> (56 - 8 * i));
    sha256_update (s, tail, 8);
    for (int i = 0; i < SHA256_SIZE; i++)
        out[i] = (unsigned char)(s->h[i / 4] >> (24 - 8 * (i % 4)));
    explicit_bzero (s, sizeof (*s));
}

static void hmac_pass (const unsigned char key[64], unsigned char pad, const void *data, size_t len,
                       unsigned char out[SHA256_SIZE])
{
    struct sha256 s;
    unsigned char k[64];

    for (int i = 0; i < 64; i++)
        k[i] = key[i] ^ pad;
    sha256_init (&s);
    sha256_update (&s, k, sizeof (k));
    sha256_update (&s, data, len);
    sha256_final (&s, out);
    explicit_bzero (k, sizeof (k));
}

void hmac_sha256 (const void *key, size_t keylen, const void *data, size_t len,
                  unsigned char out[SHA256_SIZE])
{
    unsigned char k[64] = {0}, inner[SHA256_SIZE];

    if (keylen > sizeof (k)) {
        struct sha256 s;
        sha256_init (&s);
        sha256_update (&s, key, keylen);
        sha256_final (&s, k);
    } else if (keylen > 0)
        memcpy (k, key, keylen);
    hmac_pass (k, 0x36, data, len, inner);
    hmac_pass (k, 0x5c, inner, sizeof (inner), out);
    explicit_bzero (k, sizeof (k));
}

int random_bytes (void *buf, size_t len)
{
    char *p = buf;

    while (len > 0) {
        ssize_t n = getrandom (p, len, 0);
        if (n < 0 && errno != EINTR)
            return -1;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return 0;
}

void hex_encode (const void *data, size_t len, char *out)
{
    const unsigned char *p = data;

    for (size_t i = 0; i < len; i++) {
        out[2 * i] = "0123456789abcdef"[p[i] >> 4];
        out[2 * i + 1] = "0123456789abcdef"[p[i] & 15];
    }
    out[2 * len] = '\0';
}

bool const_time_equal (const void *a, const void *b, size_t len)
{
    const volatile unsigned char *x = a, *y = b;
    unsigned char diff = 0;

    for (size_t i = 0; i < len; i++)
        diff |= x[i] ^ y[i];
    return diff == 0;
}
