/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* SHA-256 (FIPS 180-4), HMAC with it (RFC 2104), and what goes with secrets: random bytes, hex,
 * comparison in constant time. */

#ifndef FLUX_UTIL_SHA256_H
#define FLUX_UTIL_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32

struct sha256 {
    uint32_t h[8];
    uint64_t len; // bytes so far
    unsigned char block[64];
};

void sha256_init (struct sha256 *s);
void sha256_update (struct sha256 *s, const void *data, size_t len);
void sha256_final (struct sha256 *s, unsigned char out[SHA256_SIZE]);

void hmac_sha256 (const void *key, size_t keylen, const void *data, size_t len,
                  unsigned char out[SHA256_SIZE]);

/* Random bytes of the kernel. -1 with errno. */
int random_bytes (void *buf, size_t len);

/* out has 2 * len + 1 bytes. */
void hex_encode (const void *data, size_t len, char *out);

/* Are they equal? Takes the same time whatever the answer. */
bool const_time_equal (const void *a, const void *b, size_t len);

#endif /* !FLUX_UTIL_SHA256_H */
