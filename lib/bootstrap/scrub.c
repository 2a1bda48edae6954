/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What of Slurm's and a PMI's environment must not reach the programs inside an instance: an MPI
 * library that finds it would take its process for a task of the step that the broker is. */

#ifdef HAVE_CONFIG_H
#include "config.h"
#endif
#include <stdlib.h>
#include <string.h>

#include "lib/bootstrap/bootstrap.h"

extern char **environ;

static const char *const gone_prefix[] = {"SLURM_", "SLURMD_",         "_SLURM_", "PMI_", "PMI2_",
                                          "PMIX_",  "FLUX_BOOTSTRAP_", "SPANK_",  NULL};

/* These say nothing of a step or of tasks, and scripts want them. */
static const char *const kept[] = {
    "SLURM_CONF",
    "SLURM_CLUSTER_NAME",
    "SLURM_JOB_ID",
    "SLURM_JOB_NAME",
    "SLURM_JOB_USER",
    "SLURM_JOB_UID",
    "SLURM_JOB_GID",
    "SLURM_JOB_ACCOUNT",
    "SLURM_JOB_PARTITION",
    "SLURM_JOB_QOS",
    "SLURM_JOB_RESERVATION",
    "SLURM_JOB_START_TIME",
    "SLURM_JOB_END_TIME",
    "SLURM_RESTART_COUNT",
    "SLURM_SUBMIT_DIR",
    "SLURM_SUBMIT_HOST",
    "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID",
    "SLURM_ARRAY_TASK_COUNT",
    "SLURM_ARRAY_TASK_MAX",
    "SLURM_ARRAY_TASK_MIN",
    "SLURM_ARRAY_TASK_STEP",
    NULL,
};

bool bootstrap_scrubs (const char *name)
{
    for (int i = 0; kept[i]; i++) {
        if (strcmp (name, kept[i]) == 0)
            return false;
    }
    for (int i = 0; gone_prefix[i]; i++) {
        if (strncmp (name, gone_prefix[i], strlen (gone_prefix[i])) == 0)
            return true;
    }
    return false;
}

void bootstrap_scrub_environ (void)
{
    /* unsetenv() shortens the array under the index, so the index moves only over what stays. */
    for (int i = 0; environ && environ[i];) {
        size_t len = strcspn (environ[i], "=");
        char *name = strndup (environ[i], len);

        if (!name || !bootstrap_scrubs (name) || unsetenv (name) < 0)
            i++;
        free (name);
    }
}
