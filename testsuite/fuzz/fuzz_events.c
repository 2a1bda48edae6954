/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* A job from its eventlog, as after a restart. What lies behind the first NUL is its R. */

#include "shell/service/job_manager/private.h"
#include "shell/service/job_manager/replay.h"
#include "testsuite/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
    char *log = fuzz_string (data, size);
    size_t len = strlen (log);
    struct job *job = job_create (1);
    flux_error_t error;

    MUST (job);
    if (job_replay (job, log, len, len < size ? log + len + 1 : NULL, NULL, &error) == 0) {
        MUST (job->t_submit > 0);
        MUST (job->state == JOB_NEW || (job->states_seen & job->state));
        MUST (!(job->states_seen & JOB_RUN) || job->ranks);
        MUST (job->urgency <= URGENCY_EXPEDITE);
        MUST (job->priority >= -1 && job->priority <= PRIORITY_MAX);
        job_result_of (job);
    }
    job_free (job);
    free (log);
    return 0;
}
