/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Base64 (RFC 4648) as in the val objects of RFC 11. */

#ifndef FLUX_SERVICE_KVS_BASE64_H
#define FLUX_SERVICE_KVS_BASE64_H

#include <stddef.h>
#include "lib/util/buf.h"

/* Append the encoding to b; ENOMEM sticks in b->err. */
int base64_append (struct buf *b, const void *data, size_t len);

/* Append the encoding of several pieces that follow each other. */
struct slice {
    const void *data;
    size_t len;
};
int base64_append_slices (struct buf *b, const struct slice *s, size_t count);

/* Decode all of a string. *datap is malloc'd (never NULL) with a NUL after it. EPROTO. */
int base64_decode (const char *s, size_t slen, char **datap, size_t *lenp);

#endif /* !FLUX_SERVICE_KVS_BASE64_H */
