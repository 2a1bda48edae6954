/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Matchtags of a handle (RFC 6): numbers from 1 up, used again as late as possible, and what waits
 * for each. */

#ifndef FLUX_CLIENT_TAGS_H
#define FLUX_CLIENT_TAGS_H

#include <stdbool.h>
#include <stdint.h>

struct tags;

enum tag_state {
    TAG_FREE,
    TAG_USED,   // `owner` waits for it, or somebody who asked for the bare number
    TAG_ORPHAN, // nobody does, but a response may still come
};

struct tags *tags_create (void);
void tags_destroy (struct tags *t);

/* 0 with errno when out of memory or of numbers. */
uint32_t tags_alloc (struct tags *t, void *owner);
void tags_free (struct tags *t, uint32_t tag);
void tags_orphan (struct tags *t, uint32_t tag);

enum tag_state tags_state (const struct tags *t, uint32_t tag, void **ownerp);
uint32_t tags_used (const struct tags *t);

/* The lowest tag above `tag` that is not free, or 0. */
uint32_t tags_next (const struct tags *t, uint32_t tag);

#endif /* !FLUX_CLIENT_TAGS_H */
