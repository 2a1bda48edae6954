/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A slow and obvious matcher: says whether a request can be met by trying all there is, on what
 * the book of jobs says is free, and judges a result by the words of the request and the policy. */

#ifndef FLUX_TESTSUITE_REFERENCE_H
#define FLUX_TESTSUITE_REFERENCE_H

#include "lib/graph/match.h"
#include "lib/graph/recipe.h"

struct reference {
    struct matcher *m;
    const struct request *req;
    match_op_t op;
    int64_t now;
    const bool *allowed; // by vertex: nodes that the constraint lets in; NULL: all
    bool through;        // MATCHER_THROUGH
    bool flexible;       // MATCHER_FLEXIBLE
    bool every_second;   // look at each, not only at those where a job begins or ends
};

/* Call after the match. NULL: right; else what is wrong. The matched job itself (result's jobid)
 * is left out of what is taken. */
const char *reference_judge (const struct reference *ref, int rc, int errnum,
                             const struct result *res);

#endif /* !FLUX_TESTSUITE_REFERENCE_H */
