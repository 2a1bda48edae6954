/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Files out of an archive of RFC 37: that of a job's jobspec, or one in the KVS (flux-archive(1)).
 */

#ifndef FLUX_ARCHIVE_EXTRACT_H
#define FLUX_ARCHIVE_EXTRACT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <flux/types.h>

struct archive_extract {
    const char *what;    // begins each error: "file of the jobspec", "archive main"
    bool overwrite;      // files that are there already, else they are an error
    const char *pattern; // of glob(7), matched against the whole path; NULL: all
    /* Regions of a file as its blobvec has them, [[offset,size,blobref],...], to be written to fd.
     * NULL: such contents are refused. -1 with a sentence. */
    int (*write_blobs) (int fd, const json_t *blobvec, void *arg, flux_error_t *errp);
    /* Told each path before it is made; may be NULL. */
    void (*begin) (const char *path, void *arg);
    void *arg;
};

/* Put the files, an object or an array (NULL is none), below dir. Paths that lead out of it, or
 * over a symbolic link, are refused. -1 with errno and a sentence; what was made before stays. */
int archive_extract (const struct archive_extract *x, const json_t *files, const char *dir,
                     flux_error_t *errp);

#endif /* !FLUX_ARCHIVE_EXTRACT_H */
