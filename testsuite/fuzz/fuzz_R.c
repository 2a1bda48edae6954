/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/rv1.h"
#include "testsuite/fuzz/fuzz.h"

static void check (const struct rv1 *rs)
{
    flux_error_t error;
    char *text = rv1_encode (rs);
    struct rv1 *again = rv1_decode (text, strlen (text), &error);

    MUST (again);
    char *text2 = rv1_encode (again);
    MUST (strcmp (text, text2) == 0);
    MUST (rv1_ncores (again) == rv1_ncores (rs) && again->nnodes == rs->nnodes);
    struct rv1 *none = rv1_diff (rs, again), *both = rv1_intersect (rs, again);
    MUST (rv1_ncores (none) == 0 && rv1_ngpus (none) == 0);
    MUST (rv1_ncores (both) == rv1_ncores (rs));
    MUST (rv1_remap (again) == 0);
    rv1_destroy (none);
    rv1_destroy (both);
    rv1_destroy (again);
    free (text);
    free (text2);
}

/* Taken apart and put together again it is the same. */
static void check_parts (const struct rv1 *rs)
{
    struct idset *ranks = idset_create (0, IDSET_FLAG_AUTOGROW);

    MUST (ranks);
    for (size_t i = 0; i < rs->nnodes; i += 2)
        MUST (idset_set (ranks, rs->node[i].rank) == 0);
    struct rv1 *some = rv1_copy_ranks (rs, ranks), *rest = rv1_diff (rs, some);
    struct rv1 *none = rv1_intersect (some, rest);
    MUST (rv1_ncores (some) + rv1_ncores (rest) == rv1_ncores (rs));
    MUST (rv1_ngpus (some) + rv1_ngpus (rest) == rv1_ngpus (rs));
    MUST (rv1_ncores (none) == 0 && rv1_ngpus (none) == 0);
    MUST (rv1_add (rest, some) == 0);
    MUST (rv1_ncores (rest) == rv1_ncores (rs) && rv1_ngpus (rest) == rv1_ngpus (rs));
    struct rv1 *left = rv1_diff (rs, rest);
    MUST (rv1_ncores (left) == 0 && rv1_ngpus (left) == 0);
    rv1_destroy (left);
    rv1_destroy (none);
    rv1_destroy (some);
    rv1_destroy (rest);
    idset_destroy (ranks);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    flux_error_t error;
    struct rv1 *rs = rv1_decode ((const char *)data, size, &error);

    if (rs && rs->nnodes < 10000) {
        check (rs);
        check_parts (rs);
    }
    rv1_destroy (rs);
    return 0;
}
