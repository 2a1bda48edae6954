/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include <flux/job.h>

#include "lib/util/fsd.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    static const char *const type[] = {"dec", "hex", "dothex", "kvs", "words", "f58", "emoji"};
    char *s = fuzz_string (data, size), buf[64];
    flux_jobid_t id, again;
    double seconds;

    if (flux_job_id_parse (s, &id) == 0) {
        for (size_t i = 0; i < sizeof (type) / sizeof (type[0]); i++) {
            MUST (flux_job_id_encode (id, type[i], buf, sizeof (buf)) == 0);
            MUST (flux_job_id_parse (buf, &again) == 0 && again == id);
        }
    }
    if (fsd_parse_duration (s, &seconds) == 0)
        MUST (seconds >= 0 && fsd_format_duration (buf, sizeof (buf), seconds) > 0);
    free (s);
    return 0;
}
