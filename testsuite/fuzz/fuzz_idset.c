/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <flux/idset.h>

#include "testsuite/fuzz/fuzz.h"

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
