/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The backing store of an instance that keeps nothing: one file that only grows, and in memory
 * where each blob lies in it (about 60 bytes each). What a blob costs does not depend on how many
 * there are, as it does where a file is kept in the order of digests; nothing has to be found again
 * after a crash, so that nothing more is needed. */

#ifndef FLUX_SERVICE_KVS_SPOOL_H
#define FLUX_SERVICE_KVS_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

struct spool;
struct backing_item;

struct spool *spool_open (const char *path, unsigned digest_size, flux_error_t *errp);

/* The file is removed. */
void spool_close (struct spool *sp);

/* Write what is not there yet: 0 or an errno, then nothing counts as written. This may be called by
 * another thread than the rest, but not at the same time as spool_take(). */
int spool_write (struct spool *sp, struct backing_item *items, size_t count);

/* Know them from now on, after spool_write(): 0 or an errno. */
int spool_take (struct spool *sp, const struct backing_item *items, size_t count);

/* A malloc'd copy with a NUL behind it, or NULL with errno: ENOENT. */
void *spool_get (struct spool *sp, const uint8_t *digest, size_t *lenp);

bool spool_has (const struct spool *sp, const uint8_t *digest);
size_t spool_count (const struct spool *sp);

/* The file of `other` was renamed to that of `old`, which is closed. */
void spool_replace (struct spool *old, struct spool *other);

#endif /* !FLUX_SERVICE_KVS_SPOOL_H */
