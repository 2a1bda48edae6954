/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Match policies by their text, each made once: jobs may ask for one of their own. */

#ifndef FLUX_SERVICE_SCHED_POLICIES_H
#define FLUX_SERVICE_SCHED_POLICIES_H

#include <flux/types.h>

#include "lib/graph/policy.h"

struct policies;

struct policies *policies_create (void);
void policies_destroy (struct policies *p);

/* "name[,option...]" or a text of lib/graph/policy.h. NULL with EINVAL and a sentence. It stays
 * valid until destroy; more than 1,000 different ones are refused (ENOSPC). */
const struct policy *policies_get (struct policies *p, const char *text, flux_error_t *errp);

/* The same text in the matcher's form: options are separated by blanks. The caller frees it. */
char *policies_text (const char *text);

#endif /* !FLUX_SERVICE_SCHED_POLICIES_H */
