/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/eventlog.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    flux_error_t error;
    json_t *log = eventlog_decode ((const char *)data, size, &error), *entry;
    struct buf b = {0};
    size_t i;

    if (log) {
        json_array_foreach (log, i, entry)
            MUST (eventlog_append_entry (&b, entry) == 0 || b.len == 0);
        json_t *again = eventlog_decode (b.data, b.len, &error);
        MUST (json_array_size (again) <= json_array_size (log));
        json_decref (again);
    }
    json_decref (log);
    buf_clear (&b);
    return 0;
}
