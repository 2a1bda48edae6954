/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Hash algorithms and blobrefs (RFC 10): "sha1-" and the digest in lower-case hex. */

#ifndef FLUX_SERVICE_KVS_DIGEST_H
#define FLUX_SERVICE_KVS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

enum { DIGEST_MAX = 32, BLOBREF_MAX = 72 };

struct digest_alg {
    const char *name;
    unsigned size; // of a digest in bytes
    void (*hash) (const void *data, size_t len, uint8_t *digest);
};

/* NULL with EINVAL when unknown. */
const struct digest_alg *digest_alg_find (const char *name);

/* Writes a NUL-terminated blobref, returns its length. */
size_t digest_to_blobref (const struct digest_alg *alg, const uint8_t *digest,
                          char ref[BLOBREF_MAX]);

/* EINVAL when it is not a blobref of this algorithm. */
int digest_from_blobref (const struct digest_alg *alg, const char *ref, uint8_t *digest);

#endif /* !FLUX_SERVICE_KVS_DIGEST_H */
