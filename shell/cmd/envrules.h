/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which environment variables and resource limits go with a job (--env, --env-remove, --env-file,
 * --rlimit). */

#ifndef FLUX_CMD_ENVRULES_H
#define FLUX_CMD_ENVRULES_H

#include <jansson.h>
#include <flux/types.h>

struct envrules;

/* Begins with this process's environment. */
struct envrules *envrules_create (void);
void envrules_destroy (struct envrules *e);

/* VAR=VALUE sets ($VAR and ${VAR} are what the environment built so far has, else this process's;
 * with a {{template}} in VALUE the job shell sets it), PATTERN brings variables back, -PATTERN
 * removes, ^FILE reads rules from a file. A pattern is a glob, after a slash a regular expression.
 * -1 with a sentence. */
int envrules_apply (struct envrules *e, const char *rule, flux_error_t *errp);

/* "NAME=value" strings, NULL-ended; they belong to e. */
char *const *envrules_environ (const struct envrules *e);

/* Variables with templates, an object; belongs to e, may be empty. */
json_t *envrules_templates (const struct envrules *e);

/* The object {"core": -1, ...} of soft limits after the rules (comma-separated: NAME, NAME=VALUE,
 * -NAME), -1 being no limit. NULL with a sentence. */
json_t *rlimit_rules (const char *const *rules, int nrules, flux_error_t *errp);

#endif /* !FLUX_CMD_ENVRULES_H */
