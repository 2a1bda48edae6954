/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "shell/cmd/blobref.h"

static const char digits[] = "0123456789abcdef";

static int nibble (char c)
{
    const char *p = c ? strchr (digits, c) : NULL;

    return p ? (int)(p - digits) : -1;
}

size_t blobref_decode (const char *ref, unsigned char digest[BLOBREF_DIGEST_MAX])
{
    const char *p = ref ? strchr (ref, '-') : NULL;
    size_t n = 0;

    for (p = p ? p + 1 : ""; p[0] && p[1] && n < BLOBREF_DIGEST_MAX; p += 2) {
        int hi = nibble (p[0]), lo = nibble (p[1]);
        if (hi < 0 || lo < 0)
            break;
        digest[n++] = (unsigned char)(hi << 4 | lo);
    }
    return *p ? 0 : n;
}

int blobref_encode (const char *hash, const void *digest, size_t len, char *ref, size_t size)
{
    const unsigned char *bytes = digest;
    size_t at = strlen (hash) + 1;

    if (at + 2 * len >= size) {
        errno = EINVAL;
        return -1;
    }
    snprintf (ref, size, "%s-", hash);
    for (size_t i = 0; i < len; i++) {
        ref[at++] = digits[bytes[i] >> 4];
        ref[at++] = digits[bytes[i] & 15];
    }
    ref[at] = '\0';
    return 0;
}
