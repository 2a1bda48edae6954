/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* Prologs and epilogs that were under way when an earlier instance ended. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "shell/service/job_manager/perilog.h"
#include "shell/service/job_manager/private.h"

#define EPILOG "job-manager.epilog"

bool cutoff_waits (const struct job *job)
{
    size_t i;
    json_t *entry;

    json_array_foreach (job->live->cut_off, i, entry)
    {
        if (strcmp (json_string_value (json_array_get (entry, 1)), EPILOG) == 0)
            return true;
    }
    return false;
}

/* What the end of the instance cut off has ended, too: as if it had been killed. */
void cutoff_end (struct job_manager *jm, struct job *job)
{
    size_t i;
    json_t *entry, *list = job->live->cut_off;
    char name[32];

    job->live->cut_off = NULL;
    json_array_foreach (list, i, entry)
    {
        snprintf (name, sizeof (name), "%s-finish", json_string_value (json_array_get (entry, 0)));
        event_post_pack (jm, job, name, "{s:O s:i}", "description", json_array_get (entry, 1),
                         "status", SIGKILL);
    }
    json_decref (list);
}

/* The nodes are there again: an epilog that was cut off is run once more. */
static int clean_up (struct job *job, void *arg)
{
    struct job_manager *jm = arg;

    if (!job->live || !job->live->cut_off)
        return 0;
    cutoff_end (jm, job);
    perilogs_epilog (jm->perilogs, job);
    job_cleanup (jm, job);
    return 0;
}

void cutoff_resume (struct job_manager *jm)
{
    walk_collected (jm, JOB_CLEANUP, clean_up, jm);
}
