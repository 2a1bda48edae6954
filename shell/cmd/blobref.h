/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Names of blobs (RFC 10): "sha1-" and the digest in hex. */

#ifndef FLUX_CMD_BLOBREF_H
#define FLUX_CMD_BLOBREF_H

#include <stddef.h>

#define BLOBREF_DIGEST_MAX 32
#define BLOBREF_MAX 80 // with the NUL

/* The digest of any hash (the service knows which it takes), and its length; 0 for what is no name.
 * NULL is none. */
size_t blobref_decode (const char *ref, unsigned char digest[BLOBREF_DIGEST_MAX]);

/* -1 with EINVAL when it does not fit. */
int blobref_encode (const char *hash, const void *digest, size_t len, char *ref, size_t size);

#endif /* !FLUX_CMD_BLOBREF_H */
