/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "lib/job/jobspec.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    const char *env;
    size_t env_len;
    flux_error_t error;
    struct jobspec *js = jobspec_decode ((const char *)data, size, &error);
    struct jobspec *lean = jobspec_decode_lean ((const char *)data, size, &env, &env_len, &error);

    MUST (!js == !lean);
    if (js) {
        struct buf b = {0};
        jobspec_encode_buf (&b, js);
        struct jobspec *again = jobspec_decode (b.data, b.len, &error);
        MUST (again && json_equal (js->json, again->json));
        MUST (memcmp (&js->counts, &lean->counts, sizeof (js->counts)) == 0);
        MUST (jobspec_job_name (js));
        jobspec_task_total (js, 1, 1);
        jobspec_is_v1_graph (js);
        if (env) {
            json_t *o = json_loadb (env, env_len, 0, NULL);
            MUST (o && json_equal (o, js->environment));
            json_decref (o);
        }
        jobspec_destroy (again);
        buf_clear (&b);
    }
    jobspec_destroy (js);
    jobspec_destroy (lean);
    return 0;
}
