/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Constraints on jobs (RFC 31 with the operators of RFC 43), checked once and then matched. */

#ifndef FLUX_SERVICE_JOB_LIST_CONSTRAINT_H
#define FLUX_SERVICE_JOB_LIST_CONSTRAINT_H

#include <jansson.h>
#include <stdbool.h>
#include <flux/types.h>

struct job;
struct job_constraint;

/* NULL constraint: matches all. EPROTO with a sentence. */
struct job_constraint *job_constraint_create (const json_t *o, flux_error_t *errp);
void job_constraint_destroy (struct job_constraint *c);

bool job_constraint_match (const struct job_constraint *c, const struct job *job);

/* States outside this mask cannot match, so they need not be walked. */
int job_constraint_states (const struct job_constraint *c);

#endif /* !FLUX_SERVICE_JOB_LIST_CONSTRAINT_H */
