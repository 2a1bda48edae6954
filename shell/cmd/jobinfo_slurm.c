/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <flux/job.h>

#include "shell/cmd/jobinfo_slurm.h"

static const struct fmt_heading headings[] = {
    {"slurm.id", "JOBID"},
    {"slurm.array_id", "ARRAY_JOB_ID"},
    {"slurm.array_index", "ARRAY_TASK_ID"},
    {"slurm.state", "STATE"},
    {"slurm.state_abbrev", "ST"},
    {0},
};

static const struct {
    int state, result; // 0: any
    const char *name, *abbrev;
} states[] = {
    {FLUX_JOB_STATE_RUN, 0, "RUNNING", "R"},
    {FLUX_JOB_STATE_CLEANUP, 0, "COMPLETING", "CG"},
    {FLUX_JOB_STATE_INACTIVE, FLUX_JOB_RESULT_COMPLETED, "COMPLETED", "CD"},
    {FLUX_JOB_STATE_INACTIVE, FLUX_JOB_RESULT_FAILED, "FAILED", "F"},
    {FLUX_JOB_STATE_INACTIVE, FLUX_JOB_RESULT_CANCELED, "CANCELLED", "CA"},
    {FLUX_JOB_STATE_INACTIVE, FLUX_JOB_RESULT_TIMEOUT, "TIMEOUT", "TO"},
    {0, 0, "PENDING", "PD"},
};

static void get_state (const json_t *job, bool abbrev, struct fmt_value *v)
{
    int state = json_integer_value (json_object_get (job, "state"));
    int result = json_integer_value (json_object_get (job, "result"));
    size_t i = 0;

    while (states[i].state &&
           (states[i].state != state || (states[i].result && states[i].result != result)))
        i++;
    fmt_set_str (v, abbrev ? states[i].abbrev : states[i].name);
}

/* "ID_INDEX", which sbatch --array has noted; else NULL. */
static const char *array_note (const json_t *job)
{
    const char *note = NULL;

    (void)json_unpack ((json_t *)job, "{s:{s:{s:s}}}", "annotations", "user", "array", &note);
    return note && strchr (note, '_') ? note : NULL;
}

void jobinfo_get_slurm (const json_t *job, const char *field, struct fmt_value *v)
{
    const char *note = array_note (job);
    json_int_t id = json_integer_value (json_object_get (job, "id"));
    char *s;

    if (strcmp (field, "slurm.state") == 0 || strcmp (field, "slurm.state_abbrev") == 0)
        get_state (job, field[11] != '\0', v);
    else if (strcmp (field, "slurm.array_index") == 0)
        fmt_set_str (v, note ? strchr (note, '_') + 1 : "N/A");
    else if (note && strcmp (field, "slurm.id") == 0)
        fmt_set_str (v, note);
    else if (note && strcmp (field, "slurm.array_id") == 0 &&
             (s = strndup (note, strcspn (note, "_"))))
        fmt_set_owned (v, s);
    else if (asprintf (&s, "%" PRIi64, (int64_t)id) >= 0)
        fmt_set_owned (v, s);
}

const char *jobinfo_slurm_heading (const char *field)
{
    return fmt_heading (headings, field);
}
