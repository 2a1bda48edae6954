/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* How many of a resource: an integer, an idset (RFC 22) or a range (RFC 45), in jobspec (RFC 14)
 * and in shape strings (RFC 46). */

#ifndef FLUX_JOB_COUNT_H
#define FLUX_JOB_COUNT_H

#include <jansson.h>
#include <stdint.h>
#include <flux/idset.h>
#include <flux/types.h>

#define COUNT_INFINITE UINT32_MAX

/* min, min op operand, and so on up to max; with `values` (owned) exactly those. */
struct count {
    uint32_t min;
    uint32_t max;
    char op; // '+', '*' or '^'
    uint32_t operand;
    struct idset *values;
};

/* Any of the forms as text: "4", "3-30", "2+", "[1-10:2:*]", "4,9,16". EINVAL. */
int count_parse (struct count *c, const char *s, size_t len, flux_error_t *errp);

/* Any of the forms as JSON: an integer, text, or {min, max, operator, operand}. */
int count_from_json (struct count *c, const json_t *o, flux_error_t *errp);

/* The plainest JSON for it: an integer, an object as RFC 14 has it, or an idset as text. */
json_t *count_to_json (const struct count *c);

void count_clear (struct count *c);

#endif /* !FLUX_JOB_COUNT_H */
