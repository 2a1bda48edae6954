/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Results of collective operations that are over, for those who ask (again) later: the last
 * one of each group, and those of job shells. Bounded in time and size (lib/tasks/limits.h). */

#ifndef FLUX_SERVICE_GROUP_RESULTS_H
#define FLUX_SERVICE_GROUP_RESULTS_H

#include <stdbool.h>

#include "lib/tasks/limits.h"
#include "lib/util/buf.h"

#define OP_KEY_SIZE (GROUP_NAME_MAX + 32) // of an operation, with its NUL

struct results;

struct results *results_create (void);
void results_destroy (struct results *r);

/* Takes over data; the first one under a key stays. */
void results_keep (struct results *r, const char *key, struct buf *data);

/* NULL when there is none. */
const struct buf *results_lookup (const struct results *r, const char *key);

void results_forget (struct results *r, const char *key);

/* Forget what is old. True when nothing is left. */
bool results_expire (struct results *r);

#endif /* !FLUX_SERVICE_GROUP_RESULTS_H */
