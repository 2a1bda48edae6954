/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Names of job states and results (RFC 21), and what a wait status means. */

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <flux/job.h>

#include "lib/util/errprintf.h"

struct name {
    int value;
    const char *L, *l, *S, *s;
};

static const struct name states[] = {
    {FLUX_JOB_STATE_NEW, "NEW", "new", "N", "n"},
    {FLUX_JOB_STATE_DEPEND, "DEPEND", "depend", "D", "d"},
    {FLUX_JOB_STATE_PRIORITY, "PRIORITY", "priority", "P", "p"},
    {FLUX_JOB_STATE_SCHED, "SCHED", "sched", "S", "s"},
    {FLUX_JOB_STATE_RUN, "RUN", "run", "R", "r"},
    {FLUX_JOB_STATE_CLEANUP, "CLEANUP", "cleanup", "C", "c"},
    {FLUX_JOB_STATE_INACTIVE, "INACTIVE", "inactive", "I", "i"},
    {FLUX_JOB_STATE_PENDING, "PENDING", "pending", "PD", "pd"},
    {FLUX_JOB_STATE_RUNNING, "RUNNING", "running", "RU", "ru"},
    {FLUX_JOB_STATE_ACTIVE, "ACTIVE", "active", "A", "a"},
    {0},
};

static const struct name results[] = {
    {FLUX_JOB_RESULT_COMPLETED, "COMPLETED", "completed", "CD", "cd"},
    {FLUX_JOB_RESULT_FAILED, "FAILED", "failed", "F", "f"},
    {FLUX_JOB_RESULT_CANCELED, "CANCELED", "canceled", "CA", "ca"},
    {FLUX_JOB_RESULT_TIMEOUT, "TIMEOUT", "timeout", "TO", "to"},
    {0},
};

static const char *to_name (const struct name *table, int value, const char *fmt)
{
    static const struct name unknown = {0, "(unknown)", "(unknown)", "?", "?"};

    while (table->L && table->value != value)
        table++;
    if (!table->L)
        table = &unknown;
    switch (fmt ? *fmt : 'L') {
    case 'l':
        return table->l;
    case 'S':
        return table->S;
    case 's':
        return table->s;
    default:
        return table->L;
    }
}

static int from_name (const struct name *table, const char *s)
{
    for (; s && table->L; table++) {
        if (strcmp (s, table->L) == 0 || strcmp (s, table->l) == 0 || strcmp (s, table->S) == 0 ||
            strcmp (s, table->s) == 0)
            return table->value;
    }
    errno = EINVAL;
    return -1;
}

const char *flux_job_statetostr (flux_job_state_t state, const char *fmt)
{
    return to_name (states, state, fmt);
}

int flux_job_strtostate (const char *s, flux_job_state_t *state)
{
    int value = from_name (states, s);

    if (value < 0)
        return -1;
    if (state)
        *state = value;
    return 0;
}

const char *flux_job_resulttostr (flux_job_result_t result, const char *fmt)
{
    return to_name (results, result, fmt);
}

int flux_job_strtoresult (const char *s, flux_job_result_t *result)
{
    int value = from_name (results, s);

    if (value < 0)
        return -1;
    if (result)
        *result = value;
    return 0;
}

int flux_job_waitstatus_to_exitcode (int waitstatus, flux_error_t *errp)
{
    if (WIFSIGNALED (waitstatus)) {
        int signum = WTERMSIG (waitstatus);
        errprintf (errp, "job shell %s", strsignal (signum));
        return 128 + signum;
    }
    if (!WIFEXITED (waitstatus)) {
        errno = EINVAL;
        return errprintf (errp, "unexpected wait status %d", waitstatus);
    }
    int code = WEXITSTATUS (waitstatus);
    if (code > 128) // so the job shell reports a task that was killed
        errprintf (errp, "task(s) %s", strsignal (code - 128));
    else if (code > 0)
        errprintf (errp, "task(s) exited with exit code %d", code);
    else if (errp)
        errp->text[0] = '\0';
    return code;
}
