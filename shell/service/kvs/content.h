/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The content store (RFC 10): the service content.* of every rank. Rank 0 keeps every blob, in
 * memory while there is little and in the backing store after; other ranks keep a cache and ask
 * their parent for what they lack. */

#ifndef FLUX_SERVICE_KVS_CONTENT_H
#define FLUX_SERVICE_KVS_CONTENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <flux/types.h>

struct router;
struct content;

struct content_config {
    const char *hash;     // "sha1" (also for NULL) or "sha256": the attribute content.hash
    const char *rundir;   // where a backing store may be made if memory runs short (rank 0)
    const char *statedir; // where it is kept for a later instance; NULL: nothing is kept (rank 0)
};

/* No file is made or opened here unless statedir has a store from an earlier instance. */
struct content *content_create (struct router *rt, const struct content_config *conf,
                                flux_error_t *errp);

/* Ends the worker thread. What was not flushed is lost; without statedir the store is deleted. */
void content_destroy (struct content *c);

#endif /* !FLUX_SERVICE_KVS_CONTENT_H */
