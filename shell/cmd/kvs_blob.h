/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Large values go to and from the content store as they are (RFC 10), and not through base64 and
 * JSON: of 64 MiB that is a tenth of the time and half of the memory. */

#ifndef FLUX_CMD_KVS_BLOB_H
#define FLUX_CMD_KVS_BLOB_H

#include <flux/core.h>

enum {
    BLOB_WORTH_IT = 1 << 20, // values from this size on
    BLOB_CHUNK = 4 << 20,    // bytes in one blob
};

/* Store data in blobs and give the tree object (RFC 11, valref) of the value that is made of them;
 * the caller frees it. NULL with errno: EPERM for a guest. */
char *kvs_blobs_store (flux_t *h, const char *data, size_t len);

/* Call `out` with each piece of the value of a tree object of type val or valref. 0; or -1 with
 * errno: EINVAL when it is of another type, EPERM for a guest, and out was not called. An error
 * past the first piece is EIO. */
typedef void (*kvs_blob_f) (const void *data, size_t len, void *arg);
int kvs_blobs_load (flux_t *h, const char *treeobj, kvs_blob_f out, void *arg);

#endif /* !FLUX_CMD_KVS_BLOB_H */
