/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Named things hung on an object, destroyed with it. A NULL list is an empty one. */

#ifndef FLUX_UTIL_AUX_H
#define FLUX_UTIL_AUX_H

#include <flux/types.h>

struct aux_item;

/* Set or replace an item. NULL val removes it. NULL name adds one that cannot be got, and needs a
 * val and a destroy. EINVAL for a misuse. */
int aux_set (struct aux_item **list, const char *name, void *val, flux_free_f destroy);

/* NULL with ENOENT, or EINVAL. */
void *aux_get (const struct aux_item *list, const char *name);

/* Destroy all, the youngest first. Keeps errno. */
void aux_destroy (struct aux_item **list);

#endif /* !FLUX_UTIL_AUX_H */
