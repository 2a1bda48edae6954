/* SPDX-License-Identifier: GPL-2.0-or-later
 * Copyright (c) 2026 the slurm-flux authors */

/* What `flux module stats job-exec` shows: how jobs are brought to their end, and of those that run
 * what their shells do, under the names that flux-core has for it. */

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/job/fluid.h"
#include "shell/service/job_exec/private.h"
#include "shell/service/job_exec/stats.h"

static json_t *ids_json (const struct idset *ids)
{
    char *text = ids ? idset_encode (ids, IDSET_FLAG_RANGE) : NULL;
    json_t *o = json_string (text ? text : "");

    free (text);
    return o;
}

static json_t *critical_json (const struct running_job *job)
{
    char text[32];

    if (job->critical)
        return ids_json (job->critical);
    snprintf (text, sizeof (text), job->nshells > 1 ? "0-%" PRIu32 : "0", job->nshells - 1);
    return json_string (text);
}

static json_t *active_json (const struct running_job *job)
{
    struct idset *ids = idset_create (0, IDSET_FLAG_AUTOGROW);

    for (uint32_t i = 0; ids && i < job->nshells; i++) {
        if (job->shells[i].started && !job->shells[i].ended)
            idset_set (ids, job->shells[i].rank);
    }
    json_t *o = ids_json (ids);
    idset_destroy (ids);
    return o;
}

static json_t *job_json (const struct running_job *job)
{
    int started = job->nstarted > 0 || job->simulated;

    return json_pack (
        "{s:s s:o s:i s:i s:i s:i s:i s:i s:i s:o}", "implementation",
        job->simulated ? "testexec" : "bulk-exec", "critical_ranks", critical_json (job),
        "multiuser", 0, "exception_in_progress", (int)job->cancelled, "started", started, "running",
        job->simulated || job->nstarted == job->nshells, "finalizing", job->nended == job->nshells,
        "total_shells", (int)job->nshells, "active_shells", (int)(job->nstarted - job->nended),
        "active_ranks", active_json (job));
}

static json_t *jobs_json (const struct job_exec *e)
{
    json_t *o = json_object ();
    char id[FLUID_STRING_SIZE];

    for (const struct running_job *job = e->jobs; job; job = job->hh.next) {
        fluid_encode (job->id, FLUID_F58, id, sizeof (id));
        json_object_set_new (o, id, job_json (job));
    }
    return o;
}

void exec_stats_cb (struct router *rt, const flux_msg_t *msg, void *arg)
{
    struct job_exec *e = arg;
    const struct killplan *kp = &e->killplan;
    char term[32], kill[32];

    snprintf (term, sizeof (term), "SIG%s", sigabbrev_np (kp->term_signal));
    snprintf (kill, sizeof (kill), "SIG%s", sigabbrev_np (kp->kill_signal));
    router_respond_pack (rt, msg, "{s:i s:f s:s s:s s:i s:f s:f s:o}", "running",
                         (int)HASH_COUNT (e->jobs), "kill-timeout", kp->timeout, "term-signal",
                         term, "kill-signal", kill, "max-kill-count", kp->max_count,
                         "max-kill-timeout", kp->max_timeout, "effective-max-kill-timeout",
                         killplan_length (kp), "jobs", jobs_json (e));
}
