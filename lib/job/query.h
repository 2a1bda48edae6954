/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Query strings (RFC 35) to constraint objects (RFC 31): "host:n[0-3] and (a|-b)". */

#ifndef FLUX_JOB_QUERY_H
#define FLUX_JOB_QUERY_H

#include <jansson.h>
#include <flux/types.h>

/* The operators of one use of the syntax. Lists end with NULL; each may be NULL. */
struct query_syntax {
    const char *default_op;            // for a term without one; NULL: a term needs one
    const struct query_alias *aliases; // ends with a NULL name
    const char *const *split;          // operators whose operand is a list: "a,b"
    const char *const *combine;        // operators of which "x:a x:b" is {"x":["a","b"]}
    const char *const *allowed;        // NULL: any operator
};

struct query_alias {
    const char *name, *op;
};

/* Of --requires: properties by default; host, hosts and rank for hostlist and ranks. */
extern const struct query_syntax query_requires;

/* NULL with EINVAL and a sentence that says where, or ENOMEM. */
json_t *query_parse (const char *s, const struct query_syntax *syntax, flux_error_t *errp);

#endif /* !FLUX_JOB_QUERY_H */
