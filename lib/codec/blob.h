/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Counted memory that several messages and queues share. It is not changed once shared. The count
 * is atomic, since ZeroMQ lets go of what it has sent in a thread of its own. */

#ifndef FLUX_CODEC_BLOB_H
#define FLUX_CODEC_BLOB_H

#include <stddef.h>
#include <flux/types.h>

struct blob;

/* NULL with ENOMEM. One allocation; the bytes are not set. */
struct blob *blob_create (size_t len);

/* Take over foreign memory; destroy (arg) is called with the last reference. On failure nothing was
 * taken over. */
struct blob *blob_wrap (void *data, size_t len, flux_free_f destroy, void *arg);

char *blob_data (const struct blob *b);
size_t blob_len (const struct blob *b);
struct blob *blob_incref (struct blob *b);
void blob_decref (struct blob *b);

#endif /* !FLUX_CODEC_BLOB_H */
