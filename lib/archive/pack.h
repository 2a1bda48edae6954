/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Files into an archive of RFC 37. */

#ifndef FLUX_ARCHIVE_PACK_H
#define FLUX_ARCHIVE_PACK_H

#include <jansson.h>
#include <stddef.h>
#include <flux/types.h>

struct archive_pack {
    size_t small; // files of up to so many bytes are in the archive itself
    size_t chunk; // bytes of a blob at most, 0: a region is one blob
    /* Keep a blob; the blobref comes into ref. -1 with a sentence. */
    int (*store) (const void *data, size_t len, char *ref, size_t ref_size, void *arg,
                  flux_error_t *errp);
    /* Told each path before it is read; may be NULL. */
    void (*begin) (const char *path, void *arg);
    void *arg;
};

/* Append objects for path, and all below it if it is a folder, to the array `files`. Holes are not
 * read. -1 with errno and a sentence, also for what is neither a file nor a folder nor a link. */
int archive_pack (const struct archive_pack *p, json_t *files, const char *path,
                  flux_error_t *errp);

#endif /* !FLUX_ARCHIVE_PACK_H */
