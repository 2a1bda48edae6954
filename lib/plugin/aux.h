/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Items that others hang on an object, by name. */

#ifndef FLUX_PLUGIN_AUX_H
#define FLUX_PLUGIN_AUX_H

#include <flux/types.h>

struct aux;

/* An item of the same name is freed and replaced; val NULL only removes it. -1 with errno. */
int aux_set (struct aux **list, const char *key, void *val, flux_free_f free_fn);
void *aux_get (struct aux *list, const char *key);

/* Free all, the last one set first. */
void aux_destroy (struct aux **list);

#endif /* !FLUX_PLUGIN_AUX_H */
