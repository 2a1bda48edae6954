/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* The parts of R version 1 (RFC 20), decoded one by one: for rv1_from_json(), and for who wants
 * them in the order of R_lite, with whatever children there are. All errors are EINVAL, or ENOMEM,
 * and a sentence that begins with "R: ". */

#ifndef FLUX_JOB_RV1_DECODE_H
#define FLUX_JOB_RV1_DECODE_H

#include <jansson.h>
#include <flux/hostlist.h>
#include <flux/idset.h>
#include <flux/types.h>

/* R_lite of a version 1; borrowed. */
json_t *rv1_decode_lite (const json_t *R, flux_error_t *errp);

/* An idset of ids below max. A missing or empty one is NULL in *setp. */
int rv1_decode_ids (const json_t *o, const char *what, unsigned int max, struct idset **setp,
                    flux_error_t *errp);

/* The ranks of an entry of R_lite, at least one. A rank may also be an integer. */
int rv1_decode_ranks (const json_t *entry, struct idset **setp, flux_error_t *errp);

/* All host names in the order of ranks: none, or as many as ranks. */
struct hostlist *rv1_decode_nodelist (const json_t *list, size_t nranks, flux_error_t *errp);

#endif /* !FLUX_JOB_RV1_DECODE_H */
