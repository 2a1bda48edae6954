/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Base64 with padding (RFC 4648, section 4), as event.publish, eventlogs and treeobj values use. */

#ifndef FLUX_UTIL_BASE64_H
#define FLUX_UTIL_BASE64_H

#include <stddef.h>

#include "lib/util/buf.h"

/* Bytes of text for len bytes of data, without a NUL. */
#define BASE64_ENCODED_LENGTH(len) (((len) + 2) / 3 * 4)

/* Write BASE64_ENCODED_LENGTH (len) characters, no NUL. */
void base64_encode (char *dst, const void *src, size_t len);

/* Append the encoding to b; ENOMEM sticks in b->err. */
int base64_append (struct buf *b, const void *data, size_t len);

/* Append the encoding of several pieces that follow each other. */
struct base64_slice {
    const void *data;
    size_t len;
};
int base64_append_slices (struct buf *b, const struct base64_slice *s, size_t count);

/* Text the caller frees, NUL-terminated. */
char *base64_encode_alloc (const void *src, size_t len);

/* The caller frees the data, which has a NUL after it that is not counted; empty text gives a
 * buffer of length 0. EPROTO when the text is not base64. */
void *base64_decode_alloc (const char *src, size_t srclen, size_t *lenp);

#endif /* !FLUX_UTIL_BASE64_H */
