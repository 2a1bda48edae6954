/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Which event leads a job from which state to which (RFC 21). */

#include <string.h>

#include "shell/service/job_manager/private.h"

static const struct {
    const char *event;
    int from; // mask
    int to;
} transitions[] = {
    {"validate", JOB_NEW, JOB_DEPEND},
    {"depend", JOB_DEPEND, JOB_PRIORITY},
    {"priority", JOB_PRIORITY, JOB_SCHED},
    {"flux-restart", JOB_SCHED, JOB_PRIORITY},
    {"alloc", JOB_SCHED, JOB_RUN},
    {"finish", JOB_RUN, JOB_CLEANUP},
    {"exception", JOB_DEPEND | JOB_PRIORITY | JOB_SCHED | JOB_RUN, JOB_CLEANUP}, // severity 0
    {"clean", JOB_CLEANUP, JOB_INACTIVE},
};

int event_next_state (int state, const char *name, int severity)
{
    for (size_t i = 0; i < sizeof (transitions) / sizeof (transitions[0]); i++) {
        if ((transitions[i].from & state) && strcmp (transitions[i].event, name) == 0) {
            if (strcmp (name, "exception") == 0 && severity != 0)
                return state;
            return transitions[i].to;
        }
    }
    return state;
}
