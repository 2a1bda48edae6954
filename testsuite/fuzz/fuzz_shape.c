/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/shape.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *s = fuzz_string (data, size);
    flux_error_t error;
    json_t *o = shape_parse (s, &error);

    if (o) {
        char *text = json_dumps (o, JSON_COMPACT);
        MUST (text && json_array_size (o) > 0);
        shape_slot_label (o);
        free (text);
    }
    json_decref (o);
    free (s);
    return 0;
}
