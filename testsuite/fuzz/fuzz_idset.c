/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <flux/idset.h>

#include "testsuite/fuzz/fuzz.h"

/* What stands behind a NUL is a second set. Each id is where the rules of sets say. */
static void check_pair (const struct idset *a, const char *text)
{
    unsigned int maxid;
    size_t count;

    if (idset_decode_info (text, -1, &count, &maxid, NULL) < 0 || (count > 0 && maxid >= 1 << 14))
        return;
    struct idset *b = idset_decode (text), *all = idset_union (a, b);
    struct idset *both = idset_intersect (a, b), *left = idset_difference (a, b);
    unsigned int last = idset_last (a), end = last == IDSET_INVALID_ID ? 0 : last + 1;

    last = idset_last (b);
    if (last != IDSET_INVALID_ID && last >= end)
        end = last + 1;
    for (unsigned int i = 0; i <= end; i++) {
        bool in_a = idset_test (a, i), in_b = idset_test (b, i);
        MUST (idset_test (all, i) == (in_a || in_b));
        MUST (idset_test (both, i) == (in_a && in_b));
        MUST (idset_test (left, i) == (in_a && !in_b));
    }
    MUST (idset_count (all) + idset_count (both) == idset_count (a) + idset_count (b));
    MUST (idset_count (left) + idset_count (both) == idset_count (a));
    MUST (idset_has_intersection (a, b) == !idset_empty (both));
    idset_destroy (b);
    idset_destroy (all);
    idset_destroy (both);
    idset_destroy (left);
}

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *s = fuzz_string (data, size);
    size_t count = 0;
    unsigned int maxid;
    int rc = idset_decode_info (s, -1, &count, &maxid, NULL);
    // large ones are right or wrong in the same way, but take their time
    bool small = rc < 0 || count == 0 || maxid < 1 << 14;
    struct idset *set = small ? idset_decode (s) : NULL;

    MUST (!small || !set == (rc < 0));
    if (set && strlen (s) < size)
        check_pair (set, s + strlen (s) + 1);
    if (set) {
        MUST (idset_count (set) == count && idset_last (set) == maxid);
        size_t n = 0;
        for (unsigned int id = idset_last (set); id != IDSET_INVALID_ID; id = idset_prev (set, id))
            n++;
        MUST (n == count);
        for (int flags = 0; flags < 8; flags += 2) { // BRACKETS, RANGE, both
            char *text = idset_encode (set, flags);
            struct idset *again = idset_decode (text);
            MUST (idset_equal (set, again));
            MUST (idset_subtract (again, set) == 0 && idset_empty (again));
            idset_destroy (again);
            free (text);
        }
    }
    idset_destroy (set);
    free (s);
    return 0;
}
