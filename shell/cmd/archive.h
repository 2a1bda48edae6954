/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What the files of flux archive share; nobody else includes it.
 *
 *   archive.c          the verbs, list and remove
 *   archive_create.c   files into the content store
 *   archive_extract.c  and out of it */

#ifndef FLUX_CMD_ARCHIVE_H
#define FLUX_CMD_ARCHIVE_H

#include <jansson.h>

#include "shell/cmd/client.h"

struct archive {
    struct cmd *c;
    flux_t *h;
    const char *hash;
    const char *ns; // NULL: that of the environment
    char *key, *blobs_key;
    json_t *refs; // of blobs that were stored
    bool verbose;
};

/* The archive that --name names. archive_open() ends the program when there is no instance. */
void archive_open (struct archive *a, struct cmd *c);
void archive_close (struct archive *a);

/* Its files (RFC 37), which the caller frees. NULL with errno: ENOENT when there is none. timeout <
 * 0: as long as it takes. */
json_t *archive_lookup (struct archive *a, int flags, double timeout);

/* Takes over txn. Ends the program when it can't be. */
void archive_commit (struct archive *a, flux_kvs_txn_t *txn);

/* With --verbose each file is named before it is dealt with; arg is the archive. */
void archive_begin (const char *path, void *arg);

/* The operand, or NULL. */
const char *archive_pattern (const struct cmd *c);

int archive_run_create (struct cmd *c);
int archive_run_extract (struct cmd *c);

#endif /* !FLUX_CMD_ARCHIVE_H */
